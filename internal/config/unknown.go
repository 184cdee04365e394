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
	known := knownNames()
	for _, name := range slices.Sorted(maps.Keys(r.environ)) {
		switch {
		case r.environ[name] == "" || known[name]:
		case strings.HasPrefix(name, inputPrefix):
			r.warn("%s is not used: the runner is configured by our own variables", name)
		case strings.HasPrefix(name, ours) && !isTheirs(name):
			r.warn("%s is not known%s", name, suggestion(name))
		}
	}
}

// inputPrefix begins the variables from which the runner takes its arguments (actions/runner, CommandSettings.cs).
const inputPrefix = "ACTIONS_RUNNER_INPUT_"

// knownNames are all names that Load reads.
func knownNames() map[string]bool {
	known := map[string]bool{}
	for _, v := range Variables() {
		for _, name := range v.names() {
			known[name] = true
		}
	}
	for _, l := range laters {
		for _, name := range l.names {
			for _, n := range (Variable{Name: name}).names() {
				known[n] = true
			}
		}
	}
	return known
}

// isTheirs also excuses what Kubernetes sets in every pod for a service whose name begins with "runner".
func isTheirs(name string) bool {
	return slices.Contains(theirs, name) || strings.HasPrefix(name, "RUNNER_INIT_") || strings.HasPrefix(name, "RUNNER_FEATURE_") ||
		strings.Contains(name, "_SERVICE_") || strings.Contains(name, "_PORT")
}

// suggestion names the variable that is spelt most alike, if one is alike at all.
func suggestion(name string) string {
	const alike = 3 // letters; the prefix is common to all
	best, distance := "", alike+1
	for _, v := range Variables() {
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
