package aws

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Parameter is one version of a parameter.
type Parameter struct {
	Region, Name, Value string
	Secure              bool
	Labels              []string
}

// ARN is that of the parameter.
func (p Parameter) ARN() string {
	return "arn:aws:ssm:" + p.Region + ":" + Account + ":parameter/" + strings.TrimPrefix(p.Name, "/")
}

// Put adds a version of a parameter.
func (s *Server) Put(p Parameter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parameters[p.ARN()] = append(s.parameters[p.ARN()], p)
}

// getParameters answers GetParameters: at most ten names, those that there are and those that there are not, or nothing if
// one of them is denied.
func (s *Server) getParameters(w http.ResponseWriter, r *http.Request, e Entry, body []byte) {
	var in struct {
		Names          []string
		WithDecryption bool
	}
	err := json.Unmarshal(body, &in)
	e.Names = in.Names
	if s.faulty(w, r, e) {
		return
	}
	sorted := slices.Sorted(slices.Values(in.Names))
	if err != nil || len(in.Names) == 0 || len(in.Names) > 10 || len(slices.Compact(sorted)) != len(in.Names) {
		s.refuse(w, e, http.StatusBadRequest, "ValidationException", "Member must have length less than or equal to 10, and no duplicates")
		return
	}
	found, invalid := []map[string]any{}, []string{}
	for _, name := range in.Names {
		p, message := s.parameter(e, name, in.WithDecryption)
		if message != "" {
			s.refuse(w, e, http.StatusBadRequest, "AccessDeniedException", message)
			return
		}
		if p == nil {
			invalid = append(invalid, name)
		} else {
			found = append(found, p)
		}
	}
	s.reply(w, e, map[string]any{"Parameters": found, "InvalidParameters": invalid})
}

// parameter looks one up by name or ARN, with a version or a label behind it.
func (s *Server) parameter(e Entry, asked string, decrypt bool) (_ map[string]any, refusal string) {
	id, selector := asked, ""
	if i := strings.LastIndex(asked, ":"); i >= 0 && (!strings.HasPrefix(asked, "arn:") || strings.Count(asked, ":") == 6) {
		id, selector = asked[:i], asked[i+1:]
	}
	if !strings.HasPrefix(id, "arn:") {
		id = Parameter{Region: e.Region, Name: id}.ARN()
	}
	if refusal = s.refusal(e.Action, id); refusal != "" {
		return nil, refusal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, p := range slices.Backward(s.parameters[id]) {
		if selector != "" && selector != strconv.Itoa(i+1) && !slices.Contains(p.Labels, selector) || p.Region != e.Region {
			continue
		}
		value, kind := p.Value, "String"
		if p.Secure {
			kind = "SecureString"
			if !decrypt {
				value = "ciphertext"
			}
		}
		answer := map[string]any{"ARN": id, "Name": p.Name, "Type": kind, "Value": value, "Version": i + 1}
		if selector != "" {
			answer["Selector"] = ":" + selector
		}
		return answer, ""
	}
	return nil, ""
}
