// Package openapi holds both sides of an API to GitHub's own description of it: as middleware around the simulated
// GitHub it fails the test when a client sends what GitHub does not take, or the simulation answers what GitHub would
// not. Only tests import it. It judges form, not sense, and it passes the runner-facing side through, which GitHub does
// not describe.
package openapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// Middleware returns next under the description at specPath. Mismatches are reported to t as errors; the traffic is
// not changed. A request that next refuses with a 4xx may be malformed: that is then the point of the test.
func Middleware(t testing.TB, specPath string, next http.Handler) http.Handler {
	t.Helper()
	return Excusing(t, specPath, next, func(http.Header) bool { return false })
}

// Excusing is Middleware that does not judge the answers which a test has made up, as their headers tell. What was asked
// is judged all the same: such an answer says nothing about it.
func Excusing(t testing.TB, specPath string, next http.Handler, madeUp func(http.Header) bool) http.Handler {
	t.Helper()
	once, _ := descriptions.LoadOrStore(specPath, sync.OnceValues(func() (*openapi3.T, error) { return load(specPath) }))
	doc, err := once.(func() (*openapi3.T, error))()
	if err != nil {
		t.Fatalf("cannot load GitHub's API from %q: %v", specPath, err)
	}
	return &judge{t, doc, next, madeUp}
}

// descriptions are those that were loaded, by their paths: a large one takes longer than most tests that are held to it.
var descriptions sync.Map

func load(specPath string) (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(specPath)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background(), openapi3.DisableExamplesValidation()); err != nil {
		return nil, err
	}
	correct(doc)
	return doc, nil
}

// correct undoes a slip in the description of the list of installations: there an account is a user and an enterprise at
// a time, while that of one installation has either.
func correct(doc *openapi3.T) {
	const path = "/app/installations"
	if listing := doc.Paths.Value(path); listing != nil && listing.Get != nil {
		item := listing.Get.Responses.Status(http.StatusOK).Value.Content.Get("application/json").Schema.Value.Items.Value
		item.Properties["account"] = doc.Components.Schemas["installation"].Value.Properties["account"]
	}
}

type judge struct {
	t    testing.TB
	doc  *openapi3.T
	next http.Handler

	madeUp func(http.Header) bool
}

func (j *judge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if runnerFacing(r) {
		j.next.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		j.t.Errorf("%s %s: cannot read request: %v", r.Method, r.URL.Path, err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	a := &recording{ResponseWriter: w, status: http.StatusOK}
	j.next.ServeHTTP(a, r) // which may break the connection by a panic; then there is no answer to judge
	j.judge(r, body, a)
}

// runnerFacing holds for what the official runner calls: with a registration token anything, and its own services.
func runnerFacing(r *http.Request) bool {
	path := strings.TrimPrefix(r.URL.Path, "/api/v3")
	for _, prefix := range []string{"/actions/", "/broker/", "/run/", "/oauth/"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return strings.HasPrefix(r.Header.Get("Authorization"), "RemoteAuth ")
}

func (j *judge) judge(r *http.Request, body []byte, a *recording) {
	route, values := j.find(r)
	madeUp := j.madeUp(a.Header())
	if route == nil {
		if a.status/100 != 4 && !madeUp {
			j.t.Errorf("%s %s: GitHub has no such endpoint, but the answer was %d", r.Method, r.URL.Path, a.status)
		}
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	asked := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: values, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateRequest(r.Context(), asked); err != nil && (a.status/100 == 2 || madeUp) {
		j.t.Errorf("%s %s: GitHub does not take this request: %v", r.Method, r.URL.Path, brief(err))
	}
	if madeUp || undocumented(a.status) && route.Operation.Responses.Status(a.status) == nil {
		return
	}
	answered := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: asked, Status: a.status, Header: maps.Clone(a.Header()),
		Body: io.NopCloser(bytes.NewReader(a.body.Bytes())), Options: asked.Options,
	}
	if err := openapi3filter.ValidateResponse(context.WithoutCancel(r.Context()), answered); err != nil {
		j.t.Errorf("%s %s: GitHub would not answer %d like this: %v", r.Method, r.URL.Path, a.status, brief(err))
	}
}

// undocumented are the answers that GitHub may give to every request, whatever its description says.
func undocumented(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// brief is the error without the dump of the schema.
func brief(err error) string {
	if schema, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		return strings.Join(schema.JSONPointer(), "/") + ": " + schema.Reason
	}
	return err.Error()
}

// recording passes an answer on and keeps a copy.
type recording struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (a *recording) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *recording) Write(text []byte) (int, error) {
	a.body.Write(text)
	return a.ResponseWriter.Write(text)
}
