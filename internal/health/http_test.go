package health

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
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

// As many connections as there is room for; the next is closed at once, until one of them ends.
func TestRoomForAFew(t *testing.T) {
	l, err := ListenHTTP("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, over := NewServer(new(State), func(io.Writer) {}), make(chan error)
	go func() { over <- server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-over })
	var open []net.Conn
	for range connections {
		open = append(open, dialHTTP(t, l))
	}
	if n, err := dialHTTP(t, l).Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("one too many reads %d bytes, %v", n, err)
	}
	io.WriteString(open[0], "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(open[0]), nil)
	if err != nil || answer.StatusCode != 200 || !answer.Close {
		t.Fatalf("one of the few: %v, %v", answer, err)
	}
	io.Copy(io.Discard, open[0]) // until it is closed from there
	c := dialHTTP(t, l)
	io.WriteString(c, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
	if text, _ := io.ReadAll(c); !strings.HasSuffix(string(text), "alive booting\n") {
		t.Errorf("the next after one has ended: %q", text)
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
