package config

import (
	"maps"
	"slices"
	"strings"
)

// ours is the prefix under which an unknown name is most likely a misspelt one.
const ours = "RUNNER_"

// theirs are names with our prefix that are not ours: the runner's own (actions/runner sets or reads them) and those
// that images commonly set for themselves.
var theirs = []string{
	"RUNNER_ALLOW_RUNASROOT", "RUNNER_MANUALLY_TRAP_SIG", "RUNNER_UPDATE_CA_CERTS", "RUNNER_WAIT_FOR_DOCKER_IN_SECONDS",
	"RUNNER_TOOL_CACHE", "RUNNER_TOOLSDIRECTORY", "RUNNER_LOGSIZE", "RUNNER_LOGRETENTION", "RUNNER_PERFLOG", "RUNNER_TRACKING_ID",
	"RUNNER_OS", "RUNNER_ARCH", "RUNNER_TEMP", "RUNNER_WORKSPACE", "RUNNER_ENVIRONMENT", "RUNNER_DEBUG",
	"RUNNER_VERSION", "RUNNER_CONTAINER_HOOKS_VERSION", "RUNNER_ASSETS_DIR", "RUNNER_UID", "RUNNER_GID", "RUNNER_USER_UID", "RUNNER_USER_GID",
}

// warnUnknown remarks on variables that look as if they were meant for us.
func (r *reading) warnUnknown() {
	for _, name := range slices.Sorted(maps.Keys(r.environ)) {
		_, known := r.known[name]
		switch {
		case known || r.environ[name] == "":
		case strings.HasPrefix(name, inputPrefix):
			r.warn("%s is not used: the runner is configured by our own variables", name)
		case strings.HasPrefix(name, ours) && !isTheirs(name):
			r.warn("%s is not known%s", name, suggestion(name, r.table))
		}
	}
}

// inputPrefix begins the variables from which the runner takes its arguments (actions/runner, CommandSettings.cs).
const inputPrefix = "ACTIONS_RUNNER_INPUT_"

// knownNames are all names that Load reads; true are those of a secret, of its file and of its reference.
func knownNames(table []Variable) map[string]bool {
	known := map[string]bool{}
	add := func(v Variable) {
		for _, name := range append([]string{v.Name}, v.Aliases...) {
			known[name], known[name+fileSuffix], known[name+valueFromSuffix] = v.Secret, v.Secret, v.Secret
		}
	}
	for _, v := range table {
		add(v)
	}
	for _, l := range laters {
		add(Variable{Name: l.names[0], Aliases: l.names[1:]})
	}
	return known
}

// isTheirs also excuses what Kubernetes sets in every pod for a service whose name begins with "runner".
func isTheirs(name string) bool {
	return slices.Contains(theirs, name) || strings.HasPrefix(name, "RUNNER_INIT_") || strings.HasPrefix(name, "RUNNER_FEATURE_") ||
		strings.Contains(name, "_SERVICE_") || strings.Contains(name, "_PORT")
}

// suggestion names the variable that is spelt most alike, if one is alike at all.
func suggestion(name string, table []Variable) string {
	const alike = 3 // letters; the prefix is common to all
	best, distance := "", alike+1
	for _, v := range table {
		for _, candidate := range append([]string{v.Name}, v.Aliases...) {
			if d := editDistance(name, candidate); d < distance {
				best, distance = candidate, d
			}
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// editDistance is the number of bytes to insert, delete or replace to make one of the other (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
