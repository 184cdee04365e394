package runner

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// service is `Runner.Listener run`: one session, jobs one after the other.
type service struct {
	*listener
	set     *settings
	cred    *credentials
	token   string
	session string
	once    bool // ends after one job

	stopped context.Context // ends with the first stop signal
	byTerm  atomic.Bool     // that signal, or a later one, was SIGTERM
	job     *job            // the one being done, or nil
	failing bool            // an outage was announced and is not over
}

// run is the whole life of the listening process.
func (l *listener) run() int {
	s := &service{listener: l}
	var stop context.CancelFunc
	s.stopped, stop = context.WithCancel(context.Background())
	defer stop()
	go s.obey(stop)
	code := s.live()
	s.at(AtExit)
	if s.byTerm.Load() {
		return s.termCode()
	}
	return code
}

// obey turns signals into a stop: SIGINT and SIGQUIT say so each time and never escalate, SIGTERM says nothing and
// limits what is left of the process.
func (s *service) obey(stop func()) {
	for sig := range s.stops {
		if sig == syscall.SIGTERM {
			s.byTerm.Store(true)
			s.capUnload()
		} else {
			s.term.line("Exiting...")
		}
		go func() {
			s.at(AtStop)
			stop()
		}()
	}
}

// live goes from the files to the session to the jobs, and back out.
func (s *service) live() int {
	if err := s.writeJIT(); err != nil {
		s.term.fail("An error occurred: %s", err)
		return terminated
	}
	if err := s.load(); err != nil {
		s.term.fail("An error occurred: %s", err)
		return terminated
	}
	if code, ok := s.connect(); !ok {
		return code
	}
	s.at(AtSession)
	s.term.line("Current runner version: '%s'", s.behaviour.Version)
	s.term.stamped("Listening for Jobs")
	s.at(AtListening)
	return s.listen()
}

// writeJIT writes each file of --jitconfig exactly as given, over whatever is there.
func (s *service) writeJIT() error {
	encoded := s.args.value("jitconfig")
	if encoded == "" {
		return nil
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return said("The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, or an illegal character among the padding characters.")
	}
	files := map[string][]byte{}
	if err := json.Unmarshal(text, &files); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(s.root.path(name), content, 0o666); err != nil {
			return err
		}
	}
	return nil
}

func (s *service) load() (err error) {
	if !s.root.has(".runner") {
		return said("Not configured. Run config.(sh/cmd) to configure the runner.")
	}
	if s.set, err = s.root.readSettings(); err != nil {
		return err
	}
	if s.cred, err = s.root.readCredentials(); err != nil {
		return err
	}
	s.once = s.set.Ephemeral || s.args.flag("once") || isTrue(os.Getenv("ACTIONS_RUNNER_RETURN_JOB_RESULT_FOR_HOSTED"))
	if err := os.MkdirAll(s.workDir(), 0o777); err != nil {
		return saidf("Fail to create and validate runner's work directory '%s'.", s.workDir())
	}
	if os.Getenv("CI") == "" {
		os.Setenv("CI", "true")
	}
	return nil
}

func (s *service) workDir() string { return s.root.work(s.set) }

// pause waits, and returns false if the stop comes first.
func (s *service) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.stopped.Done():
		return false
	}
}

// complainOnce announces an outage, once until it is over.
func (s *service) complainOnce(err error) {
	if !s.failing {
		s.term.fail("%s: Runner connect error: %s. Retrying until reconnected.", stamp(), reason(err))
	}
	s.failing = true
}

// recovered announces the end of an outage.
func (s *service) recovered() {
	if s.failing {
		s.term.stamped("Runner reconnected.")
	}
	s.failing = false
}

// reason is the error without the address, as .NET words it.
func reason(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err.Error()
}
