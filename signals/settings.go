package signals

import "unsafe"

// manners says whose ways an init has.
type manners int

const (
	ours manners = iota
	dumbInit
	tini
)

// target says who gets the signals.
type target int

const (
	unsaid target = iota // to the child
	toChild
	toGroup
	toAll
)

// settings is everything that a command line or an environment can ask of an init.
type settings struct {
	manners   manners
	verbosity int // 0 silent, 1 warnings, 2 what happened, 3 each signal and each death, 4 more

	target  target
	session bool // the child leads a session of its own, not just a group
	cleared bool // the child's mask is empty and nothing is ignored, whatever was inherited

	rewrite [lastSignal + 1]signalNumberOrDrop
	delay   [lastSignal + 1]int64 // nanoseconds
	grace   int64                 // nanoseconds; 0 = for ever

	wait      bool  // for everybody, after the main child has ended
	waitGrace int64 // nanoseconds; 0 = for ever

	subreaper   bool
	deathSignal int
	warnReaped  bool
	report      bool
	remapped    [256]bool // exit codes that become 0

	command []*byte // and its arguments; after its end in memory lies a nil, as execve(2) wants it
}

// signalNumberOrDrop is the signal that another is rewritten to: untouched, dropped, or a number.
type signalNumberOrDrop int8

const (
	untouched signalNumberOrDrop = 0
	dropped   signalNumberOrDrop = -1
)

func (s *settings) setRewrite(from, to int) {
	if to == 0 {
		s.rewrite[from] = dropped
		return
	}
	s.rewrite[from] = signalNumberOrDrop(to)
}

// rewritten is the signal to send for one that came; 0 is none.
func (s *settings) rewritten(sig int) int {
	switch to := s.rewrite[sig]; to {
	case untouched:
		return sig
	case dropped:
		return 0
	default:
		return int(to)
	}
}

// lookup finds a variable as getenv(3) does: the first of its name.
func lookup(environ []*byte, name string) (value string, ok bool) {
	for _, entry := range environ {
		if rest := after(entry, name); rest != nil {
			return text(rest), true
		}
	}
	return "", false
}

// after returns what follows a name and its `=` in an entry, and nil if the entry is another's. It looks at no more bytes
// than it has to: an environment may be large, and a start is measured.
func after(entry *byte, name string) *byte {
	for i := range len(name) {
		if *(*byte)(unsafe.Add(unsafe.Pointer(entry), i)) != name[i] {
			return nil
		}
	}
	if *(*byte)(unsafe.Add(unsafe.Pointer(entry), len(name))) != '=' {
		return nil
	}
	return (*byte)(unsafe.Add(unsafe.Pointer(entry), len(name)+1))
}
