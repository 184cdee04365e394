package conformance

import (
	"testing"
)

func TestDumbInitCommandLine(t *testing.T) {
	usage, rewrites := "Usage: dumb-init [option] program [args]", "Usage: -r option takes"
	judged(t, dumbInit, []trial{
		{args: nil, name: "nothing", code: 1, says: usage},
		{args: []string{"-v"}, code: 1, says: usage},
		{args: []string{"-c", "--"}, code: 1, says: usage},
		{args: []string{"-h"}, says: "Usage: "},
		{args: []string{"--he"}, says: "--rewrite"},
		{args: []string{"-V"}, says: "dumb-init v1.2.5\n"},
		{args: []string{"--version"}, says: "dumb-init v1.2.5\n"},
		{args: []string{"--vers", "-x"}, says: "dumb-init v1.2.5\n"},
		{args: []string{"-vV", "-x"}, says: "dumb-init v1.2.5\n"},
		{args: []string{"-x", "true"}, code: 1, says: "invalid option -- 'x'"},
		{args: []string{"-cx", "true"}, code: 1, says: "invalid option -- 'x'"},
		{args: []string{"--foo", "true"}, code: 1, says: "unrecognized option '--foo'"},
		{args: []string{"--foo=bar", "true"}, code: 1, says: "unrecognized option '--foo"},
		{args: []string{"--v", "true"}, code: 1, says: "option '--v' is ambiguous"},
		{args: []string{"--ver", "true"}, code: 1, says: "option '--ver' is ambiguous; possibilities: '--verbose' '--version'"},
		{args: []string{"-r"}, code: 1, says: "option requires an argument -- 'r'"},
		{args: []string{"-vr"}, code: 1, says: "option requires an argument -- 'r'"},
		{args: []string{"--rew"}, code: 1, says: "option '--rewrite' requires an argument"},
		{args: []string{"--verbose=1", "true"}, code: 1, says: "option '--verbose' doesn't allow an argument"},
		{args: []string{"-vc", "PROBE", "exit", "3"}, code: 3, says: "exited with exit status 3."},
		{args: []string{"-v", "PROBE", "exit", "3"}, code: 3, says: "setsid complete."},
		{args: []string{"--single-child", "--verb", "PROBE", "kill", "15"}, code: 143, says: "was terminated by signal 15"},
		{args: []string{"echo", "-c", "-v"}, says: "-c -v\n"},
		{args: []string{"--", "echo", "--", "-v"}, says: "-- -v\n"},
		{args: []string{"-c", "--", "echo", "-c"}, says: "-c\n"},
		{args: []string{"-"}, code: 2, says: "[dumb-init] -: No such file or directory"},
		{args: []string{""}, name: "empty name", code: 2, says: "[dumb-init] : No such file or directory"},
		{args: []string{"-r", "x", "true"}, code: 1, says: rewrites},
		{args: []string{"-r", "15", "true"}, code: 1, says: rewrites},
		{args: []string{"-r", "15:", "true"}, code: 1, says: rewrites},
		{args: []string{"-r", ":3", "true"}, code: 1, says: rewrites},
		{args: []string{"-r", "0:1", "true"}, code: 1, says: rewrites},
		{args: []string{"-r", "-1:1", "true"}, code: 1, says: rewrites},
		{args: []string{"-r", "32:1", "true"}, code: 1, says: rewrites},
		{args: []string{"-r", "1:32", "true"}, code: 1, says: rewrites},
		{args: []string{"-r", "1:-1", "true"}, code: 1, says: rewrites},
		{args: []string{"-r", "0x0f:3", "true"}, code: 1, says: rewrites},
		{args: []string{"-r", "15 :3", "true"}, code: 1, says: rewrites},
		{args: []string{"-r", "TERM:INT", "true"}, code: 1, says: rewrites},
		{args: []string{"-r", " \t15:3", "echo", "ran"}, says: "ran\n"},
		{args: []string{"-r", "15: 3", "echo", "ran"}, says: "ran\n"},
		{args: []string{"-r", "+015:+0", "echo", "ran"}, says: "ran\n"},
		{args: []string{"-r15:3junk", "echo", "ran"}, says: "ran\n"},
		{args: []string{"--rew=15:3", "echo", "ran"}, says: "ran\n"},
		{args: []string{"--rewrite", "15:3", "-cr2:3", "echo", "ran"}, says: "ran\n"},
		{name: "name of a link", args: []string{"-v", "PROBE", "exit", "3"}, set: setup{argv0: "./dumb-init"}, code: 3, says: "Goodbye"},
		{name: "path in argv[0]", args: []string{"-x"}, set: setup{argv0: "/sbin/dumb-init"}, code: 1, says: "/sbin/dumb-init: invalid option"},
		{name: "usage with a path", set: setup{argv0: "../dumb-init"}, code: 1, says: "Usage: ../dumb-init"},
	})
}

func TestDumbInitEnvironment(t *testing.T) {
	run := []string{"PROBE", "exit", "3"}
	judged(t, dumbInit, []trial{
		{name: "debug", env: []string{"DUMB_INIT_DEBUG=1"}, args: run, code: 3, says: "Running in debug mode."},
		{name: "debug as well", env: []string{"DUMB_INIT_DEBUG=1"}, args: []string{"-v", "PROBE", "exit", "3"}, code: 3, says: "Child spawned"},
		{name: "debug empty", env: []string{"DUMB_INIT_DEBUG="}, args: run, code: 3},
		{name: "debug true", env: []string{"DUMB_INIT_DEBUG=true"}, args: run, code: 3},
		{name: "debug 11", env: []string{"DUMB_INIT_DEBUG=11"}, args: run, code: 3},
		{name: "no session", env: []string{"DUMB_INIT_DEBUG=1", "DUMB_INIT_SETSID=0"}, args: run, code: 3},
		{name: "session false", env: []string{"DUMB_INIT_DEBUG=1", "DUMB_INIT_SETSID=false"}, args: run, code: 3, says: "setsid complete."},
		{name: "session empty", env: []string{"DUMB_INIT_DEBUG=1", "DUMB_INIT_SETSID="}, args: run, code: 3, says: "setsid complete."},
		{name: "two values", env: []string{"DUMB_INIT_DEBUG=1", "DUMB_INIT_SETSID=0", "DUMB_INIT_SETSID=1"}, args: run, code: 3},
		{name: "runner-init's own", env: []string{"RUNNER_INIT_VERBOSE=4", "RUNNER_INIT_REMAP_EXIT=3", "RUNNER_INIT_REPORT=1"}, args: run, code: 3},
		{name: "tini's", env: []string{"TINI_VERBOSITY=4", "TINI_SUBREAPER="}, args: run, code: 3},
		{name: "read after the flags", env: []string{"DUMB_INIT_DEBUG=1"}, args: []string{"-x"}, code: 1, says: "invalid option"},
		{name: "before the command", env: []string{"DUMB_INIT_DEBUG=1"}, code: 1, says: "Usage"},
	})
}

// TestDumbInitVerbose: what is said of signals.
func TestDumbInitVerbose(t *testing.T) {
	judged(t, dumbInit, []trial{
		{name: "forwarded", args: []string{"-v", "PROBE", "ask", "4", "10"}, code: 4, says: "Forwarded signal 10 to children."},
		{name: "forwarded to the child", args: []string{"-vc", "PROBE", "ask", "4", "10"}, code: 4, says: "Forwarded signal 10 to children."},
		{name: "translated", args: []string{"-v", "-r10:12", "PROBE", "ask", "4", "10"}, code: 4, says: "Translating signal 10 to 12."},
		{name: "dropped", args: []string{"-v", "-r12:0", "PROBE", "ask", "4", "12", "10"}, code: 4,
			says: "Not forwarding signal 0 to children (ignored)."},
		{name: "TERM of the group dropped", args: []string{"-v", "-r15:0", "PROBE", "exit", "3"}, code: 3, says: "Translating signal 15 to 0."},
		{name: "output closed", args: []string{"-v", "PROBE", "exit", "3"}, set: setup{closed: []int{1, 2}}, code: 3},
		{name: "input closed", args: []string{"-v", "PROBE", "exit", "3"}, set: setup{closed: []int{0}}, code: 3, says: "Bad file descriptor"},
	})
}
