package config

import (
	"maps"
	"slices"
	"strings"
)

// ours is the prefix under which an unknown name is most likely a misspelt one.
const ours = "RUNNER_"

// theirs are names like ours that are not ours: the runner's own (actions/runner sets or reads them) and those
// that images commonly set for themselves.
var theirs = []string{
	"RUNNER_ALLOW_RUNASROOT", "RUNNER_MANUALLY_TRAP_SIG", "RUNNER_UPDATE_CA_CERTS", "RUNNER_WAIT_FOR_DOCKER_IN_SECONDS",
	"RUNNER_TOOL_CACHE", "RUNNER_TOOLSDIRECTORY", "RUNNER_LOGSIZE", "RUNNER_LOGRETENTION", "RUNNER_PERFLOG", "RUNNER_TRACKING_ID",
	"RUNNER_OS", "RUNNER_ARCH", "RUNNER_TEMP", "RUNNER_WORKSPACE", "RUNNER_ENVIRONMENT", "RUNNER_DEBUG",
	"RUNNER_VERSION", "RUNNER_CONTAINER_HOOKS_VERSION", "RUNNER_ASSETS_DIR", "RUNNER_UID", "RUNNER_GID", "RUNNER_USER_UID", "RUNNER_USER_GID",
	"GITHUB_PATH", // a file of each step of a job, and one letter off a token
}

// warnUnknown remarks on variables that look as if they were meant for us: those with our prefix, and those that are
// spelt almost like a name of ours or of another image.
func (r *reading) warnUnknown() {
	for _, name := range slices.Sorted(maps.Keys(r.environ)) {
		_, known := r.known.lookup(name)
		switch {
		case known || r.environ[name] == "":
		case strings.HasPrefix(name, inputPrefix):
			r.warn("%s is not used: the runner is configured by our own variables", name)
		case isTheirs(name):
		case strings.HasPrefix(name, ours):
			r.warn("%s is not known%s", name, didYouMean(r.alike(name, 3, false)))
		default:
			if meant := r.alike(name, 1, true); meant != "" {
				r.warn("%s is not known%s", name, didYouMean(meant))
			}
		}
	}
}

// inputPrefix begins the variables from which the runner takes its arguments (actions/runner, CommandSettings.cs).
const inputPrefix = "ACTIONS_RUNNER_INPUT_"

// names are all names that Load reads; true are those of a secret. Those with a suffix go without saying.
type names map[string]bool

func knownNames(table []Variable) names {
	known := names{}
	for _, v := range table {
		known[v.Name] = v.Secret
		for _, a := range v.Aliases {
			known[a.Name] = v.Secret
		}
	}
	for _, l := range laters {
		for _, name := range l.names {
			known[name] = false
		}
	}
	return known
}

// lookup reports whether Load reads a variable, and whether it is a secret, or leads to one.
func (n names) lookup(name string) (secret, known bool) {
	for _, suffix := range []string{"", fileSuffix, valueFromSuffix} {
		if stem, ok := strings.CutSuffix(name, suffix); ok {
			if secret, known = n[stem]; known {
				return secret, true
			}
		}
	}
	return false, false
}

// isTheirs also excuses what Kubernetes sets in every pod for a service whose name begins with "runner".
func isTheirs(name string) bool {
	return slices.Contains(theirs, name) || strings.HasPrefix(name, "RUNNER_INIT_") || strings.HasPrefix(name, "RUNNER_FEATURE_") ||
		strings.Contains(name, "_SERVICE_") || strings.Contains(name, "_PORT")
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return "; did you mean " + name + "?"
}

// shortest is the length of the shortest name outside our prefix for which another can be a slip of the pen: APP_UID is
// no APP_ID, and PATH is no PAT.
const shortest = 8

// alike returns the known name that is spelt most like a given one, if one is like enough: at most limit letters apart,
// whatever their case. For a foreign name, one without our prefix, short names are left out, and those that programs of
// all kinds use. A suffix such as _FILE is carried over.
func (r *reading) alike(name string, limit int, foreign bool) string {
	name = strings.ToUpper(strings.Trim(name, "\ufeff \t\r"))
	for _, suffix := range []string{fileSuffix, valueFromSuffix} {
		if stem, ok := strings.CutSuffix(name, suffix); ok {
			if meant := r.alike(stem, limit, foreign); meant != "" {
				return meant + suffix
			}
			return ""
		}
	}
	best, distance := "", limit+1
	try := func(candidate string) {
		if apart := len(name) - len(candidate); apart >= distance || -apart >= distance || foreign && len(candidate) < shortest {
			return // the distance is at least that of the lengths
		}
		if d := editDistance(name, candidate, distance-1); d < distance {
			best, distance = candidate, d
		}
	}
	for _, v := range r.table {
		try(v.Name)
		for _, a := range v.Aliases {
			if !foreign || len(a.Images) > 0 {
				try(a.Name)
			}
		}
	}
	return best
}

// editDistance is the number of bytes to insert, delete or replace, and of neighbours to swap, to make one of the other
// (optimal string alignment). Beyond the limit it is any number above it.
func editDistance(a, b string, limit int) int {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	switch {
	case a == "" || b == "":
		return len(a) + len(b)
	case limit == 0:
		return 1
	}
	limit--
	least := min(editDistance(a[1:], b, limit), editDistance(a, b[1:], limit), editDistance(a[1:], b[1:], limit))
	if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
		least = min(least, editDistance(a[2:], b[2:], limit))
	}
	return 1 + least
}
