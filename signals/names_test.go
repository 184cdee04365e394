package signals

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestNames: every signal is known by every form of its name, and by its number.
func TestNames(t *testing.T) {
	for sig := 1; sig <= lastSignal; sig++ {
		forms := []string{fmt.Sprint(sig), fmt.Sprintf("%03d", sig)}
		if sig <= lastStandard {
			name := strings.TrimPrefix(unix.SignalName(unix.Signal(sig)), "SIG")
			forms = append(forms, name, "SIG"+name, strings.ToLower(name), "sig"+strings.ToLower(name), "Sig"+name, "sIG"+strings.ToLower(name[:1])+name[1:])
		}
		if sig >= firstRealTime {
			for _, form := range []string{"RTMIN+%d", "SIGRTMIN+%d", "rtmin+%d", "sigRTmin+0%d"} {
				forms = append(forms, fmt.Sprintf(form, sig-34))
			}
			for _, form := range []string{"RTMAX-%d", "SIGRTMAX-%d", "rtmax-%d", "sigRTmax-00%d"} {
				forms = append(forms, fmt.Sprintf(form, 64-sig))
			}
		}
		for _, form := range forms {
			if got, ok := signalNumber(form); !ok || got != sig {
				t.Errorf("%q: got %d, %t; want %d", form, got, ok, sig)
			}
		}
	}
	others := map[string]int{
		"IOT": 6, "SIGIOT": 6, "CLD": 17, "sigcld": 17, "POLL": 29, "UNUSED": 31, "RTMIN": 34, "SIGRTMIN": 34, "RTMAX": 64, "sigrtmax": 64,
	}
	for name, want := range others {
		if got, ok := signalNumber(name); !ok || got != want {
			t.Errorf("%q: got %d, %t; want %d", name, got, ok, want)
		}
	}
}

func TestNoNames(t *testing.T) {
	for _, s := range []string{
		"", "0", "00", "65", "-1", "+1", " 15", "15 ", "1000000000000000000000", "SIG", "SIG15", "SIGSIGTERM", "TER", "TERMS", "T", "TERM ", " TERM",
		"RTMIN+", "RTMIN-1", "RTMIN+31", "RTMIN+-1", "RTMAX+1", "RTMAX-", "RTMAX-31", "RTMINX", "RTMI", "RTMIN+1x", "RTMIN 1", "EXIT", "ſIGTERM", "\xff",
	} {
		if got, ok := signalNumber(s); ok {
			t.Errorf("%q is taken for %d", s, got)
		}
	}
}

// TestSignalName: what is printed is the kernel's name, or one that reads back.
func TestSignalName(t *testing.T) {
	for sig := 1; sig <= lastSignal; sig++ {
		got := joined(signalName(sig))
		if want := unix.SignalName(unix.Signal(sig)); sig <= lastStandard && got != want {
			t.Errorf("%d: got %q, want %s", sig, got, want)
		}
		back, ok := signalNumber(got)
		if nameless := sig > lastStandard && sig < firstRealTime; ok == nameless || ok && back != sig {
			t.Errorf("%d is called %q, which is understood as %d, %t", sig, got, back, ok)
		}
	}
	for sig, want := range map[int]string{0: "signal 0", 32: "signal 32", 33: "signal 33", 34: "SIGRTMIN", 64: "SIGRTMIN+30", 65: "signal 65", -1: "signal -1"} {
		if got := joined(signalName(sig)); got != want {
			t.Errorf("%d: got %q, want %s", sig, got, want)
		}
	}
}

func TestSignalDescription(t *testing.T) {
	c := newClib(t)
	for sig := -1; sig <= lastSignal+1; sig++ {
		want := c.ask(t, "signal", fmt.Sprint(sig))[0]
		if got := joined(signalDescription(sig)); got != want {
			t.Errorf("%d: got %q, want %q", sig, got, want)
		}
	}
}

// TestTiniSignals: tini knows 28 names, in one form each.
func TestTiniSignals(t *testing.T) {
	known := 0
	for sig := 1; sig <= lastStandard; sig++ {
		name := unix.SignalName(unix.Signal(sig))
		switch got := tiniSignal(name); {
		case got == sig:
			known++
		case got != 0:
			t.Errorf("%s: got %d, want %d", name, got, sig)
		}
	}
	if known != 28 {
		t.Errorf("%d names are known, want 28", known)
	}
	for _, s := range []string{"", "TERM", "sigterm", "SIGterm", "15", "SIG", "SIGRTMIN", "SIGIOT", "SIGCLD", "SIGTERM ", "SIGSTKFLT", "SIGIO", "SIGPWR", "SIGPOLL"} {
		if got := tiniSignal(s); got != 0 {
			t.Errorf("%q is taken for %d", s, got)
		}
	}
}
