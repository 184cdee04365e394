package runner

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// diagDir is where the runner's programs write what they do, one file for each start, named by program and time:
// Runner_20261120-144000-utc.log (Runner.Common HostTraceListener.cs).
const diagDir = "_diag"

// The programs of the runner, as the names of their logs begin.
const (
	ListenerLog = "Runner_"
	WorkerLog   = "Worker_"
)

// How much of a log Tail returns at most.
const (
	tailBytes = 8 << 10
	tailLines = 30
)

// Tail returns the end of the newest diagnostic log of one of the runner's programs, and its name. A job may have written
// there: it is opened without leaving the runner's directory, and never waited for.
func (r *Runner) Tail(program string) (name, text string, err error) {
	diag, err := r.openDiag()
	if err != nil {
		return "", "", err
	}
	defer diag.Close()
	if name, err = newestLog(diag, program); err != nil {
		return "", "", err
	}
	file, size, err := openLog(diag, name)
	if err != nil {
		return name, "", err
	}
	defer file.Close()
	begin := max(0, size-tailBytes)
	end, err := io.ReadAll(io.NewSectionReader(file, begin, tailBytes))
	if err != nil {
		return name, "", fmt.Errorf("cannot read the runner's %q: %w", name, err)
	}
	if begin > 0 {
		_, end, _ = bytes.Cut(end, []byte("\n")) // the rest of a line
	}
	lines := strings.Split(strings.TrimRight(string(end), "\r\n"), "\n")
	return name, strings.Join(lines[max(0, len(lines)-tailLines):], "\n"), nil
}

// workerBytes is how much of the end of a listener's log is searched for the end of its last worker: what follows that is
// far less, even where the listener has trouble telling GitHub.
const workerBytes = 1 << 20

// WorkerCode returns the exit code of the last worker of the listener that has ended last, or 128+n if signal n killed it:
// the listener tells nobody else (Runner.Listener JobDispatcher.cs: `Worker finished for job ID. Code: N`).
func (r *Runner) WorkerCode() (code int, known bool) {
	diag, err := r.openDiag()
	if err != nil {
		return 0, false
	}
	defer diag.Close()
	name, err := newestLog(diag, ListenerLog)
	if err != nil {
		return 0, false
	}
	file, size, err := openLog(diag, name)
	if err != nil {
		return 0, false
	}
	defer file.Close()
	begin := max(0, size-workerBytes)
	lines, _ := io.ReadAll(io.NewSectionReader(file, begin, workerBytes))
	_, after, _ := bytes.Cut(lines[max(0, bytes.LastIndex(lines, []byte("Worker finished for job "))):], []byte(" Code: "))
	end, _, _ := bytes.Cut(after, []byte("\n"))
	code, err = strconv.Atoi(string(bytes.TrimSpace(end)))
	return code, err == nil
}

func (r *Runner) openDiag() (*os.Root, error) {
	root, err := os.OpenRoot(r.Root)
	if err != nil {
		return nil, fmt.Errorf("cannot open the runner directory: %w", err)
	}
	defer root.Close()
	diag, err := root.OpenRoot(diagDir)
	if err != nil {
		return nil, fmt.Errorf("cannot open the runner's diagnostic logs: %w", err)
	}
	return diag, nil
}

// maxLogs is how many names are looked at: a job can make any number.
const maxLogs = 10000

// newestLog returns the name of the newest log of a program: names are ordered by time.
func newestLog(diag *os.Root, program string) (string, error) {
	dir, err := diag.Open(".")
	if err != nil {
		return "", fmt.Errorf("cannot look for the runner's diagnostic logs: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(maxLogs)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("cannot look for the runner's diagnostic logs: %w", err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return logOf(name) != program })
	if len(names) == 0 {
		return "", fmt.Errorf("there is no diagnostic log %s*", program)
	}
	return slices.Max(names), nil
}

// logOf returns the program whose diagnostic log has this name, or nothing.
func logOf(name string) string {
	for _, program := range []string{ListenerLog, WorkerLog} {
		if strings.HasPrefix(name, program) && strings.HasSuffix(name, ".log") {
			return program
		}
	}
	return ""
}

// openLog opens a log if it is a file.
func openLog(diag *os.Root, name string) (*os.File, int64, error) {
	file, err := diag.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // of a pipe it would wait for the other end
	if err != nil {
		return nil, 0, fmt.Errorf("cannot open the runner's %q: %w", name, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no regular file")
	}
	if err != nil {
		file.Close()
		return nil, 0, fmt.Errorf("cannot read the runner's %q: %w", name, err)
	}
	return file, info.Size(), nil
}
