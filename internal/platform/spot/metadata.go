package spot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Address is where the metadata service is, on every instance.
const Address = "http://169.254.169.254"

// Lengths of the talk with the metadata service.
const (
	askTime  = time.Second // an answer takes a millisecond, and comes never where the hop limit is too low
	tokenTTL = "21600"     // seconds: six hours, the longest there is
	longest  = 4 << 10     // bytes of an answer that are read
)

// Metadata is the metadata service of an EC2 instance, in version 2. It is for one goroutine.
type Metadata struct {
	// Address is where it is; empty is Address.
	Address string
	// Transport is for tests. nil goes there directly, never through a proxy.
	Transport http.RoundTripper

	token string
}

// get asks for one item. A token that has expired is made anew.
func (m *Metadata) get(ctx context.Context, item string) (status int, text string, err error) {
	fresh := m.token == ""
	if fresh {
		if err := m.renew(ctx); err != nil {
			return 0, "", err
		}
	}
	status, text, err = m.ask(ctx, http.MethodGet, "/latest/meta-data/"+item, "X-aws-ec2-metadata-token", m.token)
	if status != http.StatusUnauthorized {
		return status, text, err
	}
	m.token = ""
	if fresh {
		return status, text, errors.New("the metadata service does not take its own token")
	}
	return m.get(ctx, item)
}

// renew gets a token. The answer does not leave the instance's network further than the hop limit says, which is 1 unless
// the instance was started otherwise: a container behind a bridge then waits in vain.
func (m *Metadata) renew(ctx context.Context) error {
	status, token, err := m.ask(ctx, http.MethodPut, "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds", tokenTTL)
	switch token = strings.TrimSpace(token); {
	case err != nil:
		return err
	case status != http.StatusOK || token == "" || strings.ContainsAny(token, "\r\n"):
		return fmt.Errorf("the metadata service hands out no token: it answers %d", status)
	}
	m.token = token
	return nil
}

func (m *Metadata) ask(ctx context.Context, method, path, header, value string) (status int, text string, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(cmp.Or(m.Address, Address), "/")+path, nil)
	if err != nil {
		return 0, "", errors.New("the address of the metadata service is no URL")
	}
	req.Header.Set(header, value)
	if m.Transport == nil {
		m.Transport = &http.Transport{MaxIdleConns: 1}
	}
	resp, err := m.Transport.RoundTrip(req)
	if err != nil {
		return 0, "", fmt.Errorf("the metadata service does not answer: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, longest))
	if err != nil {
		return 0, "", fmt.Errorf("the answer of the metadata service breaks off: %w", err)
	}
	return resp.StatusCode, string(body), nil
}

// short is as much of what somebody else says as a line of a log can take.
func short(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), 100)], "")
}
