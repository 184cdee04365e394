package lifecycle

import (
	"fmt"
	"strings"
	"testing"
)

// listenerEnds is the table of what follows the end of a listener.
func listenerEnds(t *testing.T) string {
	t.Helper()
	var page strings.Builder
	fmt.Fprintf(&page, `
## When the listener ends

Whatever it left behind is ended first: what descends from PID 1 (or, where that is not ours, from the subreaper that we are
there), was born after the first listener, and is not below our supervisor, in whatever session or process group and of
whatever user. It gets SIGTERM, and SIGKILL after 2s (15s with a worker in it, whose listener has died: it may still report its job), or
as soon as the plan of a stop has the listener killed.
What is still there a second later, because the kernel does not let go of it, is left behind. Only a self-update is spared.

"Often" is %d restarts without a session of %s in between, or %d registrations, or %d self-updates that did not come to
their end, each of which was waited for for half a minute. Restarts are 5s apart, then twice as long each time. What the
OOM killer has done is read from the memory cgroup that we are in, version 1 or 2; where it may kill the whole group at
once (memory.oom.group, which Kubernetes sets), there is nobody left to tell.

| how the listener ends | what is done | exit code | if a job is drained after a stop |
|---|---|---|---|
`, maxRestarts, short(proof), maxIdentities, maxStuck)
	comments := commentsOf(t, "event.go")
	for _, how := range everyEnding() {
		name := endingIdentifiers[how]
		first, did := Next(idle(), Ended{How: how})
		code := fmt.Sprint(eventually(idle(), how).Code)
		if first.Phase != Deregistering {
			code += ", if often"
		}
		drained := eventually(after(busy(), Stop{}, Fenced{Busy}), how)
		fmt.Fprintf(&page, "| `%s`: %s | %s | %s | %d |\n", name, comments[name], do(did), code, drained.Code)
	}
	return page.String()
}

// eventually returns the exit of a runner whose listeners all end in the same way.
func eventually(s Status, how Ending) Exit {
	for range 100 {
		s = after(s, Ended{How: how}, Checked{Vacant}, Expired{RestartAt}, Updated{}, Registered{}, Deregistered{Gone})
		if s.Phase == Exited {
			break
		}
	}
	return s.Exit
}

var endingIdentifiers = [...]string{
	"Finished", "Terminated", "Retryable", "Updating", "Conflict", "Outdated", "Crashed", "OutOfMemory", "Unseen",
}

func everyEnding() []Ending {
	all := make([]Ending, len(endingIdentifiers))
	for i := range all {
		all[i] = Ending(i)
	}
	return all
}
