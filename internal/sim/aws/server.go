// Package aws is a simulated AWS, as far as the values of a configuration come from there: GetParameters of the Systems
// Manager, GetSecretValue of Secrets Manager, GetAuthorizationToken of both kinds of registry, and whoever hands out credentials or tells the region: the ECS agent, the
// EC2 metadata service in version 2, STS for IRSA, the agent of EKS Pod Identity. It verifies the signature of every call,
// throttles, denies and hangs as a test wants it, and keeps a journal.
//
// It refuses to be AWS: no policies, no writing, no paging, one account.
package aws

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Account owns everything.
const Account = "123456789012"

// Credentials that are accepted: those of a test's environment, and those that are handed out here.
const (
	KeyID   = "NOT-A-REAL-KEY-ID"
	Key     = "not-a-real-secret-key"
	Session = "not-a-real-session-token"
)

// Entry is one request that was answered.
type Entry struct {
	// Action is what was asked for: ssm:GetParameters, secretsmanager:GetSecretValue, ecr:GetAuthorizationToken,
	// ecr-public:GetAuthorizationToken, sts:AssumeRoleWithWebIdentity,
	// credentials (of ECS or EKS), metadata (of the ECS task), imds.
	Action string
	Region string   // that the call was signed for
	Names  []string // of the parameters, of the secret, or the accounts of the registries
	Status int
}

// Fault is what happens to calls instead of an answer.
type Fault struct {
	Action string
	// Code and Message are the error; Status 400 if none is given.
	Status        int
	Code, Message string
	// Hang gives no answer at all until the client goes away.
	Hang bool
	// Times is how often it happens; 0 is always.
	Times int
}

// Server is the simulated AWS. All methods are safe for concurrent use. Make it with New.
type Server struct {
	mux *http.ServeMux

	mu         sync.Mutex
	parameters map[string][]Parameter // by ARN, oldest version first
	secrets    map[string][]Secret    // by ARN, newest version first
	denied     map[string]string      // resource to the words of the refusal
	faults     []*Fault
	journal    []Entry
	region     string
	meeting    *meeting
}

// New returns an AWS that holds nothing, whose ECS task and EC2 instance are in the given region.
func New(region string) *Server {
	s := &Server{mux: http.NewServeMux(), region: region, parameters: map[string][]Parameter{}, secrets: map[string][]Secret{}, denied: map[string]string{}}
	s.mux.HandleFunc("POST /{$}", s.call)
	s.mux.HandleFunc("GET /credentials", s.getCredentials)
	s.mux.HandleFunc("GET /v4/container/task", s.getTask)
	s.mux.HandleFunc("PUT /latest/api/token", s.putToken)
	s.mux.HandleFunc("GET /latest/", s.getInstance)
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Fault has calls fail from now on.
func (s *Server) Fault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Clear has no call fail any more.
func (s *Server) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Deny refuses every call for a resource, in AWS's usual words if none are given.
func (s *Server) Deny(resource, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied[resource] = message
}

// Journal returns what was answered, in order.
func (s *Server) Journal() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal)
}

// Count is how often something was asked for.
func (s *Server) Count(action string) (n int) {
	for _, e := range s.Journal() {
		if e.Action == action {
			n++
		}
	}
	return n
}

func (s *Server) note(e Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal = append(s.journal, e)
}

// failing returns the fault that an action meets, and uses it up.
func (s *Server) failing(action string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Action != action {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		return f
	}
	return nil
}

// faulty has an action fail if it is to.
func (s *Server) faulty(w http.ResponseWriter, r *http.Request, e Entry) bool {
	f := s.failing(e.Action)
	if f == nil {
		return false
	}
	if f.Hang {
		s.note(e)
		<-r.Context().Done()
		return true
	}
	s.refuse(w, e, max(f.Status, http.StatusBadRequest), f.Code, f.Message)
	return true
}

// refuse answers with an error in the form of AWS JSON 1.1, and of the agents.
func (s *Server) refuse(w http.ResponseWriter, e Entry, status int, code, message string) {
	e.Status = status
	s.note(e)
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"__type": code, "code": code, "message": message})
}

func (s *Server) reply(w http.ResponseWriter, e Entry, body any) {
	e.Status = http.StatusOK
	s.note(e)
	w.Header().Set("Content-Type", contentType)
	json.NewEncoder(w).Encode(body)
}

const contentType = "application/x-amz-json-1.1"

// call is one call of a service.
func (s *Server) call(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Amz-Target") == "" {
		s.assumeRole(w, r)
		return
	}
	body, scope, err := verify(r)
	e := Entry{Action: actions[r.Header.Get("X-Amz-Target")], Region: scope.region}
	s.mu.Lock()
	m := s.meeting
	s.mu.Unlock()
	if m != nil {
		m.arrive(e.Action)
	}
	switch {
	case e.Action == "":
		s.refuse(w, e, http.StatusBadRequest, "UnknownOperationException", "")
	case err != nil:
		s.refuse(w, e, http.StatusBadRequest, "InvalidSignatureException", err.Error())
	case r.Header.Get("Content-Type") != contentType:
		s.refuse(w, e, http.StatusBadRequest, "UnknownOperationException", "the body is no AWS JSON 1.1")
	case !strings.HasPrefix(e.Action, scope.service+":"):
		s.refuse(w, e, http.StatusBadRequest, "InvalidSignatureException", fmt.Sprintf("signed for %s", scope.service))
	case e.Action == "ssm:GetParameters":
		s.getParameters(w, r, e, body)
	case e.Action == "ecr:GetAuthorizationToken", e.Action == "ecr-public:GetAuthorizationToken":
		s.getToken(w, r, e, body)
	default:
		s.getSecretValue(w, r, e, body)
	}
}

var actions = map[string]string{
	"AmazonSSM.GetParameters": "ssm:GetParameters", "secretsmanager.GetSecretValue": "secretsmanager:GetSecretValue",
	"AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken": "ecr:GetAuthorizationToken", "SpencerFrontendService.GetAuthorizationToken": "ecr-public:GetAuthorizationToken",
}

// refusal is why a resource is denied, or nothing.
func (s *Server) refusal(action, resource string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	message, denied := s.denied[resource]
	if denied && message == "" {
		message = fmt.Sprintf("User: arn:aws:sts::%s:assumed-role/runner/task is not authorized to perform: %s on resource: %s because no identity-based policy allows the %[2]s action", Account, action, resource)
	}
	return message
}

// Meet holds the calls of some actions back until there is one of each, or release is called: they have to be made side
// by side.
func (s *Server) Meet(actions ...string) (release func()) {
	g := &meeting{missing: actions, met: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meeting = g
	return g.release
}

// meeting is calls that wait for each other.
type meeting struct {
	mu      sync.Mutex
	missing []string
	met     chan struct{}
}

func (m *meeting) arrive(action string) {
	m.mu.Lock()
	if i := slices.Index(m.missing, action); i >= 0 {
		m.missing = slices.Delete(m.missing, i, i+1)
	}
	all := len(m.missing) == 0
	m.mu.Unlock()
	if all {
		m.release()
	}
	<-m.met
}

func (m *meeting) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case <-m.met:
	default:
		close(m.met)
	}
}
