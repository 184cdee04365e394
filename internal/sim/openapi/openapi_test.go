package openapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/openapi"
)

// verdicts is a test that collects what is said against the traffic.
type verdicts struct {
	testing.TB
	said []string
}

func (v *verdicts) Errorf(format string, args ...any) {
	v.said = append(v.said, fmt.Sprintf(format, args...))
}

func TestMiddleware(t *testing.T) {
	spec := need.GitHubOpenAPI(t)
	const runner = `{"id":1,"name":"a","os":"Linux","status":"online","busy":false,"labels":[]}`
	for _, test := range []struct {
		name, method, path, body string
		header                   string // of the request: Authorization
		madeUp                   bool   // by the test
		status                   int
		answer                   string
		says                     string // "" is no objection
	}{
		{name: "good", method: "GET", path: "/orgs/acme/actions/runners/1", status: 200, answer: runner},
		{name: "good, GHES", method: "GET", path: "/api/v3/orgs/acme/actions/runners/1", status: 200, answer: runner},
		{name: "good, no body", method: "DELETE", path: "/orgs/acme/actions/runners/1", status: 204},
		{name: "answer lacks a field", method: "GET", path: "/orgs/acme/actions/runners/1", status: 200, answer: `{"id":1}`, says: "would not answer 200"},
		{name: "answer of another type", method: "GET", path: "/orgs/acme/actions/runners/1", status: 200, answer: strings.Replace(runner, "1", `"1"`, 1), says: "id"},
		{name: "status nobody described", method: "DELETE", path: "/orgs/acme/actions/runners/1", status: 202, says: "would not answer 202"},
		{name: "not found is always possible", method: "DELETE", path: "/orgs/acme/actions/runners/1", status: 404, answer: `{"message":"Not Found"}`},
		{name: "so is a broken server", method: "GET", path: "/orgs/acme/actions/runners/1", status: 502, answer: "<html>"},
		{name: "described error of another form", method: "DELETE", path: "/orgs/acme/actions/runners/1", status: 422, answer: `{}`, says: "would not answer 422"},
		{name: "bad request accepted", method: "POST", path: "/orgs/acme/actions/runners/generate-jitconfig", body: `{"name":"a","runner_group_id":1,"labels":[]}`,
			status: 201, answer: `{"runner":` + runner + `,"encoded_jit_config":"x"}`, says: "does not take this request"},
		{name: "bad request refused", method: "POST", path: "/orgs/acme/actions/runners/generate-jitconfig", body: `{"name":"a"}`,
			status: 422, answer: `{"message":"no","documentation_url":"x"}`},
		{name: "bad request, and an answer that a test made up", method: "POST", path: "/orgs/acme/actions/runners/generate-jitconfig", body: `{"name":"a"}`,
			madeUp: true, status: 502, says: "does not take this request"},
		{name: "answer that a test made up", method: "DELETE", path: "/orgs/acme/actions/runners/1", madeUp: true, status: 409, answer: `{}`},
		{name: "word before parameter", method: "GET", path: "/orgs/acme/actions/runners/downloads", status: 200, answer: runner, says: "would not answer 200"},
		{name: "no such endpoint", method: "GET", path: "/orgs/acme/runners", status: 200, answer: "{}", says: "no such endpoint"},
		{name: "no such endpoint, refused", method: "GET", path: "/orgs/acme/runners", status: 404, answer: "{}"},
		{name: "the runner's own", method: "POST", path: "/broker/1/session", status: 200, answer: "anything"},
		{name: "the runner's token", method: "GET", path: "/orgs/acme/actions/runners/1", header: "RemoteAuth x", status: 200, answer: "{}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := &verdicts{TB: t}
			read := ""
			h := openapi.Excusing(v, spec, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				text, _ := io.ReadAll(r.Body)
				read = string(text)
				if test.answer != "" {
					w.Header().Set("Content-Type", "application/json")
				}
				w.WriteHeader(test.status)
				io.WriteString(w, test.answer)
			}), func(http.Header) bool { return test.madeUp })
			r := httptest.NewRequest(test.method, test.path, strings.NewReader(test.body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", test.header)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			said := strings.Join(v.said, "\n")
			if (said == "") != (test.says == "") || !strings.Contains(said, test.says) {
				t.Errorf("said %q, want %q", said, test.says)
			}
			if read != test.body || w.Body.String() != test.answer || w.Code != test.status {
				t.Errorf("changed the traffic: %q, %d %q", read, w.Code, w.Body)
			}
		})
	}
}
