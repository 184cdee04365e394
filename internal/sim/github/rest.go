package github

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// routes is the whole surface of the simulation.
func (s *Server) routes() {
	for _, owner := range []string{"/repos/{owner}/{repo}", "/orgs/{org}", "/enterprises/{enterprise}"} {
		runners := owner + "/actions/runners"
		s.mux.HandleFunc("POST "+runners+"/registration-token", s.locked(s.mint("registration")))
		s.mux.HandleFunc("POST "+runners+"/remove-token", s.locked(s.mint("remove")))
		s.mux.HandleFunc("POST "+runners+"/generate-jitconfig", s.locked(s.generateJIT))
		s.mux.HandleFunc("GET "+runners, s.locked(s.listRunners))
		s.mux.HandleFunc("GET "+runners+"/{runner_id}", s.locked(s.getRunner))
		s.mux.HandleFunc("DELETE "+runners+"/{runner_id}", s.locked(s.deleteRunner))
		s.mux.HandleFunc("GET "+owner+"/actions/runner-groups", s.locked(s.listGroups))
		s.mux.HandleFunc("GET "+owner+"/installation", s.locked(s.findInstallation))
	}
	s.mux.HandleFunc("GET /repos/actions/runner/releases/latest", s.locked(s.latestRelease))
	s.mux.HandleFunc("GET /repos/actions/runner/releases/tags/{tag}", s.locked(s.taggedRelease))
	s.mux.HandleFunc("GET /rate_limit", s.locked(s.rateLimit))
	s.mux.HandleFunc("GET /app/installations", s.locked(s.listInstallations))
	s.mux.HandleFunc("POST /app/installations/{installation_id}/access_tokens", s.locked(s.mintInstallationToken))
	s.mux.HandleFunc("POST /actions/runner-registration", s.locked(s.enrol))
	s.mux.HandleFunc("POST /actions/runners/register", s.locked(s.register))
	s.mux.HandleFunc("POST /oauth/{client_id}/token", s.locked(s.exchange))
	s.mux.HandleFunc("POST /broker/{runner_id}/session", s.locked(s.openSession))
	s.mux.HandleFunc("DELETE /broker/{runner_id}/session", s.locked(s.closeSession))
	s.mux.HandleFunc("GET /broker/{runner_id}/message", s.serve(s.poll))
	s.mux.HandleFunc("POST /broker/{runner_id}/acknowledge", s.locked(s.acknowledge))
	s.mux.HandleFunc("POST /run/{job_id}/acquirejob", s.locked(s.acquire))
	s.mux.HandleFunc("POST /run/{job_id}/renewjob", s.locked(s.renew))
	s.mux.HandleFunc("POST /run/{job_id}/log", s.locked(s.appendLog))
	s.mux.HandleFunc("POST /run/{job_id}/completejob", s.locked(s.complete))
	s.mux.HandleFunc("/", s.locked(func(c *call) answer {
		c.entry.Route = ""
		return notFound()
	}))
}

// listRunners answers GET …/actions/runners?name=, for a PAT and for the runner's own configure.
func (s *Server) listRunners(c *call) answer {
	sc := scopeOfPath(c.r)
	if refusal, ok := s.admit(c, sc, false); !ok {
		return refusal
	}
	name := c.r.URL.Query().Get("name")
	var matching []*registration
	for _, reg := range s.runners {
		if reg.scope == sc && (name == "" || strings.EqualFold(reg.Name, name)) {
			matching = append(matching, reg)
		}
	}
	from, to := c.page(len(matching))
	listed := []any{}
	for _, reg := range matching[from:to] {
		listed = append(listed, s.runnerJSON(reg))
	}
	return c.paged(reply(http.StatusOK, map[string]any{"total_count": len(matching), "runners": listed}), to, len(matching))
}

// getRunner answers GET …/actions/runners/{runner_id}.
func (s *Server) getRunner(c *call) answer {
	sc := scopeOfPath(c.r)
	if refusal, ok := s.authorize(c, sc, false); !ok {
		return refusal
	}
	reg := s.named(c, sc)
	if reg == nil {
		return notFound()
	}
	return reply(http.StatusOK, s.runnerJSON(reg))
}

// deleteRunner answers DELETE …/actions/runners/{runner_id}: 422 from the moment a job is assigned to the runner until
// that job is over, which makes it the arbiter of who was first.
func (s *Server) deleteRunner(c *call) answer {
	sc := scopeOfPath(c.r)
	if refusal, ok := s.admit(c, sc, true); !ok {
		return refusal
	}
	reg := s.named(c, sc)
	if reg == nil {
		return notFound()
	}
	if reg.job != nil {
		return refuse(http.StatusUnprocessableEntity, "Bad request - Runner %q is still running a job", reg.Name)
	}
	s.drop(reg)
	return empty(http.StatusNoContent)
}

// admit lets a PAT in, or a runner that shows a live token of the same scope. The caller holds mu.
func (s *Server) admit(c *call, sc scope, write bool) (answer, bool) {
	if scheme, _ := c.authorization(); scheme != "remoteauth" {
		return s.authorize(c, sc, write)
	}
	if token := s.remoteAuth(c); token == nil || token.scope != sc {
		return notFound(), false
	}
	return answer{}, true
}

// named returns the runner of the path, if it belongs to the scope. The caller holds mu.
func (s *Server) named(c *call, sc scope) *registration {
	id, err := strconv.ParseInt(c.r.PathValue("runner_id"), 10, 64)
	if err != nil {
		return nil
	}
	reg := s.byID(id)
	if reg == nil || reg.scope != sc {
		c.entry.RunnerID = id
		return nil
	}
	c.about(reg)
	return reg
}

// about notes in the journal which runner the request is about.
func (c *call) about(reg *registration) {
	c.entry.RunnerID, c.entry.Runner = reg.ID, reg.Name
}

func (s *Server) runnerJSON(reg *registration) map[string]any {
	labels := make([]any, 0, len(reg.Labels))
	for i, name := range reg.Labels {
		labels = append(labels, map[string]any{"id": i + 1, "name": name, "type": labelType(name)})
	}
	shown := map[string]any{
		"id": reg.ID, "runner_group_id": reg.GroupID, "name": reg.Name, "os": "unknown", "status": string(Offline),
		"busy": reg.job != nil, "labels": labels, "ephemeral": reg.Ephemeral, "version": nil,
	}
	if reg.Version != "" {
		shown["os"], shown["version"] = "Linux", reg.Version
	}
	if s.online(reg) {
		shown["status"] = string(Online)
	}
	return shown
}

func labelType(name string) string {
	switch strings.ToLower(name) {
	case "self-hosted", "linux", "x64", "arm", "arm64":
		return "read-only"
	}
	return "custom"
}

// page returns the bounds of the page that was asked for: per_page 1..100, 30 by default, page from 1.
func (c *call) page(total int) (from, to int) {
	size := clamp(c.r.URL.Query().Get("per_page"), 30, 100)
	from = min((clamp(c.r.URL.Query().Get("page"), 1, total+1)-1)*size, total)
	return from, min(from+size, total)
}

func clamp(text string, otherwise, limit int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		n = otherwise
	}
	return min(n, limit)
}

// paged adds the Link header while more pages follow.
func (c *call) paged(a answer, to, total int) answer {
	if to >= total {
		return a
	}
	query := c.r.URL.Query()
	query.Set("page", strconv.Itoa(clamp(query.Get("page"), 1, total)+1))
	next := url.URL{Path: c.r.URL.Path, RawQuery: query.Encode()}
	return a.with("Link", fmt.Sprintf(`<%s%s>; rel="next"`, baseURL(c.r), next.String()))
}
