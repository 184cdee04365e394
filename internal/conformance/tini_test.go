package conformance

import (
	"strings"
	"testing"
)

func TestTiniCommandLine(t *testing.T) {
	usage := "Usage: tini"
	judged(t, tini, []trial{
		{args: nil, name: "nothing", code: 1, says: usage},
		{args: []string{"-v"}, code: 1, says: usage},
		{args: []string{"-g", "--"}, code: 1, says: usage},
		{args: []string{"-h"}, says: "TINI_SUBREAPER"},
		{args: []string{"-vh", "-x"}, says: "TINI_SUBREAPER"},
		{args: []string{"-l"}, says: "MIT"},
		{args: []string{"--version"}, says: "tini version 0.19.0"},
		{args: []string{"--version", "true"}, code: 1, says: "invalid option -- '-'"},
		{args: []string{"-v", "--version"}, code: 1, says: "invalid option -- '-'"},
		{args: []string{"--help"}, code: 1, says: "invalid option -- '-'"},
		{args: []string{"-x", "true"}, code: 1, says: "tini: invalid option -- 'x'"},
		{args: []string{"-sx", "true"}, code: 1, says: "tini: invalid option -- 'x'"},
		{args: []string{"-p"}, code: 1, says: "option requires an argument -- 'p'"},
		{args: []string{"-vse"}, code: 1, says: "option requires an argument -- 'e'"},
		{args: []string{"true", "-e"}, code: 1, says: "option requires an argument -- 'e'"},
		{args: []string{"-p", "TERM", "true"}, code: 1, says: "Not a valid option for -p: TERM"},
		{args: []string{"-p", "SIGterm", "true"}, code: 1, says: "Not a valid option for -p: SIGterm"},
		{args: []string{"-p", "15", "true"}, code: 1, says: "Not a valid option for -p: 15"},
		{args: []string{"-p", "SIGSTKFLT", "true"}, code: 1, says: "Not a valid option for -p: SIGSTKFLT"},
		{args: []string{"-p", "SIGRTMIN", "true"}, code: 1, says: "Not a valid option for -p: SIGRTMIN"},
		{args: []string{"-spSIGSYS", "echo", "ran"}, says: "ran\n"},
		{args: []string{"-sp", "SIGSTOP", "echo", "ran"}, says: "ran\n"},
		{args: []string{"-e", "x", "true"}, code: 1, says: "Not a valid option for -e: x"},
		{args: []string{"-e", "256", "true"}, code: 1, says: "Not a valid option for -e: 256"},
		{args: []string{"-e", "-1", "true"}, code: 1, says: "Not a valid option for -e: -1"},
		{args: []string{"-e", "3x", "true"}, code: 1, says: "Not a valid option for -e: 3x"},
		{args: []string{"-e", "0x3", "true"}, code: 1, says: "Not a valid option for -e: 0x3"},
		{args: []string{"-e", "99999999999999999999", "true"}, code: 1, says: "Not a valid option for -e: 99999999999999999999"},
		{name: "-e and an empty code", args: []string{"-se", "", "PROBE", "exit", "3"}, code: 3},
		{args: []string{"-s", "-e", " +3", "PROBE", "exit", "3"}},
		{args: []string{"-s", "-e3", "-e", "4", "PROBE", "exit", "4"}},
		{args: []string{"-s", "-e3", "PROBE", "exit", "4"}, code: 4},
		{args: []string{"-s", "-e143", "PROBE", "kill", "15"}},
		{args: []string{"-s", "-e", "127", "/nonexistent/program"}, says: "exec /nonexistent/program failed: No such file or directory"},
		{args: []string{"true"}, name: "no options"},
		{args: []string{"-vvs", "PROBE", "kill", "9"}, code: 137, says: "Main child exited with signal (with signal 'Killed')"},
		{args: []string{"-vvs", "PROBE", "kill", "40"}, code: 168, says: "Main child exited with signal"},
		{args: []string{"-vvvvs", "PROBE", "exit", "3"}, code: 3, says: "[TRACE tini"},
		{args: []string{"-vvvvs", "PROBE", "ask", "4", "10"}, code: 4, says: "Passing signal: 'User defined signal 1'"},
		{args: []string{"-vvvvgs", "PROBE", "ask", "4", "10"}, code: 4, says: "Passing signal: 'User defined signal 1'"},
	})
}

// TestTiniNames: under which names it is called, of which its own words have the last part.
func TestTiniNames(t *testing.T) {
	var trials []trial
	for _, name := range []string{"/sbin/tini", "./tini", "tini-static", "/usr/bin/docker-init"} {
		trials = append(trials,
			trial{name: name + " refuses", args: []string{"-x"}, set: setup{argv0: name}, code: 1, says: name + ": invalid option -- 'x'"},
			trial{name: name + " helps", args: []string{"-h"}, set: setup{argv0: name}, says: "Usage: "},
			trial{name: name + " fails", args: []string{"-s", "/nonexistent"}, set: setup{argv0: name}, code: 127, says: "exec /nonexistent failed"},
			trial{name: name + " runs", args: []string{"-s", "PROBE", "kill", "15"}, set: setup{argv0: name}, code: 143})
	}
	judged(t, tini, trials)
}

// TestTiniSignals: which names -p knows.
func TestTiniSignals(t *testing.T) {
	var trials []trial
	for name := range strings.FieldsSeq(`HUP INT QUIT ILL TRAP ABRT IOT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CLD CONT STOP
		TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO POLL PWR SYS UNUSED INFO RTMIN RTMIN+1 RTMAX SIGTERM`) {
		trials = append(trials, trial{args: []string{"-s", "-p", "SIG" + name, "-x"}, code: 1})
	}
	judged(t, tini, trials)
}

// TestTiniPermutation: options are taken from among the program's arguments.
func TestTiniPermutation(t *testing.T) {
	judged(t, tini, []trial{
		{args: []string{"-s", "echo", "-v", "foo"}, says: "Spawned child process 'echo' with pid"},
		{args: []string{"echo", "-s", "a", "-w", "b"}, says: "a b\n"},
		{args: []string{"sh", "-c", "exit 3"}, code: 1, says: "tini: invalid option -- 'c'"},
		{args: []string{"-s", "--", "sh", "-c", "exit 3"}, code: 3},
		{args: []string{"-s", "sh", "--", "-c", "exit 3"}, code: 3},
		{args: []string{"sh", "-s", "--", "-c", "exit 3"}, code: 3},
		{args: []string{"sh", "-se3", "--", "-c", "exit 3"}},
		{args: []string{"PROBE", "exit", "3", "-s", "-e", "3"}},
		{args: []string{"-s", "echo", "a", "--", "-v", "--", "b"}, says: "a -v -- b\n"},
		{args: []string{"-s", "echo", "-", "a"}, says: "- a\n"},
		{args: []string{"-s", "-", "a"}, code: 127, says: "exec - failed: No such file or directory"},
		{args: []string{"echo", "a", "-h"}, says: "TINI_VERBOSITY"},
		{name: "POSIXLY_CORRECT", env: []string{"POSIXLY_CORRECT="}, args: []string{"-s", "echo", "-v", "foo"}, says: "-v foo\n"},
		{name: "POSIXLY_CORRECT and --", env: []string{"POSIXLY_CORRECT=1"}, args: []string{"-s", "--", "echo", "--", "-x"}, says: "-- -x\n"},
	})
}

func TestTiniEnvironment(t *testing.T) {
	run := []string{"PROBE", "exit", "3"}
	judged(t, tini, []trial{
		{name: "subreaper", env: []string{"TINI_SUBREAPER=1"}, args: run, code: 3},
		{name: "subreaper empty", env: []string{"TINI_SUBREAPER="}, args: run, code: 3},
		{name: "group", env: []string{"TINI_KILL_PROCESS_GROUP="}, args: []string{"-s", "PROBE", "exit", "3"}, code: 3},
		{name: "verbosity 4", env: []string{"TINI_VERBOSITY=4"}, args: []string{"-s", "PROBE", "exit", "3"}, code: 3, says: "[TRACE tini"},
		{name: "verbosity 3", env: []string{"TINI_VERBOSITY=3"}, args: []string{"-s", "PROBE", "exit", "3"}, code: 3, says: "[DEBUG tini"},
		{name: "verbosity 2", env: []string{"TINI_VERBOSITY=2"}, args: []string{"-s", "PROBE", "exit", "3"}, code: 3, says: "[INFO  tini"},
		{name: "verbosity 1", env: []string{"TINI_VERBOSITY=1"}, args: []string{"-svvv", "PROBE", "exit", "3"}, code: 3},
		{name: "verbosity 0", env: []string{"TINI_VERBOSITY=0"}, args: []string{"-vvv", "PROBE", "exit", "3"}, code: 3},
		{name: "verbosity with junk", env: []string{"TINI_VERBOSITY= 3x"}, args: []string{"-s", "PROBE", "exit", "3"}, code: 3, says: "[DEBUG tini"},
		{name: "verbosity junk", env: []string{"TINI_VERBOSITY=x"}, args: []string{"-vvv", "PROBE", "exit", "3"}, code: 3},
		{name: "verbosity empty", env: []string{"TINI_VERBOSITY="}, args: []string{"-vvv", "PROBE", "exit", "3"}, code: 3},
		{name: "verbosity negative", env: []string{"TINI_VERBOSITY=-1"}, args: []string{"-s", "PROBE", "exit", "3"}, code: 3},
		{name: "two values", env: []string{"TINI_VERBOSITY=0", "TINI_VERBOSITY=4"}, args: []string{"-s", "PROBE", "exit", "3"}, code: 3},
		{name: "runner-init's own", env: []string{"RUNNER_INIT_VERBOSE=4", "RUNNER_INIT_REMAP_EXIT=3", "RUNNER_INIT_REPORT=1"},
			args: []string{"-s", "PROBE", "exit", "3"}, code: 3},
		{name: "dumb-init's", env: []string{"DUMB_INIT_DEBUG=1"}, args: []string{"-s", "PROBE", "exit", "3"}, code: 3},
		{name: "output closed", args: []string{"-svvv", "PROBE", "exit", "3"}, set: setup{closed: []int{1, 2}}, code: 3},
	})
}

// TestTiniWarnReap: one warning for each process that was adopted, and none for the main child.
func TestTiniWarnReap(t *testing.T) {
	adopted := []string{"-c", "PROBE orphans 2 </dev/null; exit 4"}
	judged(t, tini, []trial{
		{name: "flag", args: append([]string{"-sw", "--", "sh"}, adopted...), code: 4, says: "Reaped zombie process with pid="},
		{name: "no flag", args: append([]string{"-s", "--", "sh"}, adopted...), code: 4},
	})
}
