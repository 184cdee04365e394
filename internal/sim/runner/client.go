package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// client talks to GitHub.
type client struct {
	http  *http.Client
	agent string
}

func newClient(version string) *client {
	return &client{&http.Client{Timeout: 100 * time.Second}, "GitHubActionsRunner-linux-x64/" + version}
}

// httpError is an answer other than 2xx.
type httpError struct {
	method, url string
	status      int
	requestID   string
	body        string
}

// Error is .NET's text for it.
func (e *httpError) Error() string {
	return fmt.Sprintf("Response status code does not indicate success: %d (%s).", e.status, http.StatusText(e.status))
}

// line is what the runner prints of it: the status as the name of .NET's enum.
func (e *httpError) line() string {
	name := strings.ReplaceAll(http.StatusText(e.status), " ", "")
	return fmt.Sprintf("Http response code: %s from '%s %s' (Request Id: %s)", name, e.method, e.url, e.requestID)
}

// kind is the errorKind of the runner-facing side, "" if the body has none.
func (e *httpError) kind() string {
	var body struct{ ErrorKind string }
	if json.Unmarshal([]byte(e.body), &body) != nil {
		return ""
	}
	return body.ErrorKind
}

// kindOf is the errorKind of any error.
func kindOf(err error) string {
	if e, ok := errors.AsType[*httpError](err); ok {
		return e.kind()
	}
	return ""
}

// isDeleted is the token endpoint's way to say that the registration is gone.
func isDeleted(err error) bool {
	e, ok := errors.AsType[*httpError](err)
	return ok && e.status == http.StatusBadRequest && strings.Contains(e.body, `"invalid_client"`)
}

// statusOf is the status of any error, 0 when there was no answer.
func statusOf(err error) int {
	if e, ok := errors.AsType[*httpError](err); ok {
		return e.status
	}
	return 0
}

// call sends body as JSON, unless it is nil, a string or a form, and decodes the answer into into, unless that is nil
// or the answer is no JSON.
func (c *client) call(ctx context.Context, method, address, authorization string, body, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return err
	}
	if err := setBody(r, body); err != nil {
		return err
	}
	r.Header.Set("User-Agent", c.agent)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return &httpError{method, address, resp.StatusCode, resp.Header.Get("X-GitHub-Request-Id"), string(text)}
	}
	if into == nil || len(text) == 0 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		return nil
	}
	return json.Unmarshal(text, into)
}

func setBody(r *http.Request, body any) error {
	var text []byte
	kind := "application/json"
	switch b := body.(type) {
	case nil:
		return nil
	case []byte:
		text, kind = b, "text/plain"
	case url.Values:
		text, kind = []byte(b.Encode()), "application/x-www-form-urlencoded"
	default:
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	r.Header.Set("Content-Type", kind)
	r.Body = io.NopCloser(bytes.NewReader(text))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	r.ContentLength = int64(len(text))
	return nil
}

// api is the base of the API behind an address of a repository, organization or enterprise (UrlUtil.cs): a host of its
// own for github.com and *.ghe.com, a path on all others. Unlike the official runner it keeps the port.
func api(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	switch {
	case host == "github.com", host == "www.github.com", host == "github.localhost",
		strings.HasSuffix(host, ".ghe.com"), strings.HasSuffix(host, ".ghe.localhost"):
		return u.Scheme + "://api." + u.Host
	}
	return u.Scheme + "://" + u.Host + "/api/v3"
}

// scope is the path of the API for the address: one name is an organization.
func scope(u *url.URL) string {
	path := strings.Trim(u.Path, "/")
	switch {
	case !strings.Contains(path, "/"):
		return "orgs/" + path
	case strings.HasPrefix(strings.ToLower(path), "enterprises/"):
		return path
	}
	return "repos/" + path
}
