package lifecycle

import (
	"fmt"
	"strings"
)

// eventName returns an event as the tests write it.
func eventName(e Event) string {
	name, variant := parts(e)
	if variant == "" {
		return name
	}
	return name + "(" + variant + ")"
}

// parts returns an event as the generated page writes it: its name, and which of several events of that name it is.
func parts(e Event) (name, variant string) {
	switch e := e.(type) {
	case Failed:
		variant = choice(e.Ghost, "ghost", "")
	case Looked:
		variant = choice(e.Worker, "worker", "no worker")
	case Checked:
		variant = standingNames[e.Standing]
	case Probed:
		variant = standingNames[e.Standing]
	case Watched:
		variant = choice(e.Worker, "worker", "no worker")
	case Updated:
		variant = choice(e.Unfinished, "unfinished", "finished")
	case Ended:
		variant = endingNames[e.How]
	case Fenced:
		variant = verdictNames[e.Verdict]
	case Deregistered:
		variant = verdictNames[e.Verdict]
	case Expired:
		variant = timerNames[e.Timer]
	}
	return bare(e), variant
}

func choice(holds bool, yes, no string) string {
	if holds {
		return yes
	}
	return no
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
	endingNames   = []string{"finished", "terminated", "retryable", "updating", "conflict", "outdated", "crashed", "out of memory", "unseen"}
	standingNames = []string{"unclear", "missing", "vacant", "offline", "occupied", "unasked"}
	verdictNames  = []string{"gone", "busy", "unknown", "kept"}
	timerNames    = []string{
		"StartBy", "IdleBy", "LifeBy", "FenceBy", "Settled", "FenceAgain", "DrainBy", "LingerBy", "KillBy", "ExitBy", "WorkerBy", "ProbeAt",
		"RestartAt", "SteadyAt",
	}
)
