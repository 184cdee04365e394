package dockerd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"
)

// How often a daemon that is starting is asked whether it answers: it takes from a second to minutes.
const (
	askSoon = 20 * time.Millisecond
	askLate = 500 * time.Millisecond
)

// await waits until the daemon answers at its socket, or has ended, or ctx has.
func (p *process) await(ctx context.Context, socket string) error {
	for pause := askSoon; ; pause = min(2*pause, askLate) {
		refusal := Ping(ctx, "unix", socket)
		if refusal == nil {
			return nil
		}
		again := time.NewTimer(pause)
		select {
		case <-again.C:
		case <-p.ended:
			again.Stop()
			return p.err
		case <-ctx.Done():
			again.Stop()
			return fmt.Errorf("no answer from it at %s after %s: %w", socket, time.Since(p.began).Round(time.Millisecond), refusal)
		}
	}
}

// pingTime is how long a daemon may take to answer a question.
const pingTime = 2 * time.Second

// ErrUnwell is an answer of a daemon that is not the one it gives when it is well.
var ErrUnwell = errors.New("it answers")

// Ping asks a daemon whether it is up.
func Ping(ctx context.Context, network, address string) error {
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/_ping", nil)
	if err != nil {
		return err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%w %s", ErrUnwell, resp.Status)
	}
	return nil
}

// listened reports whether somebody listens at a socket, also one that hangs. Where nobody does the kernel refuses at once.
func listened(socket string) bool {
	conn, err := net.Dial("unix", socket)
	if err == nil {
		conn.Close()
		return true
	}
	return errors.Is(err, syscall.EAGAIN) // as many as it takes wait already
}
