package signals

import (
	"fmt"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/page"
)

//go:generate go test -run TestDocs . -update

// TestDocs holds docs/exec.md to the table of flags that it is written from.
func TestDocs(t *testing.T) { page.Generated(t, "../docs/exec.md", []byte(execPage())) }

func execPage() string {
	var table strings.Builder
	for _, f := range flags {
		short, long, variable := "", "`--"+f.name+"`", ""
		if f.short {
			short = fmt.Sprintf("`-%c`", f.letter)
		}
		switch f.argument {
		case requiredArgument:
			long = "`--" + f.name + " " + f.value + "`"
		case optionalArgument:
			long = "`--" + f.name + "[=" + f.value + "]`"
		}
		if f.variable != "" {
			variable = "`" + f.variable + "`"
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", short, long, variable, f.does)
	}
	return strings.NewReplacer("'", "`", "’", "'", "{flags}", table.String(), "{usage}", fmt.Sprint(codeUsage),
		"{126}", fmt.Sprint(codeCannotExecute), "{127}", fmt.Sprint(codeNotFound)).Replace(execText)
}

// execText has ' where Markdown has a backquote, and ’ where it has an apostrophe.
const execText = "# The init\n\n<!-- Generated from package signals by `go generate ./signals`. Do not edit. -->\n" + `
'runner-init exec [FLAGS] [--] CMD [ARG…]' is the init of any program: PID 1 of a container, or the top of a process tree
somewhere else. It starts CMD, forwards every signal to it, reaps whatever dies beneath it, and ends as CMD ended. It has
nothing to do with GitHub, and reads none of its variables.

## What it does

- **One child.** CMD is found as execvp(3) finds it, and gets the arguments, the environment (duplicates included), every open
  descriptor, the signal mask and the ignored signals as they came. The init keeps none of the descriptors from 3 up, and
  its working directory is /, so that it holds on to nothing.
- **Its own process group.** CMD leads a new process group in the same session. If the group of the init is in the
  foreground of the terminal, CMD’s takes its place. Stopped by ^Z from a shell, both stop; 'fg' continues both.
- **Signals.** Each one is forwarded, from the first instruction on, to CMD alone: '--group', '--all' and '--setsid' say who else
  gets it. CHLD is not forwarded, nor are TTIN and TTOU, which mean the init’s own use of the terminal.
- **Orphans.** As PID 1 it is their parent, elsewhere it makes itself that. They are reaped at once.
- **The end.** When CMD has ended, so does the init, after it has reaped what is dead already. As PID 1 of a container it takes
  everything else with it; '--wait' gives that time.

## Flags

They end at the first word that is not one, or at '--'. Long ones may be shortened to what is unique, letters put together:
'-vg', '-r15:3'. A value follows a long one after a blank or '='; TIME of '--wait' after '=' only.

| short | long | environment | meaning |
|---|---|---|---|
{flags}
- A **signal** is a name or a number: 'TERM', 'sigterm', 'RTMIN+3', 'RTMAX-1', '15'.
- A **time** is '500ms', '10s', '1m30s', or a number of seconds.
- '--rewrite', '--delay', '--remap-exit' and '--verbose' may be repeated. The variables of the first three are lists,
  separated by commas or blanks: 'RUNNER_INIT_REWRITE=TERM:QUIT,HUP:0'. RUNNER_INIT_VERBOSE is a number from 0 to 4.
- The other variables are true or false (1/0, yes/no, on/off), or what the flag takes; RUNNER_INIT_WAIT is either. Unset and
  empty are the same. The command line has the last word.
- '--single-child' wins over the other targets.
- '--delay': while a signal waits, others of its kind are merged with it.
- '--grace' begins with the first TERM, INT or QUIT that is forwarded, and KILLs whom that was sent to.
- '--wait=TIME' sends TERM to all that is left after TIME, KILL after that time again, and then ends. The exit code is CMD’s.
- '--all' uses kill(-1) as PID 1 of a namespace of its own. Elsewhere it signals the processes below it one by one.
- '--setsid' is the model of dumb-init: a new session that is given the terminal, signals to its group, mask and ignored
  signals cleared, and STOP in place of the terminal’s stop signals.

## Exit codes

| code | meaning |
|---|---|
| 0…255 | CMD’s own; 0 in place of those that '--remap-exit' names |
| 128+n | CMD was killed by signal n |
| {usage} | a flag or a variable makes no sense; the message says which |
| {126} | CMD cannot be executed, or no process can be started |
| {127} | CMD was not found |

'--remap-exit' applies to {126}, {127} and 128+n too.

## As dumb-init and tini

Called by the name 'dumb-init' or 'tini', the program is that one: flags, variables, messages, exit codes and handling of
signals are those of dumb-init 1.2.5 and tini 0.19.0. A link is enough: 'ln -s runner-init /usr/bin/tini'. The variables of the table
above mean nothing then. Different on purpose is only what is a bug there:

- No signal is lost between fork and exec.
- tini survives a child that it may not signal and a closed standard input, and can be stopped and continued from a shell.
- Both let go of descriptors from 3 up, and their working directory is /.

## The build without an entry point of its own

On amd64 and arm64 the init runs before Go’s runtime exists ([ADR 3](adr/0003-an-init-before-the-runtime.md)). On other
architectures, with the build tag 'purego', and with the race detector it runs on top of it. The flags are the same. What the
runtime does not let through is lost:

- PROF (27), URG (23) and 32 to 34 are not forwarded; equal real-time signals that wait may be merged to one.
- Signals that wait together are taken by number, not as they came: a CONT may overtake a TSTP.
- CMD starts with an empty signal mask, and with nothing ignored but HUP and INT, whatever was inherited.
- It is larger and slower: see [performance](performance.md).
`
