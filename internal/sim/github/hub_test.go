package github_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
)

const pat = "pat-for-tests-only"

// hub is a simulated GitHub and a client of it, in one process.
type hub struct {
	*github.Server
	t      *testing.T
	client *http.Client
}

// newHub makes a GitHub with one PAT that may do everything; handler wraps it where a test wants that.
func newHub(t *testing.T, o github.Options) *hub {
	t.Helper()
	s := github.New(o)
	s.AddPAT(pat, github.Classic("repo", "admin:org", "manage_runners:enterprise").Named("all"))
	return &hub{s, t, &http.Client{Transport: github.RoundTripper(s)}}
}

// response is an answer with its body read.
type response struct {
	status int
	header http.Header
	body   string
}

// into decodes the body.
func (r response) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), v); err != nil {
		t.Fatalf("%v in %q", err, r.body)
	}
}

// try sends a request; body is JSON, or a value to encode.
func (h *hub) try(ctx context.Context, method, path, authorization string, body any) (response, error) {
	text, ok := body.(string)
	if body != nil && !ok {
		encoded, err := json.Marshal(body)
		if err != nil {
			return response{}, err
		}
		text = string(encoded)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://github.test"+path, bytes.NewBufferString(text))
	if err != nil {
		return response{}, err
	}
	if text != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	resp, err := h.client.Do(r)
	if err != nil {
		return response{}, err
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	return response{resp.StatusCode, resp.Header, string(read)}, err
}

// as is try for requests that have an answer.
func (h *hub) as(authorization, method, path string, body any) response {
	h.t.Helper()
	r, err := h.try(h.t.Context(), method, path, authorization, body)
	if err != nil {
		h.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// ask is as with the PAT that may do everything, and checks the status.
func (h *hub) ask(want int, method, path string, body any) response {
	h.t.Helper()
	r := h.as("Bearer "+pat, method, path, body)
	if r.status != want {
		h.t.Fatalf("%s %s: status %d, want %d: %s", method, path, r.status, want, r.body)
	}
	return r
}

// agent is the listener's side of one runner.
type agent struct {
	*hub
	name    string
	id      int64
	base    string // path of the broker
	bearer  string
	session string
}

// jit registers a runner by JIT configuration.
func (h *hub) jit(owner, name string, labels ...string) *agent {
	h.t.Helper()
	var made struct {
		Runner struct{ ID int64 }
		Config string `json:"encoded_jit_config"`
	}
	body := map[string]any{"name": name, "runner_group_id": 1, "labels": append([]string{"self-hosted"}, labels...)}
	h.ask(201, "POST", "/"+owner+"/actions/runners/generate-jitconfig", body).into(h.t, &made)
	files := decodeJIT(h.t, made.Config)
	var settings struct{ ServerUrlV2 string }
	var credentials struct{ Data struct{ Token string } }
	response{body: string(files[".runner"])}.into(h.t, &settings)
	response{body: string(files[".credentials"])}.into(h.t, &credentials)
	base := strings.TrimPrefix(settings.ServerUrlV2, "http://github.test")
	return &agent{h, name, made.Runner.ID, base, "Bearer " + credentials.Data.Token, ""}
}

func decodeJIT(t *testing.T, encoded string) map[string][]byte {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	response{body: string(text)}.into(t, &files)
	return files
}

// open makes the session.
func (a *agent) open() *agent {
	a.t.Helper()
	r := a.as(a.bearer, "POST", a.base+"session", `{"agent":{"version":"2.336.0"}}`)
	if r.status != 200 {
		a.t.Fatalf("no session: %d %s", r.status, r.body)
	}
	var made struct{ SessionID string }
	r.into(a.t, &made)
	a.session = made.SessionID
	return a
}

// poll asks for a message once.
func (a *agent) poll(ctx context.Context, status string) (response, error) {
	return a.try(ctx, "GET", a.base+"message?status="+status+"&runnerVersion=2.336.0&sessionId="+a.session, a.bearer, nil)
}

// offer is a job message.
type offer struct {
	ID      string `json:"id"`
	Request string `json:"runner_request_id"`
	Service string `json:"run_service_url"`
}

// offered polls until a job comes.
func (a *agent) offered() offer {
	a.t.Helper()
	r, err := a.poll(a.t.Context(), "Online")
	if err != nil || r.status != 200 {
		a.t.Fatalf("no job: %v %d %s", err, r.status, r.body)
	}
	return a.offerOf(r)
}

func (a *agent) offerOf(r response) offer {
	a.t.Helper()
	var m struct{ MessageType, Body string }
	r.into(a.t, &m)
	if m.MessageType != "RunnerJobRequest" {
		a.t.Fatalf("message %s, want a job", m.MessageType)
	}
	var o offer
	response{body: m.Body}.into(a.t, &o)
	o.Service = strings.TrimPrefix(o.Service, "http://github.test")
	return o
}

// work is the agent's whole job, with this conclusion.
func (a *agent) work(conclusion string) {
	a.t.Helper()
	o := a.offered()
	for _, step := range []struct {
		path string
		body any
	}{
		{a.base + "acknowledge", map[string]string{"runnerRequestId": o.Request}},
		{o.Service + "acquirejob", map[string]string{"jobMessageId": o.ID}},
		{o.Service + "renewjob", map[string]string{"jobId": o.ID}},
		{o.Service + "completejob", map[string]string{"jobId": o.ID, "conclusion": conclusion}},
	} {
		if r := a.as(a.bearer, "POST", step.path, step.body); r.status/100 != 2 {
			a.t.Fatalf("POST %s: %d %s", step.path, r.status, r.body)
		}
	}
}

// path is the agent's registration in the REST API.
func (a *agent) path(owner string) string {
	return fmt.Sprintf("/%s/actions/runners/%d", owner, a.id)
}

// soon bounds a wait that should not take long.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
