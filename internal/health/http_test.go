package health

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

func TestEndpoints(t *testing.T) {
	var s State
	handler := NewServer(&s, func(w io.Writer) { io.WriteString(w, "up 1\n") }).Handler
	ask := func(method, path, want string, status int) {
		t.Helper()
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if got := w.Body.String(); w.Code != status || want != "" && got != want {
			t.Errorf("%s %s: %d %q, want %d %q", method, path, w.Code, got, status, want)
		}
	}
	ask("GET", "/livez", "alive booting\n", 200)
	ask("GET", "/readyz", "alive booting\n", 503)
	s.Set("running", true)
	ask("GET", "/livez", "ready running\n", 200)
	ask("GET", "/readyz", "ready running\n", 200)
	ask("HEAD", "/readyz", "", 200)
	s.Lack(true)
	ask("GET", "/livez", "alive running\n", 200)
	ask("GET", "/readyz", "alive running\n", 503)
	s.Lack(false)
	ask("GET", "/readyz", "ready running\n", 200)
	s.Set("draining", false)
	ask("GET", "/livez", "alive draining\n", 200)
	ask("GET", "/readyz", "alive draining\n", 503)
	ask("GET", "/metrics", "up 1\n", 200)
	ask("POST", "/livez", "", 405)
	ask("GET", "/debug/pprof/", "", 404)
	ask("GET", "/", "", 404)
}

// pipes is a listener whose connections are in memory, so that their time is virtual.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, open := <-p; open {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

// Who sends a request a byte at a time is cut off before it is whole.
func TestSlowRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, over := make(pipes), make(chan error)
		server := NewServer(new(State), func(io.Writer) {})
		go func() { over <- server.Serve(l) }()
		ours, theirs := net.Pipe()
		l <- theirs
		go io.Copy(io.Discard, ours)
		begin := time.Now()
		for i := 0; ; i++ {
			if _, err := ours.Write([]byte{"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"[i]}); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(begin); took > requestTime+time.Second {
			t.Errorf("cut off after %v, want %v", took, requestTime)
		}
		server.Close()
		<-over
	})
}

// Who holds as many connections as there is room for, and says nothing, keeps nobody else from an answer, and has no more.
func TestRoomForAFew(t *testing.T) {
	l, err := ListenHTTP("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, over := NewServer(new(State), func(io.Writer) {}), make(chan error)
	go func() { over <- server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-over })
	var silent []net.Conn
	for range connections {
		silent = append(silent, dialHTTP(t, l))
	}
	for range 3 {
		c := dialHTTP(t, l)
		io.WriteString(c, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || answer.StatusCode != 200 || !answer.Close {
			t.Fatalf("behind %d that say nothing: %v, %v", connections, answer, err)
		}
		io.Copy(io.Discard, c) // until it is closed from there
	}
	if n, err := silent[0].Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the oldest of them reads %d bytes, %v", n, err)
	}
	f := l.(*few)
	f.mu.Lock()
	defer f.mu.Unlock()
	if kept := len(f.open); kept > connections {
		t.Errorf("%d connections are kept, want %d at most", kept, connections)
	}
}

func dialHTTP(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	return c
}
