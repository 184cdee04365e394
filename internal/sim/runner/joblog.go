package runner

import (
	"io"
	"os"
)

// jobLog takes what a step prints: into _diag/pages and, as it comes, to the server. It never reaches the listener's
// stdout.
type jobLog struct {
	page   io.WriteCloser
	upload func(string, any) error
}

func (w *workerProcess) openLog() *jobLog {
	page, err := os.OpenFile(w.root.path("_diag", "pages", w.task.ID+"_1.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return &jobLog{nil, w.send}
	}
	return &jobLog{page, w.send}
}

// Write keeps what it can; neither a full disk nor a server that does not answer fails a job.
func (l *jobLog) Write(text []byte) (int, error) {
	if l.page != nil {
		l.page.Write(text)
	}
	l.upload("log", text)
	return len(text), nil
}

func (l *jobLog) Close() error {
	if l.page == nil {
		return nil
	}
	return l.page.Close()
}
