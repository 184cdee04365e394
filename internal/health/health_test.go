package health

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"
	"unsafe"
)

// Both sides make the name by themselves, one of them without the runtime.
func TestBothSidesMeet(t *testing.T) {
	var a address
	length := a.fill()
	if got, want := string(a.path[:length-unsafe.Offsetof(a.path)]), "\x00"+socketName(); got != want {
		t.Errorf("Ask goes to %q, Listen is at %q", got, want)
	}
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
		if got := ready([]byte(said)); got != want {
			t.Errorf("%q is ready: %v, want %v", said, got, want)
		}
	}
}
