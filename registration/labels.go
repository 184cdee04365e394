package registration

import (
	"runtime"
	"strings"
)

// DefaultLabels are the labels that the runner's own configure step gives a runner on this machine, in its order:
// self-hosted, Linux, and the architecture as the runner spells it. A just-in-time registration has no such step: it
// carries only the labels it is sent.
func DefaultLabels() []string { return []string{"self-hosted", "Linux", architecture(runtime.GOARCH)} }

// architecture is Go's name of an architecture in the runner's spelling (actions/runner, Constants.Architecture).
func architecture(goarch string) string {
	switch goarch {
	case "amd64":
		return "X64"
	case "386":
		return "X86"
	default: // arm64 and arm differ in case alone
		return strings.ToUpper(goarch)
	}
}
