package github

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// isRunnerName says whether GitHub takes it for the name of a runner.
// A regular expression for it would cost every start of the program two milliseconds.
func isRunnerName(name string) bool {
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune("._-", r) || r == utf8.RuneError
	}
	length := utf8.RuneCountInString(name)
	return length >= 1 && length <= 64 && !strings.ContainsFunc(name, odd)
}

// generateJIT answers POST …/actions/runners/generate-jitconfig.
func (s *Server) generateJIT(c *call) answer {
	sc := scopeOfPath(c.r)
	if refusal, ok := s.authorize(c, sc, true); !ok {
		return refusal
	}
	var ask struct {
		Name       string   `json:"name"`
		Group      int64    `json:"runner_group_id"`
		Labels     []string `json:"labels"`
		WorkFolder string   `json:"work_folder"`
	}
	if err := c.decode(&ask); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	if ask.WorkFolder == "" {
		ask.WorkFolder = "_work"
	}
	if why := invalid(ask.Name, ask.Labels); why != "" {
		return refuse(http.StatusUnprocessableEntity, "Invalid request.\n\n%s", why)
	}
	if !s.hasGroup(sc, ask.Group) {
		return notFound()
	}
	if s.byName(sc, ask.Name) != nil {
		return refuse(http.StatusConflict, "Already exists - A runner with the name %q already exists.", ask.Name)
	}
	reg := s.add(sc, Runner{Name: ask.Name, GroupID: ask.Group, Labels: distinct(ask.Labels), Ephemeral: true, DisableUpdate: true, JIT: true})
	c.about(reg)
	return reply(http.StatusCreated, map[string]any{
		"runner":             s.runnerJSON(reg),
		"encoded_jit_config": s.encodeJIT(reg, baseURL(c.r), ask.WorkFolder),
	})
}

// invalid says what is wrong with a runner's name or labels, or nothing.
func invalid(name string, labels []string) string {
	switch {
	case !isRunnerName(name):
		return fmt.Sprintf("Name %q must be 1 to 64 letters, digits, dots, dashes or underscores.", name)
	case labels == nil:
		return "For 'items', nil is not an array."
	case len(labels) < 1 || len(labels) > 100:
		return "Labels must be 1 to 100."
	case slices.ContainsFunc(labels, func(l string) bool { return strings.TrimSpace(l) == "" || len(l) > 256 }):
		return "A label must be 1 to 256 characters."
	}
	return ""
}

// distinct drops what is there already, in whatever case.
func distinct(labels []string) []string {
	var kept []string
	for _, l := range labels {
		if !slices.ContainsFunc(kept, func(k string) bool { return strings.EqualFold(k, l) }) {
			kept = append(kept, l)
		}
	}
	return kept
}

// encodeJIT makes the JIT configuration: base64 of a JSON object of file names to base64 of their content; PascalCase
// keys, every value a string. The credential is a static token (scheme OAuthAccessToken), which the official listener
// takes as well, so that no key exchange is needed. The caller holds mu.
func (s *Server) encodeJIT(reg *registration, base, workFolder string) string {
	broker := brokerURL(base, reg)
	settings := map[string]any{
		"AgentId":       strconv.FormatInt(reg.ID, 10),
		"AgentName":     reg.Name,
		"DisableUpdate": "True",
		"Ephemeral":     "True",
		"PoolId":        strconv.FormatInt(reg.GroupID, 10),
		"PoolName":      nil,
		"ServerUrl":     broker,
		"ServerUrlV2":   broker,
		"UseV2Flow":     "True",
		"WorkFolder":    workFolder,
	}
	credentials := map[string]any{"Scheme": "OAuthAccessToken", "Data": map[string]string{"Token": reg.token}}
	files := map[string][]byte{".runner": mustJSON(settings), ".credentials": mustJSON(credentials)}
	encoded := base64.StdEncoding.EncodeToString(mustJSON(files))
	s.secrets = append(s.secrets, encoded)
	return encoded
}

// brokerURL is the base of the runner's own calls; it ends in a slash, which the runner relies on.
func brokerURL(base string, reg *registration) string {
	return fmt.Sprintf("%s/broker/%d/", base, reg.ID)
}

func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("cannot encode %T: %v", v, err)) // every value is a literal of this package
	}
	return text
}
