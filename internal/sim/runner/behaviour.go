package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Arrow is a point between two states of the simulated runner, at which a Behaviour can act.
type Arrow string

const (
	AtStart      Arrow = "start"       // of any command of the listener, after .env is loaded
	AtConfigure  Arrow = "configure"   // configure: arguments are valid, nothing is asked of the server yet
	AtRegistered Arrow = "registered"  // configure: the server knows the runner, no file says so yet
	AtConfigured Arrow = "configured"  // configure: all files are written
	AtRemove     Arrow = "remove"      // remove: before the server is asked
	AtConnect    Arrow = "connect"     // run: before the "Connected to GitHub" line
	AtSession    Arrow = "session"     // run: session made, before the "Listening for Jobs" line
	AtListening  Arrow = "listening"   // run: after that line
	AtJob        Arrow = "job"         // run: job acquired, before the "Running job" line
	AtWorker     Arrow = "worker"      // run: after that line, before the worker starts
	AtDone       Arrow = "done"        // run: the worker has ended, before the "completed with result" line
	AtCleanup    Arrow = "cleanup"     // run: before an ephemeral runner deletes its files
	AtStop       Arrow = "stop"        // run: a signal was taken, before it has any effect
	AtExit       Arrow = "exit"        // run: before the process ends
	AtWorkerJob  Arrow = "worker job"  // worker: has the job, before the step
	AtWorkerStop Arrow = "worker stop" // worker: was told to stop, before it has any effect
	AtWorkerExit Arrow = "worker exit" // worker: the step is over, before the server is told
)

// Act is what happens at an arrow: all of its parts, in this order.
type Act struct {
	Delay  time.Duration  // wait
	Stdout string         // print as it is: partial lines, floods
	Stderr string         //
	Repeat int            // how often to print it, 0 is once
	Hold   time.Duration  // start a background child that holds stdout and stderr open for so long
	Mute   bool           // close stdout, as nobody should
	Eat    bool           // take memory until somebody ends it
	Hang   bool           // stand still for ever; signals are taken, and change nothing
	Signal syscall.Signal // die of it, as a crash does
	Exit   *int           // exit at once with this code
	Times  int            // act so often only, counted over all processes; 0 is always
}

// Behaviour is how the simulated runner differs from a healthy one. The zero value is the healthy one.
type Behaviour struct {
	At             map[Arrow]Act
	Version        string        // what it says it is; 2.336.0
	SessionRetry   time.Duration // between tries to make a session; 30 s
	PollRetry      time.Duration // between failing polls; 10 s
	ConfigureRetry time.Duration // between failing calls of configure; 3 s
	UnloadTimeout  time.Duration // what is left of the process after SIGTERM; 30 s
	TermExit       *int          // exit code after SIGTERM; 143, and 0 is as true
	InterruptGrace time.Duration // of a step, between SIGINT and SIGTERM; 7.5 s
	TermGrace      time.Duration // of a step, between SIGTERM and SIGKILL; 2.5 s
	PipeGrace      time.Duration // how long a dead step's open pipes are waited for; 5 s
	UpdatePoll     time.Duration // how often the update script looks whether the listener is gone; 2 s
}

// behaviourFile is where a Behaviour lies below the runner's root.
const behaviourFile = ".sim.json"

// WriteBehaviour makes the runner below root behave so, from its next process on.
func WriteBehaviour(root string, b Behaviour) error {
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot encode behaviour: %w", err)
	}
	path := filepath.Join(root, behaviourFile)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return err
	}
	return os.Chmod(path, 0o644) // the job user reads it, whatever the umask
}

// readBehaviour reads it back, with the official runner's lengths of time for what is not given.
func readBehaviour(home root) (Behaviour, error) {
	var b Behaviour
	text, err := os.ReadFile(home.path(behaviourFile))
	if err == nil {
		err = json.Unmarshal(text, &b)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return b, fmt.Errorf("cannot read behaviour: %w", err)
	}
	b.Version = orText(b.Version, "2.336.0")
	for _, d := range []struct {
		value    *time.Duration
		official time.Duration
	}{
		{&b.SessionRetry, 30 * time.Second},
		{&b.PollRetry, 10 * time.Second},
		{&b.ConfigureRetry, 3 * time.Second},
		{&b.UnloadTimeout, 30 * time.Second},
		{&b.InterruptGrace, 7500 * time.Millisecond},
		{&b.TermGrace, 2500 * time.Millisecond},
		{&b.PipeGrace, 5 * time.Second},
		{&b.UpdatePoll, 2 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.official
		}
	}
	return b, nil
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// at does what the behaviour has for the arrow.
func (p *process) at(arrow Arrow) {
	act, ok := p.behaviour.At[arrow]
	if !ok || !p.takeTurn(arrow, act.Times) {
		return
	}
	time.Sleep(act.Delay)
	os.Stdout.WriteString(strings.Repeat(act.Stdout, max(1, act.Repeat)))
	os.Stderr.WriteString(strings.Repeat(act.Stderr, max(1, act.Repeat)))
	if act.Hold > 0 {
		holdOpen(act.Hold)
	}
	if act.Mute {
		os.Stdout.Close()
	}
	if act.Eat {
		eat()
	}
	if act.Hang {
		select {}
	}
	if act.Signal != 0 {
		dieOf(act.Signal)
	}
	if act.Exit != nil {
		p.exit(*act.Exit)
	}
}

// takeTurn notes that the arrow was passed, and says whether it may act once more.
func (p *process) takeTurn(arrow Arrow, times int) bool {
	taken := 0
	if times > 0 {
		records, err := Records(string(p.root))
		if err != nil {
			return false
		}
		for _, r := range records {
			if r.Event == "act" && r.Detail == string(arrow) {
				taken++
			}
		}
	}
	if times > 0 && taken >= times {
		return false
	}
	p.record("act", string(arrow))
	return true
}
