package signals

// The first personality: dumb-init 1.2.5, to the letter of its texts, streams and exit codes.

const dumbInitVersion = "dumb-init v1.2.5\n"

var dumbInitOptions = [...]longOption{
	{"help", noArgument, 'h'},
	{"single-child", noArgument, 'c'},
	{"rewrite", requiredArgument, 'r'},
	{"verbose", noArgument, 'v'},
	{"version", noArgument, 'V'},
}

// DumbInit is the program for everything that is called by that name. It returns the exit code.
func DumbInit(p Process) int {
	s := settings{manners: dumbInit, target: toGroup, session: true, cleared: true}
	if done, code := s.parseDumbInit(p); done {
		return code
	}
	if value, _ := lookup(p.Environ, "DUMB_INIT_DEBUG"); value == "1" {
		s.verbosity = 1
		s.dumbInitSays(str("Running in debug mode.\n"))
	}
	if value, _ := lookup(p.Environ, "DUMB_INIT_SETSID"); value == "0" {
		s.session, s.target = false, toChild
		s.dumbInitSays(str("Not running in setsid mode.\n"))
	}
	if s.session {
		s.stopOnTerminalSignals()
	}
	return start(p, s)
}

// stopOnTerminalSignals rewrites the terminal's stop signals, unless the user has rewritten them himself: the group of a
// new session's leader is orphaned, and the kernel does not stop those by anything but SIGSTOP.
func (s *settings) stopOnTerminalSignals() {
	for sig := terminalStop; sig <= terminalOutput; sig++ {
		if s.rewrite[sig] == untouched {
			s.setRewrite(sig, stopped)
		}
	}
}

func (s *settings) parseDumbInit(p Process) (done bool, code int) {
	const failure = 1
	if len(p.Args) == 0 {
		return true, failure
	}
	o := options{argv: p.Args, name: text(p.Args[0]), short: "hvVcr:", long: dumbInitOptions[:], next: 1}
	for {
		switch o.read() {
		case 'c':
			s.session, s.target = false, toChild
		case 'v':
			s.verbosity = 1
		case 'r':
			from, to, ok := dumbInitRewrite(o.argument)
			if !ok {
				put(2, str("Usage: -r option takes <signum>:<signum>, where <signum> is between 1 and 31.\n"+
					"This option can be specified multiple times.\nUse --help for full usage.\n"))
				return true, failure
			}
			s.setRewrite(from, to)
		case 'h':
			dumbInitUsage(o.name)
			return true, 0
		case 'V':
			put(2, str(dumbInitVersion))
			return true, 0
		case noMore:
			if s.command = p.Args[o.next:]; len(s.command) == 0 {
				put(2, str("Usage: "), str(o.name), str(" [option] program [args]\nTry "), str(o.name), str(" --help for full usage.\n"))
				return true, failure
			}
			return false, 0
		default:
			return true, failure
		}
	}
}

// dumbInitRewrite is scanf(3) of "%d:%d": blanks before a number pass, and so does anything after the second.
func dumbInitRewrite(s string) (from, to int, ok bool) {
	from, used := scanNumber(s)
	if used == 0 || used == len(s) || s[used] != ':' {
		return 0, 0, false
	}
	to, last := scanNumber(s[used+1:])
	return from, to, last > 0 && from >= 1 && from <= lastStandard && to >= 0 && to <= lastStandard
}

// dumbInitSays prints what dumb-init prints in debug mode.
func (s *settings) dumbInitSays(parts ...part) {
	if s.manners != dumbInit || s.verbosity == 0 {
		return
	}
	dumbInitPuts(parts...)
}

func dumbInitPuts(parts ...part) {
	var line [12]part
	line[0] = str("[dumb-init] ")
	n := 1 + join(line[1:], parts)
	tell(2, line[:n]...)
}

func dumbInitUsage(program string) {
	put(2, str(dumbInitVersion+"Usage: "), str(program), str(` [option] command [[arg] ...]

dumb-init is a simple process supervisor that forwards signals to children.
It is designed to run as PID1 in minimal container environments.

Optional arguments:
   -c, --single-child   Run in single-child mode.
                        In this mode, signals are only proxied to the
                        direct child and not any of its descendants.
   -r, --rewrite s:r    Rewrite received signal s to new signal r before proxying.
                        To ignore (not proxy) a signal, rewrite it to 0.
                        This option can be specified multiple times.
   -v, --verbose        Print debugging information to stderr.
   -h, --help           Print this help message and exit.
   -V, --version        Print the current version and exit.

Full help is available online at https://github.com/Yelp/dumb-init
`))
}
