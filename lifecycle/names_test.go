package lifecycle

import (
	"fmt"
	"strings"
)

// eventName returns an event as the tests and the generated page write it.
func eventName(e Event) string {
	switch e := e.(type) {
	case Failed:
		if e.Ghost {
			return "Failed(ghost)"
		}
	case Looked:
		return named("Looked", e.Worker, "worker", "no worker")
	case Checked:
		return named("Checked", e.Gone, "gone", "there")
	case Ended:
		return "Ended(" + endingNames[e.How] + ")"
	case Fenced:
		return "Fenced(" + verdictNames[e.Verdict] + ")"
	case Deregistered:
		return "Deregistered(" + verdictNames[e.Verdict] + ")"
	case Expired:
		return "Expired(" + timerNames[e.Timer] + ")"
	}
	return bare(e)
}

func named(name string, holds bool, yes, no string) string {
	if holds {
		return name + "(" + yes + ")"
	}
	return name + "(" + no + ")"
}

// actionName returns an action as the tests and the generated page write it.
func actionName(a Action) string {
	switch a := a.(type) {
	case Arm:
		return "Arm(" + timerNames[a.Timer] + ")"
	case Disarm:
		return "Disarm(" + timerNames[a.Timer] + ")"
	}
	return bare(a)
}

func actionNames(actions []Action) string {
	names := make([]string, len(actions))
	for i, a := range actions {
		names[i] = actionName(a)
	}
	return strings.Join(names, ", ")
}

// bare is the name of a type without its package.
func bare(v any) string {
	_, name, _ := strings.Cut(fmt.Sprintf("%T", v), ".")
	return name
}

var (
	endingNames  = []string{"finished", "terminated", "retryable", "updating", "conflict", "outdated", "crashed", "unseen"}
	verdictNames = []string{"gone", "busy", "unknown", "kept"}
	timerNames   = []string{
		"StartBy", "FenceBy", "Settled", "FenceAgain", "DrainBy", "LingerBy", "KillBy", "DeregisterBy", "RestartAt",
	}
)
