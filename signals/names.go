package signals

// The signals of Linux on every architecture that Go supports except MIPS, which numbers some differently and is not
// ours. The C libraries keep 32 and 33 to themselves; the first real-time signal that programs know is 34. See signal(7).
const (
	lastSignal     = 64
	firstRealTime  = 34
	lastStandard   = 31
	hangup         = 1
	interrupt      = 2
	quit           = 3
	illegal        = 4
	trap           = 5
	abort          = 6
	bus            = 7
	floating       = 8
	killed         = 9
	segmentation   = 11
	brokenPipe     = 13
	terminate      = 15
	child          = 17
	continued      = 18
	stopped        = 19
	terminalStop   = 20
	terminalInput  = 21
	terminalOutput = 22
	badCall        = 31
)

// signalTexts is what is known of signals 1 to 31: the name without SIG, and what strsignal(3) of glibc calls it.
var signalTexts = [lastStandard + 1]struct{ name, description string }{
	1:  {"HUP", "Hangup"},
	2:  {"INT", "Interrupt"},
	3:  {"QUIT", "Quit"},
	4:  {"ILL", "Illegal instruction"},
	5:  {"TRAP", "Trace/breakpoint trap"},
	6:  {"ABRT", "Aborted"},
	7:  {"BUS", "Bus error"},
	8:  {"FPE", "Floating point exception"},
	9:  {"KILL", "Killed"},
	10: {"USR1", "User defined signal 1"},
	11: {"SEGV", "Segmentation fault"},
	12: {"USR2", "User defined signal 2"},
	13: {"PIPE", "Broken pipe"},
	14: {"ALRM", "Alarm clock"},
	15: {"TERM", "Terminated"},
	16: {"STKFLT", "Stack fault"},
	17: {"CHLD", "Child exited"},
	18: {"CONT", "Continued"},
	19: {"STOP", "Stopped (signal)"},
	20: {"TSTP", "Stopped"},
	21: {"TTIN", "Stopped (tty input)"},
	22: {"TTOU", "Stopped (tty output)"},
	23: {"URG", "Urgent I/O condition"},
	24: {"XCPU", "CPU time limit exceeded"},
	25: {"XFSZ", "File size limit exceeded"},
	26: {"VTALRM", "Virtual timer expired"},
	27: {"PROF", "Profiling timer expired"},
	28: {"WINCH", "Window changed"},
	29: {"IO", "I/O possible"},
	30: {"PWR", "Power failure"},
	31: {"SYS", "Bad system call"},
}

// aliases are second names.
var aliases = [...]struct {
	name string
	sig  int
}{{"IOT", abort}, {"CLD", child}, {"POLL", 29}, {"UNUSED", badCall}}

// signalNumber understands a number from 1 to 64, and a name in any case, with or without SIG, real-time ones as RTMIN+n
// and RTMAX-n.
func signalNumber(s string) (sig int, ok bool) {
	if n, ok := number(s, lastSignal); ok {
		return n, n > 0
	}
	if hasPrefixFold(s, "SIG") {
		s = s[len("SIG"):]
	}
	for n := 1; n <= lastStandard; n++ {
		if equalFold(s, signalTexts[n].name) {
			return n, true
		}
	}
	for i := range aliases {
		if equalFold(s, aliases[i].name) {
			return aliases[i].sig, true
		}
	}
	return realTimeNumber(s)
}

func realTimeNumber(s string) (sig int, ok bool) {
	const name = len("RTMIN")
	const span = lastSignal - firstRealTime
	switch {
	case equalFold(s, "RTMIN"):
		return firstRealTime, true
	case equalFold(s, "RTMAX"):
		return lastSignal, true
	case hasPrefixFold(s, "RTMIN+"):
		n, ok := number(s[name+1:], span)
		return firstRealTime + n, ok
	case hasPrefixFold(s, "RTMAX-"):
		n, ok := number(s[name+1:], span)
		return lastSignal - n, ok
	}
	return 0, false
}

// signalName is the name as kill(1) lists it, in two parts.
func signalName(sig int) (name, offset part) {
	switch {
	case sig >= 1 && sig <= lastStandard:
		return str("SIG"), str(signalTexts[sig].name)
	case sig == firstRealTime:
		return str("SIGRTMIN"), str("")
	case sig > firstRealTime && sig <= lastSignal:
		return str("SIGRTMIN+"), num(sig - firstRealTime)
	}
	return str("signal "), num(sig)
}

// signalDescription is strsignal(3) of glibc, in two parts.
func signalDescription(sig int) (words, index part) {
	switch {
	case sig >= 1 && sig <= lastStandard:
		return str(signalTexts[sig].description), str("")
	case sig >= firstRealTime && sig <= lastSignal:
		return str("Real-time signal "), num(sig - firstRealTime)
	}
	return str("Unknown signal "), num(sig)
}
