package ecs

import (
	"io"
	"net/http"
	"strings"
)

// Answer is one that the agent gives whatever it is asked.
type Answer struct {
	Status int
	Type   string // of the body; application/json if empty
	Body   string
	// Hang gives no answer at all until the client goes away.
	Hang bool
	// Drop ends the connection in the middle of an answer.
	Drop bool
	// Endless goes on with its body until the client goes away.
	Endless bool
}

// Answers are those that the agent has for a wish to protect the task, by a name of ours, as its documentation and its own
// source have them, and a few that only happen.
func Answers() map[string]Answer {
	const arn = `"arn:aws:ecs:eu-central-1:123456789012:task/runners/158d1c8083dd49d6b527399fd6414f5c"`
	failure := func(reason, detail string) Answer {
		return Answer{Status: http.StatusOK, Body: `{"failure":{"Arn":` + arn + `,"Detail":` + detail + `,"Reason":"` + reason + `"}}`}
	}
	refusal := func(status int, code, message string) Answer {
		return Answer{Status: status, Body: `{"error":{"Arn":` + arn + `,"Code":"` + code + `","Message":"` + message + `"}}`}
	}
	ofECS := func(status int, code, message string) Answer {
		a := refusal(status, code, message)
		a.Body = `{"requestID":"12345-abc-6789-0123-abc",` + a.Body[1:]
		return a
	}
	return map[string]Answer{
		"not in a service":      failure("TASK_NOT_VALID", "null"),
		"deployment blocked":    failure("DEPLOYMENT_BLOCKED", `"the deployment waits for protected tasks"`),
		"task missing":          failure("MISSING", "null"),
		"invalid parameter":     refusal(http.StatusBadRequest, "InvalidParameterException", "UpdateTaskProtection: failed to decode request"),
		"no task role":          refusal(http.StatusForbidden, "AccessDeniedException", "Invalid Request: no task IAM role credentials available for task"),
		"task not found":        {Status: http.StatusNotFound, Body: `{"error":{"Code":"ResourceNotFoundException","Message":"Failed to find a task for the request"}}`},
		"no such path":          {Status: http.StatusNotFound, Type: "text/plain", Body: "404 page not found\n"},
		"too many requests":     {Status: http.StatusTooManyRequests, Type: "text/plain", Body: "You have reached maximum request limit."},
		"server exception":      refusal(http.StatusInternalServerError, "ServerException", "Failed to find a task for the request"),
		"timeout":               refusal(http.StatusGatewayTimeout, "RequestCanceled", "Timed out calling ECS Task Protection API"),
		"denied by ECS":         ofECS(http.StatusBadRequest, "AccessDeniedException", "User: not-a-real-role is not authorized to perform: ecs:UpdateTaskProtection"),
		"throttled by ECS":      ofECS(http.StatusBadRequest, "ThrottlingException", "Rate exceeded"),
		"unsupported":           ofECS(http.StatusBadRequest, "UnsupportedFeatureException", "The specified task isn't supported."),
		"hang":                  {Hang: true},
		"connection lost":       {Drop: true},
		"garbage":               {Status: http.StatusOK, Type: "text/html", Body: "<html>\x00\xff"},
		"nothing":               {Status: http.StatusOK},
		"another object":        {Status: http.StatusOK, Body: `{"something":"else"}`},
		"null":                  {Status: http.StatusOK, Body: `null`},
		"a number":              {Status: http.StatusOK, Body: `{"protection":7}`},
		"protected, status 500": {Status: http.StatusInternalServerError, Body: `{"protection":{"ProtectionEnabled":true,"TaskArn":` + arn + `}}`},
		"protected but it says": {Status: http.StatusOK, Body: `{"protection":{"ProtectionEnabled":false,"TaskArn":` + arn + `}}`},
		"forbidden, no reason":  {Status: http.StatusForbidden},
		"a redirection":         {Status: http.StatusFound, Body: "elsewhere"},
		"very much":             {Status: http.StatusOK, Body: strings.Repeat("x", 4<<20)},
		"without an end":        {Status: http.StatusOK, Body: strings.Repeat("x", 1<<10), Endless: true},
	}
}

func (a Answer) write(w http.ResponseWriter, r *http.Request) {
	switch {
	case a.Hang:
		<-r.Context().Done()
		return
	case a.Drop:
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "{")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	kind := a.Type
	if kind == "" {
		kind = "application/json"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(a.Status)
	for {
		if _, err := io.WriteString(w, a.Body); err != nil || !a.Endless {
			return
		}
	}
}

// recorder notes the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader notes it.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func readAll(r *http.Request) string {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20)) // what is not there is not decoded either
	return string(body)
}

func bodyOf(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }
