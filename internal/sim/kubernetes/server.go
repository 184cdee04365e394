// Package kubernetes is a simulated API server of Kubernetes, as far as a pod that patches itself goes: one pod, one bearer
// token, a role that may be missing, and merge patches of the pod's metadata.
//
// It refuses to be a cluster: nothing is scheduled, and nobody watches.
package kubernetes

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
)

// Pod is the one that there is.
type Pod struct {
	Name, Namespace, UID string
	Annotations          map[string]string
}

// Entry is one request that came in.
type Entry struct {
	Method, Path, ContentType, Body string
	DryRun                          bool
	Status                          int // 0 as long as there is no answer
}

// Server is the API server. All methods are safe for concurrent use. Make it with NewServer.
type Server struct {
	mu      sync.Mutex
	pod     Pod
	token   string
	allowed bool
	answers []Answer
	journal []*Entry
	news    chan struct{} // closed and replaced at every change
}

// NewServer returns the API server of a pod, whose service account has a token and may patch pods.
func NewServer(pod Pod, token string) *Server {
	return &Server{pod: pod, token: token, allowed: true, news: make(chan struct{})}
}

// Allow says whether the role is there.
func (s *Server) Allow(allowed bool) { s.change(func() { s.allowed = allowed }) }

// SetToken replaces the one token that is valid.
func (s *Server) SetToken(token string) { s.change(func() { s.token = token }) }

// Answer has requests answered otherwise, once each, in order; the last one for ever.
func (s *Server) Answer(answers ...Answer) { s.change(func() { s.answers = answers }) }

// Annotations returns those of the pod.
func (s *Server) Annotations() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.pod.Annotations)
}

// Annotate is somebody else who annotates the pod.
func (s *Server) Annotate(name, value string) {
	s.change(func() { s.pod.Annotations = merged(s.pod.Annotations, map[string]*string{name: &value}) })
}

// Journal returns what came in, in order.
func (s *Server) Journal() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	entries := make([]Entry, len(s.journal))
	for i, e := range s.journal {
		entries[i] = *e
	}
	return entries
}

// Await returns when something holds, or ctx has ended.
func (s *Server) Await(ctx context.Context, holds func() bool) error {
	for {
		s.mu.Lock()
		news := s.news
		s.mu.Unlock()
		if holds() {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Server) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.news)
	s.news = make(chan struct{})
}

// ServeHTTP answers one request, and keeps it in the journal.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	e := &Entry{Method: r.Method, Path: r.URL.Path, ContentType: r.Header.Get("Content-Type"), Body: string(body), DryRun: r.URL.Query().Get("dryRun") == "All"}
	s.change(func() { s.journal = append(s.journal, e) })
	status := s.serve(w, r, e)
	s.change(func() { e.Status = status })
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, e *Entry) int {
	if a, other := s.next(); other {
		return a.write(w, r)
	}
	var status int
	var answer any
	s.change(func() { status, answer = s.patch(r, e) })
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer)
	return status
}

func (s *Server) next() (a Answer, other bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.answers) == 0 {
		return Answer{}, false
	}
	a = s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	return a, true
}

// patch is what the server does with a request, in the order in which a real one does it: who, whether, what.
func (s *Server) patch(r *http.Request, e *Entry) (status int, answer any) {
	path := "/api/v1/namespaces/" + s.pod.Namespace + "/pods/" + s.pod.Name
	switch {
	case r.Header.Get("Authorization") != "Bearer "+s.token:
		return refusal(http.StatusUnauthorized, "Unauthorized", "Unauthorized")
	case !s.allowed || r.Method != http.MethodPatch || !strings.HasPrefix(r.URL.Path, "/api/v1/namespaces/"+s.pod.Namespace+"/pods/"):
		return refusal(http.StatusForbidden, "Forbidden", `pods "`+last(r.URL.Path)+`" is forbidden: User "system:serviceaccount:`+s.pod.Namespace+`:github-runner" cannot `+strings.ToLower(r.Method)+` resource "pods" in API group "" in the namespace "`+s.pod.Namespace+`"`)
	case r.URL.Path != path:
		return refusal(http.StatusNotFound, "NotFound", `pods "`+last(r.URL.Path)+`" not found`)
	case e.ContentType != "application/merge-patch+json":
		return refusal(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "the body of the request was in an unknown format")
	}
	var p struct {
		Metadata struct {
			UID         string             `json:"uid"`
			Annotations map[string]*string `json:"annotations"`
		} `json:"metadata"`
	}
	d := json.NewDecoder(strings.NewReader(e.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return refusal(http.StatusBadRequest, "BadRequest", "error decoding patch: "+err.Error())
	}
	if uid := p.Metadata.UID; uid != "" && uid != s.pod.UID {
		return refusal(http.StatusUnprocessableEntity, "Invalid", `Pod "`+s.pod.Name+`" is invalid: metadata.uid: Invalid value: "`+uid+`": field is immutable`)
	}
	after := merged(s.pod.Annotations, p.Metadata.Annotations)
	if !e.DryRun {
		s.pod.Annotations = after
	}
	return http.StatusOK, map[string]any{"kind": "Pod", "apiVersion": "v1", "metadata": map[string]any{
		"name": s.pod.Name, "namespace": s.pod.Namespace, "uid": s.pod.UID, "annotations": after,
	}}
}

// merged is RFC 7386 for annotations: null takes one away.
func merged(annotations map[string]string, patch map[string]*string) map[string]string {
	after := maps.Clone(annotations)
	if after == nil {
		after = map[string]string{}
	}
	for name, value := range patch {
		if value == nil {
			delete(after, name)
		} else {
			after[name] = *value
		}
	}
	return after
}

func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// refusal is Kubernetes' Status.
func refusal(code int, reason, message string) (int, any) {
	return code, map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason, "code": code}
}
