package runner

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// terminal is what the runner says to people: progress on stdout, errors on stderr, both in its diagnostic log. With
// ACTIONS_RUNNER_PRINT_LOG_TO_STDOUT the log goes to stdout as well, so that every line appears twice.
type terminal struct {
	mu   sync.Mutex
	tag  string // RUNNER or WORKER
	diag *os.File
	echo bool
}

// openTerminal opens the diagnostic log as well; without one, when it may not write there, it does without.
func openTerminal(home root, tag, file string) *terminal {
	name := fmt.Sprintf("%s_%s-utc.log", file, time.Now().UTC().Format("20060102-150405"))
	diag, err := os.OpenFile(home.path("_diag", name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		diag = nil
	}
	return &terminal{tag: tag, diag: diag, echo: isTrue(os.Getenv("ACTIONS_RUNNER_PRINT_LOG_TO_STDOUT"))}
}

// line prints one line of progress.
func (t *terminal) line(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	t.trace("Terminal", "WRITE LINE: "+text)
	os.Stdout.WriteString(text + "\n")
}

// stamped prints one line that begins with the time.
func (t *terminal) stamped(format string, args ...any) {
	t.line("%s: %s", stamp(), fmt.Sprintf(format, args...))
}

// fail prints one line of error.
func (t *terminal) fail(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	t.trace("Terminal", "WRITE ERROR: "+text)
	os.Stderr.WriteString(text + "\n")
}

// log writes to the diagnostic log alone.
func (t *terminal) log(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trace(t.tag, fmt.Sprintf(format, args...))
}

// trace writes one line of the log. The caller holds mu.
func (t *terminal) trace(component, text string) {
	line := fmt.Sprintf("[%s %s INFO %s] %s\n", t.tag, stamp(), component, text)
	if t.diag != nil {
		t.diag.WriteString(line)
	}
	if t.echo {
		os.Stdout.WriteString(line)
	}
}

// section is a headline between empty lines.
func (t *terminal) section(title string) {
	t.line("")
	t.line("# %s", title)
	t.line("")
}

// done is a tick, U+221A, and what was done.
func (t *terminal) done(format string, args ...any) { t.line("√ "+format, args...) }

// stamp is the time in .NET's format "u".
func stamp() string { return time.Now().UTC().Format("2006-01-02 15:04:05Z") }

// said is an error in the words of the official runner, which are not the words of this project.
type said string

func (s said) Error() string { return string(s) }

func saidf(format string, args ...any) error { return said(fmt.Sprintf(format, args...)) }
