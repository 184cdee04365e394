package github

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
)

// RoundTripper serves requests from h in the same process, without a socket: what a client needs inside a
// testing/synctest bubble, where a real connection would stop the clock. It honours the request's context: when that
// ends first, the caller gets its error at once and h is told through the request it serves.
func RoundTripper(h http.Handler) http.RoundTripper { return &inProcess{h} }

type inProcess struct{ handler http.Handler }

func (p *inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, fmt.Errorf("cannot read request body: %w", err)
	}
	served := r.Clone(r.Context())
	served.Body = io.NopCloser(bytes.NewReader(body))
	served.RequestURI = r.URL.RequestURI()
	served.RemoteAddr = "192.0.2.1:1234"
	if served.Host == "" {
		served.Host = r.URL.Host
	}
	if r.URL.Scheme == "https" {
		served.TLS = &tls.ConnectionState{}
	}
	done := make(chan *recorder, 1)
	go func() { done <- p.serve(served) }()
	select {
	case rec := <-done:
		return rec.response(r)
	case <-r.Context().Done():
		return nil, context.Cause(r.Context())
	}
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer r.Body.Close()
	return io.ReadAll(r.Body)
}

// serve turns a handler's abort into a connection that broke, as net/http's server does.
func (p *inProcess) serve(r *http.Request) (rec *recorder) {
	rec = &recorder{header: http.Header{}, status: http.StatusOK}
	defer func() {
		if why := recover(); why == http.ErrAbortHandler {
			rec.broken = true
		} else if why != nil {
			panic(why)
		}
	}()
	p.handler.ServeHTTP(rec, r)
	return rec
}

// recorder is a response as the handler writes it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
	broken bool
}

func (rec *recorder) Header() http.Header         { return rec.header }
func (rec *recorder) WriteHeader(status int)      { rec.status = status }
func (rec *recorder) Write(p []byte) (int, error) { return rec.body.Write(p) }

func (rec *recorder) response(r *http.Request) (*http.Response, error) {
	if rec.broken {
		return nil, io.ErrUnexpectedEOF
	}
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", rec.status, http.StatusText(rec.status)),
		StatusCode:    rec.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        rec.header,
		Body:          io.NopCloser(&rec.body),
		ContentLength: int64(rec.body.Len()),
		Request:       r,
	}, nil
}
