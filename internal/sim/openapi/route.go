package openapi

import (
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/routers"
)

// find returns the operation that describes the request and the values of its path. A word in a path is preferred to a
// parameter, as GitHub does with …/runners/downloads.
func (j *judge) find(r *http.Request) (*routers.Route, map[string]string) {
	path := strings.TrimPrefix(r.URL.Path, "/api/v3")
	var best *routers.Route
	var values map[string]string
	for template, item := range j.doc.Paths.Map() {
		operation := item.GetOperation(r.Method)
		found, ok := match(template, path)
		if operation == nil || !ok || best != nil && len(found) >= len(values) {
			continue
		}
		values = found
		best = &routers.Route{
			Spec: j.doc, Server: j.doc.Servers[0], Path: template, PathItem: item, Method: r.Method, Operation: operation,
		}
	}
	return best, values
}

// match lays a path over a template.
func match(template, path string) (map[string]string, bool) {
	names, parts := strings.Split(template, "/"), strings.Split(path, "/")
	if len(names) != len(parts) {
		return nil, false
	}
	values := map[string]string{}
	for i, name := range names {
		parameter, isParameter := strings.CutPrefix(name, "{")
		switch {
		case isParameter:
			values[strings.TrimSuffix(parameter, "}")] = parts[i]
		case name != parts[i]:
			return nil, false
		}
	}
	return values, true
}
