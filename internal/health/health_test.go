package health

import (
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

// The name tells the containers of one network apart.
func TestName(t *testing.T) {
	var name [nameSize]byte
	mount, mountErr := os.Readlink("/proc/self/ns/mnt")
	pid, pidErr := os.Readlink("/proc/self/ns/pid")
	if got, want := string(name[:Name(&name)]), "\x00runner-init/"+mount+pid; got != want || mountErr != nil || pidErr != nil {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A socket that somebody else has opened is answered at like one of our own.
func TestListen(t *testing.T) {
	l, err := net.Listen("unixpacket", fmt.Sprintf("@runner-init-test/%p", t))
	if err != nil {
		t.Fatal(err)
	}
	open, err := l.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	taken, err := Listen(open)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	var s State
	over := make(chan struct{})
	go func() { defer close(over); s.Answer(taken) }()
	expectAnswer(t, taken, "alive booting")
	taken.Close()
	<-over
}

func TestAnswer(t *testing.T) {
	var s State
	l := serve(t, &s)
	expectAnswer(t, l, "alive booting")
	s.Set("listening", true)
	expectAnswer(t, l, "ready listening")
	s.Set("draining", false)
	expectAnswer(t, l, "alive draining")
}

// Who comes and does nothing keeps nobody else from an answer, nor who talks instead of listening.
func TestAnswerWaitsForNobody(t *testing.T) {
	var s State
	l := serve(t, &s)
	for range 100 {
		dial(t, l)
	}
	chatter := dial(t, l)
	chatter.Write(make([]byte, 1000))
	expectAnswer(t, l, "alive booting")
}

// serve answers at a socket of the test's own.
func serve(t *testing.T, s *State) net.Listener {
	t.Helper()
	l, err := net.Listen("unixpacket", fmt.Sprintf("@runner-init-test/%p", s))
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() { defer close(over); s.Answer(l) }()
	t.Cleanup(func() { l.Close(); <-over })
	return l
}

func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("unixpacket", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	return c
}

// expectAnswer reads what is said, and that nothing follows.
func expectAnswer(t *testing.T, l net.Listener, want string) {
	t.Helper()
	c := dial(t, l)
	said := make([]byte, longestAnswer)
	n, err := c.Read(said)
	if got := string(said[:n]); got != want || err != nil {
		t.Errorf("it says %q (%v), want %q", got, err, want)
	}
	if n, err := c.Read(said); n != 0 || err != io.EOF {
		t.Errorf("then %d bytes and %v, want the end", n, err)
	}
}

func TestReady(t *testing.T) {
	for said, want := range map[string]bool{"ready listening": true, "alive draining": false, "read": false, "": false} {
		if got := begins([]byte(said), readyWord); got != want {
			t.Errorf("%q is ready: %v, want %v", said, got, want)
		}
	}
}

// Who answers is not alive if nobody looks after the runner any more, and each answer asks anew.
func TestProof(t *testing.T) {
	var s State
	l := serve(t, &s)
	server := httptest.NewServer(NewServer(&s, func(io.Writer) {}).Handler)
	t.Cleanup(server.Close)
	var alive atomic.Bool
	s.Set("listening", true)
	s.Prove(func(within time.Duration) bool {
		if within != proofTime {
			t.Errorf("the proof has %v", within)
		}
		return alive.Load()
	})
	for _, test := range []struct {
		alive  bool
		says   string
		status int
	}{
		{false, "stuck listening", 503}, {true, "ready listening", 200}, {false, "stuck listening", 503},
	} {
		alive.Store(test.alive)
		expectAnswer(t, l, test.says)
		for _, path := range []string{"/livez", "/readyz"} {
			r, err := server.Client().Get(server.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(r.Body)
			r.Body.Close()
			if r.StatusCode != test.status || string(text) != test.says+"\n" {
				t.Errorf("%s: %d %q, want %d %q", path, r.StatusCode, text, test.status, test.says)
			}
		}
	}
	if !s.Ready() || s.Phase() != "listening" {
		t.Error("metrics have waited for a proof")
	}
}
