package signals

// The second personality: tini 0.19.0, to the letter of its texts, streams and exit codes. The bugs that it is known for
// are not among the things that are the same: a closed standard input, or a child that it may not signal, do not end it,
// and it can be suspended from a shell.

const tiniVersion = "tini version 0.19.0"

// Levels of tini's messages. The lower two go to standard error, the others to standard output.
const (
	tiniFatal = iota
	tiniWarning
	tiniInfo
	tiniDebug
	tiniTrace
)

var tiniLevels = [...]string{"FATAL", "WARN ", "INFO ", "DEBUG", "TRACE"}

// Tini is the program for everything that is called by one of its names. It returns the exit code.
func Tini(p Process) int {
	s := settings{manners: tini, verbosity: tiniWarning}
	if done, code := s.parseTini(p); done {
		return code
	}
	if _, ok := lookup(p.Environ, "TINI_SUBREAPER"); ok {
		s.subreaper = true
	}
	if _, ok := lookup(p.Environ, "TINI_KILL_PROCESS_GROUP"); ok {
		s.target = toGroup
	}
	if value, ok := lookup(p.Environ, "TINI_VERBOSITY"); ok {
		if s.verbosity = leadingNumber(value); s.verbosity < 0 {
			s.verbosity = tiniTrace // it counts without a sign
		}
	}
	return start(p, s)
}

func (s *settings) parseTini(p Process) (done bool, code int) {
	const failure = 1
	if len(p.Args) == 2 && text(p.Args[1]) == "--version" {
		put(1, str(tiniVersion+"\n"))
		return true, 0
	}
	_, strict := lookup(p.Environ, "POSIXLY_CORRECT")
	o := options{argv: p.Args, name: text(p.Args[0]), short: "p:hvwgle:s", permute: !strict, next: 1}
	for {
		switch o.read() {
		case 's':
			s.subreaper = true
		case 'v':
			s.verbosity++
		case 'w':
			s.warnReaped = true
		case 'g':
			s.target = toGroup
		case 'p':
			if s.deathSignal = tiniSignal(o.argument); s.deathSignal == 0 {
				s.tiniSays(tiniFatal, str("Not a valid option for -p: "), str(o.argument))
				return true, failure
			}
		case 'e':
			code, ok := strictNumber(o.argument)
			if !ok {
				s.tiniSays(tiniFatal, str("Not a valid option for -e: "), str(o.argument))
				return true, failure
			}
			s.remapped[code] = true
		case 'h':
			tiniUsage(1, o.name)
			return true, 0
		case 'l':
			put(1, str(tiniLicense))
			return true, 0
		case noMore:
			if s.command = p.Args[o.next:]; len(s.command) == 0 {
				tiniUsage(2, o.name)
				return true, failure
			}
			return false, 0
		default:
			tiniUsage(2, o.name)
			return true, failure
		}
	}
}

// tiniSignal knows the names that tini knows: those of 28 signals, in full.
func tiniSignal(name string) int {
	const prefix = "SIG"
	if !hasPrefix(name, prefix) {
		return 0
	}
	for sig := 1; sig <= lastStandard; sig++ {
		switch signalTexts[sig].name {
		case "STKFLT", "IO", "PWR":
		case name[len(prefix):]:
			return sig
		}
	}
	return 0
}

// strictNumber is strtol(3) of a whole string, from 0 to 255.
func strictNumber(s string) (int, bool) {
	n, used := scanNumber(s)
	return n, used == len(s) && n >= 0 && n <= 255
}

// leadingNumber is atoi(3).
func leadingNumber(s string) int {
	n, _ := scanNumber(s)
	return n
}

// scanNumber reads blanks, a sign and digits, and tells how far they reach; where there are no digits, nowhere. A number
// out of all bounds stays there.
func scanNumber(s string) (n, used int) {
	const bound = 1 << 31
	i := 0
	for i < len(s) && (s[i] == ' ' || s[i] >= '\t' && s[i] <= '\r') {
		i++
	}
	negative := i < len(s) && s[i] == '-'
	if negative || i < len(s) && s[i] == '+' {
		i++
	}
	digits := i
	for ; i < len(s) && isDigit(s[i]); i++ {
		n = min(n*10+int(s[i]-'0'), bound)
	}
	if i == digits {
		return 0, 0
	}
	if negative {
		n = -n
	}
	return n, i
}

// tiniSays prints a message if somebody wants to hear it.
func (s *settings) tiniSays(level int, parts ...part) {
	if s.manners != tini || level > s.verbosity && level != tiniFatal {
		return
	}
	stream := 1
	if level <= tiniWarning {
		stream = 2
	}
	var line [12]part
	line[0], line[1], line[2], line[3], line[4] = str("["), str(tiniLevels[level]), str(" tini ("), num(getpid()), str(")] ")
	n := 5 + join(line[5:len(line)-1], parts)
	line[n] = str("\n")
	tell(stream, line[:n+1]...)
}

func tiniUsage(stream int, program string) {
	name := str(base(program))
	put(stream, name, str(" ("+tiniVersion+")\nUsage: "), name, str(" [OPTIONS] PROGRAM -- [ARGS] | --version\n\n"+
		"Execute a program under the supervision of a valid init process ("), name, str(")\n\n"+
		`Command line options:

  --version: Show version and exit.
  -h: Show this help message and exit.
  -s: Register as a process subreaper (requires Linux >= 3.4).
  -p SIGNAL: Trigger SIGNAL when parent dies, e.g. "-p SIGKILL".
  -v: Generate more verbose output. Repeat up to 3 times.
  -w: Print a warning when processes are getting reaped.
  -g: Send signals to the child's process group.
  -e EXIT_CODE: Remap EXIT_CODE (from 0 to 255) to 0.
  -l: Show license and exit.

Environment variables:

  TINI_SUBREAPER: Register as a process subreaper (requires Linux >= 3.4).
  TINI_VERBOSITY: Set the verbosity level (default: 1).
  TINI_KILL_PROCESS_GROUP: Send signals to the child's process group.

`))
}
