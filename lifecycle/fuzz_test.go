package lifecycle

import (
	"slices"
	"strings"
	"testing"
)

// FuzzNext tells scripts that no walk tells: news, signals and GitHub's answers at any time, twice, or never asked for,
// and timers that expire although they were disarmed. What only we can say of ourselves stays true: the answer to a step,
// and that a timer has been armed at all.
func FuzzNext(f *testing.F) {
	alphabet := everyEvent()
	letter := func(events ...Event) []byte {
		script := make([]byte, len(events))
		for i, e := range events {
			script[i] = byte(slices.Index(alphabet, e))
		}
		return script
	}
	boot := []Event{Booted{}, Authenticated{}, Registered{}, Ready{}}
	for _, rest := range [][]Event{
		{Stop{}, Fenced{Gone}, Expired{Settled}, Looked{}, Ended{How: Finished}},
		{Stop{}, Fenced{Busy}, JobStarted{}, Expired{DrainBy}, Expired{KillBy}, Ended{How: Crashed}, Deregistered{Busy}},
		{JobStarted{}, JobEnded{}, Ended{How: Retryable}, Checked{}, Expired{RestartAt}, Ended{How: Conflict}, Registered{}, Leave{}, Stop{}},
	} {
		f.Add(true, letter(append(boot, rest...)...))
		f.Add(false, letter(append(boot, rest...)...))
	}
	f.Fuzz(func(t *testing.T, ephemeral bool, script []byte) {
		w, err := outset(Begin(ephemeral))
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		var known timers
		for _, b := range script {
			e := alphabet[int(b)%len(alphabet)]
			known |= w.armed
			if impossible(w, known, e) {
				continue
			}
			told = append(told, line(w, e))
			if w, _, err = w.happen(e); err != nil {
				t.Fatalf("%v\n%s", err, strings.Join(told, "\n"))
			}
		}
		if err := newEndings().stop(w, Stop{}); err != nil {
			t.Fatalf("%v\n%s", err, strings.Join(told, "\n"))
		}
	})
}

// impossible says that an event would mean that our own loop lies.
func impossible(w world, known timers, e Event) bool {
	switch e := e.(type) {
	case Booted, Authenticated, Registered, Failed, Checked, Watched, Probed, Updated, Looked:
		return !slices.Contains(w.answers(), Event(e))
	case Expired:
		return !known.has(e.Timer)
	}
	return false
}
