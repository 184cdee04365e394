package runner

import "bytes"

// News are the callbacks for what a listener tells of itself. They are called one after the other, from a goroutine of
// the listener's, Ended last. Nil ones are not called, but for Ended.
type News struct {
	// Ready: the listener has a session.
	Ready func()
	// JobStarted: it took a job and is about to start a worker.
	JobStarted func(job string)
	// JobEnded: the worker has ended. The runner does not print this line in every case.
	JobEnded func(job, result string)
	// Ended: the process has ended.
	Ended func(End)
}

// maxLine bounds the memory for a line; the lines that matter are far shorter.
const maxLine = 4 << 10

// stampSize is the length of the time before each of the lines that matter: `2026-11-20 14:40:00Z: `.
const stampSize = len("2006-01-02 15:04:05Z: ")

// lines watches a stream for the lines of the listener that matter. It is a Writer that never fails; pieces of lines
// may arrive in any size.
type lines struct {
	news News
	held []byte
	long bool // the line is too long to matter; skip to its end
}

func (l *lines) Write(p []byte) (int, error) {
	n := len(p)
	for {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			l.hold(p)
			return n, nil
		}
		l.hold(p[:end])
		if !l.long {
			l.line(bytes.TrimSuffix(l.held, []byte("\r")))
		}
		l.held, l.long = l.held[:0], false
		p = p[end+1:]
	}
}

func (l *lines) hold(piece []byte) {
	if l.long = l.long || len(l.held)+len(piece) > maxLine; l.long {
		return
	}
	l.held = append(l.held, piece...)
}

// line reads one whole line. Only lines that begin with a time count: with ACTIONS_RUNNER_PRINT_LOG_TO_STDOUT each
// appears a second time inside a diagnostic line.
func (l *lines) line(line []byte) {
	if !stamped(line) {
		return
	}
	text := line[stampSize:]
	if string(text) == "Listening for Jobs" {
		call(l.news.Ready)
		return
	}
	if job, ok := bytes.CutPrefix(text, []byte("Running job: ")); ok && l.news.JobStarted != nil {
		l.news.JobStarted(string(job))
		return
	}
	// The name comes first and may hold anything, so the result is searched from the end.
	rest, ok := bytes.CutPrefix(text, []byte("Job "))
	middle := bytes.LastIndex(rest, []byte(" completed with result: "))
	if ok && middle >= 0 && l.news.JobEnded != nil {
		l.news.JobEnded(string(rest[:middle]), string(rest[middle+len(" completed with result: "):]))
	}
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// stamped reports whether a line begins with a time in .NET's format `u` and a colon.
func stamped(line []byte) bool {
	const form = "0000-00-00 00:00:00Z: "
	if len(line) < len(form) {
		return false
	}
	for i := range len(form) {
		digit := line[i] >= '0' && line[i] <= '9'
		if form[i] == '0' && !digit || form[i] != '0' && line[i] != form[i] {
			return false
		}
	}
	return true
}
