// Package ecs talks to the agent of Amazon ECS, which every container of a task can reach without a credential: it tells
// which task this is, and passes the wish on that the task be spared while a job runs.
//
// It asks no AWS service itself, and never goes through a proxy: the agent is on the same machine.
package ecs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Agent is the agent as the variables of a container lead to it.
type Agent struct {
	// Metadata is ECS_CONTAINER_METADATA_URI_V4, where the agent tells which task this is.
	Metadata string
	// URI is ECS_AGENT_URI, where it takes wishes. Agents before 1.65 have none.
	URI string
	// Transport is for tests. nil goes to the agent directly.
	Transport http.RoundTripper
}

// longest is the length in bytes of the longest answer that is read: a task with many containers takes a few kilobytes.
const longest = 1 << 20

// ask sends one request, and returns the answer, whatever its status.
func (a *Agent) ask(ctx context.Context, method, url, body string) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil, errors.New("the address of the ECS agent is no URL")
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	transport := a.Transport
	if transport == nil {
		direct := &http.Transport{DisableKeepAlives: true} // it is asked now and then: a connection would only lie idle
		defer direct.CloseIdleConnections()
		transport = direct
	}
	resp, err := transport.RoundTrip(req) // follows no redirection: the agent makes none
	if err != nil {
		return 0, nil, fmt.Errorf("the ECS agent does not answer: %w", err)
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, longest))
	if err != nil {
		return 0, nil, fmt.Errorf("the answer of the ECS agent breaks off: %w", err)
	}
	return resp.StatusCode, answer, nil
}
