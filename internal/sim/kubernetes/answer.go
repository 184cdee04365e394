package kubernetes

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Answer is one that is not the pod's.
type Answer struct {
	Status int
	Body   string
	Hang   bool // never, until the client gives up
	Cut    bool // the connection ends within the body
}

// Answers are those of an API server in trouble, and of what may stand in its place.
func Answers() map[string]Answer {
	status := func(code int, reason, message string) Answer {
		_, s := refusal(code, reason, message)
		text, _ := json.Marshal(s)
		return Answer{Status: code, Body: string(text)}
	}
	return map[string]Answer{
		"unauthorized":      status(401, "Unauthorized", "Unauthorized"),
		"forbidden":         status(403, "Forbidden", `pods "github-runner-1" is forbidden: User "system:serviceaccount:github-runners:github-runner" cannot patch resource "pods"`),
		"not found":         status(404, "NotFound", `pods "github-runner-1" not found`),
		"conflict":          status(409, "Conflict", "the object has been modified"),
		"another pod":       status(422, "Invalid", `metadata.uid: Invalid value: "x": field is immutable`),
		"denied by policy":  status(422, "Invalid", `ValidatingAdmissionPolicy 'other' with binding 'other' denied request: no annotations here`),
		"bad request":       status(400, "BadRequest", "error decoding patch"),
		"media type":        status(415, "UnsupportedMediaType", "the body of the request was in an unknown format"),
		"too many requests": {Status: 429, Body: "Too many requests, please try again later.\n"},
		"internal error":    status(500, "InternalError", "Internal error occurred: failed calling webhook"),
		"unavailable":       status(503, "ServiceUnavailable", "the server is currently unable to handle the request"),
		"timeout":           status(504, "Timeout", "Timeout: request did not complete within the allotted timeout"),
		"hang":              {Hang: true},
		"connection lost":   {Status: 200, Body: `{"kind":"Pod","meta`, Cut: true},
		"garbage":           {Status: 200, Body: "<html>\n\x00portal</html>"},
		"nothing":           {Status: 200},
		"another object":    {Status: 200, Body: `{"kind":"Status","status":"Success"}`},
		"a redirection":     {Status: 302},
	}
}

func (a Answer) write(w http.ResponseWriter, r *http.Request) int {
	if a.Hang {
		<-r.Context().Done()
		return 0
	}
	if a.Cut {
		w.Header().Set("Content-Length", fmt.Sprint(len(a.Body)+1000))
	}
	if a.Status == http.StatusFound {
		w.Header().Set("Location", "https://127.0.0.1:1/")
	}
	w.WriteHeader(a.Status)
	w.Write([]byte(a.Body))
	return a.Status
}
