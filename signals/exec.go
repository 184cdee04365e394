package signals

// Exit codes of an init itself. The lifecycle package has those of a runner.
const (
	codeUsage         = 64
	codeCannotExecute = 126
	codeNotFound      = 127
)

const ourName = "runner-init"

// flag is a setting of exec, by all its names.
type flag struct {
	letter   byte   // how the reader of options calls it; what is typed, if short
	short    bool   // it is typed as a letter, too
	name     string // typed after --
	variable string // in the environment; empty for those that only print something
	argument int
	value    string // what the argument is called
	does     string
}

// flags are those of dumb-init and tini together, and what users of both have asked for.
var flags = [...]flag{
	{'c', true, "single-child", "RUNNER_INIT_SINGLE_CHILD", noArgument, "", "signal the direct child alone (the default)"},
	{'g', true, "group", "RUNNER_INIT_GROUP", noArgument, "", "signal the child's process group"},
	{'A', false, "all", "RUNNER_INIT_ALL", noArgument, "", "signal every process below us"},
	{'S', false, "setsid", "RUNNER_INIT_SETSID", noArgument, "", "run the child in a session of its own, and signal its group"},
	{'r', true, "rewrite", "RUNNER_INIT_REWRITE", requiredArgument, "SIG:SIG", "forward another signal instead; 0 drops it"},
	{'D', false, "delay", "RUNNER_INIT_DELAY", requiredArgument, "SIG:TIME", "forward a signal so much later"},
	{'G', false, "grace", "RUNNER_INIT_GRACE", requiredArgument, "TIME", "KILL what has not ended so long after TERM, INT or QUIT"},
	{'W', false, "wait", "RUNNER_INIT_WAIT", optionalArgument, "TIME", "wait for all processes; with a time: TERM and KILL them then"},
	{'e', true, "remap-exit", "RUNNER_INIT_REMAP_EXIT", requiredArgument, "CODE", "exit with 0 instead of this code"},
	{'s', true, "subreaper", "RUNNER_INIT_SUBREAPER", noArgument, "", "reap orphans without being PID 1 (the default)"},
	{'p', true, "pdeathsig", "RUNNER_INIT_PDEATHSIG", requiredArgument, "SIG", "get this signal when our parent dies"},
	{'w', true, "warn-reap", "RUNNER_INIT_WARN_REAP", noArgument, "", "warn of each orphan that is reaped"},
	{'R', false, "report", "RUNNER_INIT_REPORT", noArgument, "", "say in one line how the child ended"},
	{'v', true, "verbose", "RUNNER_INIT_VERBOSE", noArgument, "", "say what happens; twice: each signal and death"},
	{'h', true, "help", "", noArgument, "", "print this"},
	{'V', true, "version", "", noArgument, "", "print the version"},
	{'l', true, "license", "", noArgument, "", "print the license"},
}

// Exec is the init of any program: the arguments after the command's name are flags and the program with its own
// arguments. It returns the exit code. The first argument is the one before the flags.
func Exec(p Process, version string) int {
	s := settings{manners: ours, verbosity: tiniWarning}
	variable, problem := s.readEnvironment(p.Environ)
	if done, code := s.parseExec(p, version); done {
		return code
	}
	if problem != "" { // after the command line, which may have asked for help
		return refuse("cannot use the value of ", variable, problem)
	}
	if s.session {
		if s.cleared = true; s.target == unsaid {
			s.target = toGroup
		}
		s.stopOnTerminalSignals()
	}
	return start(p, s)
}

func (s *settings) parseExec(p Process, version string) (done bool, code int) {
	var long [len(flags)]longOption
	for i := range flags {
		long[i] = longOption{flags[i].name, flags[i].argument, flags[i].letter}
	}
	o := options{argv: p.Args, name: ourName + ": exec", short: "cgr:e:sp:wvhVl", long: long[:], next: 1}
	single := false
	for {
		switch c := o.read(); c {
		case noMore:
			if single {
				s.target = toChild
			}
			if s.command = p.Args[o.next:]; len(s.command) == 0 {
				return true, refuse("no command", "", "runner-init exec [FLAGS] [--] CMD [ARG…]")
			}
			return false, 0
		case mistake:
			hint("runner-init exec --help lists the flags")
			return true, codeUsage
		case 'h':
			execUsage()
			return true, 0
		case 'V':
			put(1, str(ourName+" "), str(version), str("\n"))
			return true, 0
		case 'l':
			put(1, str(ourName+" is licensed under the Apache License, Version 2.0: https://www.apache.org/licenses/LICENSE-2.0\n\n"+
				"The texts of its tini personality are used under this license:\n\n"+tiniLicense))
			return true, 0
		case 'c':
			single = true
		case 'v':
			s.verbosity++
		default:
			if problem := s.set(c, o.argument); problem != "" {
				return true, refuseFlag(c, o.argument, problem)
			}
		}
	}
}

// set applies one flag, whether it came from the command line or from the environment, and returns what is wrong with
// its value.
func (s *settings) set(letter byte, value string) (problem string) {
	ok := true
	switch letter {
	case 'g':
		s.target = toGroup
	case 'A':
		s.target = toAll
	case 'S':
		s.session = true
	case 's':
		s.subreaper = true
	case 'w':
		s.warnReaped = true
	case 'R':
		s.report = true
	case 'W':
		if s.wait, s.waitGrace = true, 0; value != "" {
			s.waitGrace, ok = duration(value)
			s.wait = s.waitGrace != 0
		}
		problem = wantDuration
	case 'G':
		s.grace, ok = duration(value)
		problem = wantDuration
	case 'p':
		s.deathSignal, ok = signalNumber(value)
		problem = "want a signal: a name or a number from 1 to 64"
	case 'e':
		var code int
		if code, ok = number(value, 255); ok {
			s.remapped[code] = true
		}
		problem = "want an exit code from 0 to 255"
	case 'r':
		ok = s.setRewriteText(value)
		problem = "want two signals, names or numbers from 1 to 64, as in TERM:QUIT; 0 as the second drops the first"
	case 'D':
		ok = s.setDelayText(value)
		problem = "want a signal and a time, as in TERM:5s"
	}
	if ok {
		return ""
	}
	return problem
}

func (s *settings) setRewriteText(value string) bool {
	at := index(value, ':')
	if at < 0 {
		return false
	}
	from, ok := signalNumber(value[:at])
	if !ok {
		return false
	}
	to, ok := signalNumber(value[at+1:])
	if value[at+1:] == "0" {
		to, ok = 0, true
	}
	if ok {
		s.setRewrite(from, to)
	}
	return ok
}

func (s *settings) setDelayText(value string) bool {
	at := index(value, ':')
	if at < 0 {
		return false
	}
	sig, ok := signalNumber(value[:at])
	if !ok {
		return false
	}
	s.delay[sig], ok = duration(value[at+1:])
	return ok
}

// refuse says what is wrong with the command line, and what would be right.
func refuse(problem, about, advice string) (code int) {
	put(2, str(ourName+": exec: "), str(problem), str(about), str("\n"))
	hint(advice)
	return codeUsage
}

func hint(advice string) { put(2, str(ourName+": hint: "), str(advice), str("\n")) }

func refuseFlag(letter byte, value, problem string) (code int) {
	name := ""
	for i := range flags {
		if flags[i].letter == letter {
			name = flags[i].name
		}
	}
	put(2, str(ourName+": exec: cannot use \""), str(value), str("\" for --"), str(name), str("\n"))
	hint(problem)
	return codeUsage
}

func execUsage() {
	put(1, str("Usage: runner-init exec [FLAGS] [--] CMD [ARG…]\n\n"+
		"The init of CMD: forwards signals, reaps, and exits with CMD's code.\n\n"))
	for i := range flags {
		f := &flags[i]
		const width = 26
		column := len("  -x, --") + len(f.name)
		if f.short {
			put(1, str("  -"), letter(&f.letter), str(", --"), str(f.name))
		} else {
			put(1, str("      --"), str(f.name))
		}
		switch f.argument {
		case requiredArgument:
			put(1, str(" "), str(f.value))
			column += 1 + len(f.value)
		case optionalArgument:
			put(1, str("[="), str(f.value), str("]"))
			column += 3 + len(f.value)
		}
		put(1, str("                          "[:max(2, width-column)]), str(f.does), str("\n"))
	}
	put(1, str("\nEach flag that sets something is also a variable, as RUNNER_INIT_REWRITE=TERM:QUIT or RUNNER_INIT_GROUP=true.\n"+
		"Signals are names or numbers. Times are 500ms, 10s, 1m30s, or seconds. Further help: README.\n"))
}
