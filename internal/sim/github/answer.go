package github

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// answer is what the simulation decided to say. It is a value, not yet written, so that a fault can still come between
// the change of state and the answer.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	aborted bool // say nothing, close the connection
}

// reply is a JSON answer.
func reply(status int, body any) answer {
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("cannot encode answer: %v", err)) // every body is a literal of this package
	}
	return answer{status: status, header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, body: text}
}

// refuse is GitHub's form of an error.
func refuse(status int, format string, args ...any) answer {
	return reply(status, map[string]string{
		"message":           fmt.Sprintf(format, args...),
		"documentation_url": "https://docs.github.com/rest",
		"status":            strconv.Itoa(status),
	})
}

// notFound is the bare 404 that GitHub gives to whoever may not know more.
func notFound() answer { return refuse(http.StatusNotFound, "Not Found") }

// empty is an answer without a body.
func empty(status int) answer { return answer{status: status, header: http.Header{}} }

// with adds a header.
func (a answer) with(key, value string) answer {
	a.header = a.header.Clone()
	a.header.Set(key, value)
	return a
}

// write sends the answer with the headers that GitHub puts on every one.
func (s *Server) write(w http.ResponseWriter, c *call, a answer) {
	if a.aborted {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	now := s.options.Now()
	h.Set("Date", now.UTC().Format(http.TimeFormat))
	h.Set("X-GitHub-Request-Id", c.entry.RequestID)
	h.Set("X-GitHub-Media-Type", "github.v3; format=json")
	h.Set("X-RateLimit-Limit", "5000")
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, 5000-c.entry.Seq)))
	h.Set("X-RateLimit-Used", strconv.Itoa(min(5000, c.entry.Seq)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(now.Truncate(time.Hour).Add(time.Hour).Unix(), 10))
	h.Set("X-RateLimit-Resource", "core")
	maps.Copy(h, c.header)
	maps.Copy(h, a.header)
	w.WriteHeader(a.status)
	w.Write(a.body) // whoever hung up does not read it
}
