package runner

import (
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// End is how a listener ended.
type End struct {
	// Code is the exit code, or 128+n for an end by signal n; -1 if it was not ours to see.
	Code    int
	Meaning Meaning
	// Signal is what it was killed by; 0 is an end of its own.
	Signal syscall.Signal
	// Result is that of the job that ran when the listener was adopted, in the runner's words, as far as it is known.
	Result string
	// Strays are the processes that outlived it, and were ended then.
	Strays []Stray
}

// Meaning is what an exit code of the listener means (Runner.Common Constants.cs, Runner.ReturnCode).
type Meaning uint8

// The meanings of the runner's exit codes.
const (
	Success           Meaning = iota // 0; 100 to 105 where it was asked to return the job's result
	TerminatedError                  // 1
	RetryableError                   // 2
	RunnerUpdating                   // 3, and 4 for an ephemeral runner
	SessionConflict                  // 5
	VersionDeprecated                // 7
	Crash                            // anything else, and every end by a signal that nobody meant
	Unseen                           // the process was not our child
)

var meanings = [...]string{
	"success", "terminated error", "retryable error", "runner updating", "session conflict", "version deprecated",
	"crash", "unseen",
}

func (m Meaning) String() string { return meanings[m] }

// meaningOf reads an exit code. 6 is internal to the listener: it never leaves the process.
func meaningOf(code int) Meaning {
	switch {
	case code == 0, code >= 100 && code <= 105:
		return Success
	case code == 1:
		return TerminatedError
	case code == 2:
		return RetryableError
	case code == 3, code == 4:
		return RunnerUpdating
	case code == 5:
		return SessionConflict
	case code == 7:
		return VersionDeprecated
	case code == 128+int(syscall.SIGTERM):
		return Success // .NET's code after an orderly end on SIGTERM
	}
	return Crash
}

// results are the runner's words for the results of jobs, by the exit codes of the worker from 100 on (Runner.Common
// TaskResultUtil.cs).
var results = [...]string{"Succeeded", "SucceededWithIssues", "Failed", "Canceled", "Skipped", "Abandoned"}

// resultOf reads the exit code of a worker: one that has crashed has failed its job.
func resultOf(code int) string {
	if code < 100 || code >= 100+len(results) {
		return "Failed"
	}
	return results[code-100]
}

func endOf(state *os.ProcessState) End {
	if state == nil {
		return End{Code: -1, Meaning: Unseen}
	}
	code := state.ExitCode()
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return End{Code: 128 + int(status.Signal()), Meaning: Crash, Signal: status.Signal()}
	}
	return End{Code: code, Meaning: meaningOf(code)}
}

// Cause says by what it ended: an exit code, or a signal.
func (e End) Cause() string {
	switch name := unix.SignalName(e.Signal); {
	case e.Code < 0:
		return "nobody could see how"
	case e.Signal == 0:
		return "exit code " + strconv.Itoa(e.Code)
	case name == "":
		return "killed by signal " + strconv.Itoa(int(e.Signal))
	default:
		return "killed by " + name
	}
}

// Failed reports whether the runner's diagnostic logs say more about this end.
func (e End) Failed() bool {
	return e.Meaning == Crash || e.Meaning == TerminatedError || e.Meaning == RetryableError
}

func (e End) String() string { return e.Meaning.String() + " (" + e.Cause() + ")" }
