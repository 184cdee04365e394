package health

import (
	"net"
	"slices"
	"sync"
)

// ListenHTTP opens the address for a server.
func ListenHTTP(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return &few{Listener: l}, nil
}

// few is a listener that keeps a few connections at a time, so that many slow ones cost no memory. The newest has the
// place of the oldest: an answer takes no time, and who has waited longest has something else in mind. So nobody who
// holds all of them keeps a probe from its answer.
type few struct {
	net.Listener
	mu   sync.Mutex
	open []*one // oldest first
}

// Accept returns the next connection.
func (f *few) Accept() (net.Conn, error) {
	c, err := f.Listener.Accept()
	if err != nil {
		return nil, err
	}
	newest := &one{Conn: c, of: f}
	if oldest := f.admit(newest); oldest != nil {
		oldest.Conn.Close() // its server hears of it, and closes it once more
	}
	return newest, nil
}

// admit makes room for a connection, and returns the one that has to go, or nil.
func (f *few) admit(c *one) (oldest *one) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.open) == connections {
		oldest = f.open[0]
		f.open = slices.Delete(f.open, 0, 1)
	}
	f.open = append(f.open, c)
	return oldest
}

func (f *few) leave(c *one) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := slices.Index(f.open, c); i >= 0 {
		f.open = slices.Delete(f.open, i, i+1)
	}
}

// one is a connection that makes room when it is closed.
type one struct {
	net.Conn
	of *few
}

func (o *one) Close() error {
	o.of.leave(o)
	return o.Conn.Close()
}
