package dockerd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
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
			return fmt.Errorf("no answer from it after %s: %w", time.Since(p.began).Round(time.Millisecond), refusal)
		}
	}
}

// pingTime is how long a daemon may take to answer a question.
const pingTime = 2 * time.Second

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
		return errors.New("it answers " + resp.Status)
	}
	return nil
}
