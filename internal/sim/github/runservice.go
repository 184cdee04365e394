package github

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// holder returns the runner whose job the call is about, if the job is still its own. The caller holds mu.
func (s *Server) holder(c *call) (*registration, answer) {
	id := c.r.PathValue("job_id")
	reg := s.first(func(reg *registration) bool { return reg.job != nil && reg.job.id == id })
	if reg == nil {
		return nil, reply(http.StatusNotFound, map[string]any{
			"source": "actions-run-service", "statusCode": http.StatusNotFound, "errorMessage": "Job not found",
		})
	}
	c.about(reg)
	c.entry.Job = reg.job.Name
	if scheme, secret := c.authorization(); scheme != "bearer" || secret != reg.token && secret != reg.job.token {
		return nil, refuse(http.StatusUnauthorized, "Unauthorized")
	}
	reg.lastSeen = s.options.Now()
	return reg, answer{}
}

// acquire answers POST acquirejob with the whole job: from now on it runs.
func (s *Server) acquire(c *call) answer {
	reg, refusal := s.holder(c)
	if reg == nil {
		return refusal
	}
	if reg.job.state != Assigned {
		return reply(http.StatusConflict, map[string]any{
			"source": "actions-run-service", "statusCode": http.StatusConflict, "errorMessage": "Job is already acquired",
		})
	}
	reg.job.state, reg.job.acknowledged = Running, true
	reg.job.lease = s.options.Now().Add(s.options.JobLease)
	reg.job.token = jobToken(reg.job)
	s.secrets = append(s.secrets, reg.job.token)
	return reply(http.StatusOK, s.jobMessage(reg.job, baseURL(c.r)+"/run/"+reg.job.id+"/"))
}

// jobMessage has what the official listener wants to find, and the one step.
func (s *Server) jobMessage(j *JobRun, service string) map[string]any {
	step := map[string]any{"id": j.id, "name": "__run", "displayName": "Run", "run": j.Run, "environment": j.Env}
	repository := strings.TrimPrefix(string(newScope(j.Scope)), "repos/")
	return map[string]any{
		"messageType":    "RunnerJobRequest",
		"plan":           map[string]any{"scopeIdentifier": j.id, "planId": j.id, "planType": "actions", "version": 1},
		"timeline":       map[string]any{"id": j.id},
		"jobId":          j.id,
		"jobDisplayName": j.Name,
		"requestId":      1,
		"resources": map[string]any{"endpoints": []any{map[string]any{
			"name": "SystemVssConnection", "url": service,
			"authorization": map[string]any{"scheme": "OAuth", "parameters": map[string]string{"AccessToken": j.token}},
		}}},
		"variables":   map[string]any{},
		"steps":       []any{step},
		"contextData": map[string]any{"github": map[string]any{"repository": repository, "job": j.Name}},
	}
}

// jobToken makes the job's own token, which the worker uses: a JWT, since the official listener parses it as one.
func jobToken(j *JobRun) string {
	part := func(v any) string { return base64.RawURLEncoding.EncodeToString(mustJSON(v)) }
	return part(map[string]string{"alg": "none"}) + "." + part(map[string]string{"sub": j.id, "jti": rand.Text()}) + "."
}

// renew answers POST renewjob: the lock holds for another JobLease.
func (s *Server) renew(c *call) answer {
	reg, refusal := s.holder(c)
	if reg == nil {
		return refusal
	}
	reg.job.lease = s.options.Now().Add(s.options.JobLease)
	return reply(http.StatusOK, map[string]string{"lockedUntil": reg.job.lease.UTC().Format(time.RFC3339Nano)})
}

// appendLog answers POST log, which stands for the upload of logs: the body is text.
func (s *Server) appendLog(c *call) answer {
	reg, refusal := s.holder(c)
	if reg == nil {
		return refusal
	}
	reg.job.log.Write(c.body)
	return empty(http.StatusNoContent)
}

// complete answers POST completejob.
func (s *Server) complete(c *call) answer {
	reg, refusal := s.holder(c)
	if reg == nil {
		return refusal
	}
	var ask struct {
		Conclusion string `json:"conclusion"`
	}
	if err := c.decode(&ask); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	result, err := parseResult(ask.Conclusion)
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	s.finish(reg, result)
	return empty(http.StatusOK)
}

func parseResult(text string) (Result, error) {
	for _, r := range []Result{Succeeded, Failed, Canceled, Abandoned} {
		if strings.EqualFold(string(r), text) {
			return r, nil
		}
	}
	return "", fmt.Errorf("unknown conclusion %q", text)
}
