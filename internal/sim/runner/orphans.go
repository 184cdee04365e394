package runner

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// adjustOOM makes the kernel prefer the step over the runner.
func adjustOOM(pid int) {
	value := orText(os.Getenv("PIPELINE_JOB_OOMSCOREADJ"), "500")
	os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte(value), 0o644) // the step may be over
}

// processes returns all processes there are, as "PID_NAME".
func processes() map[string]bool {
	found := map[string]bool{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return found
	}
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err == nil {
			found[e.Name()+"_"+processName(e.Name())] = true
		}
	}
	return found
}

func processName(pid string) string {
	name, err := os.ReadFile("/proc/" + pid + "/comm")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(name))
}

// endOrphans kills what was not there before the job and has its tracking id in the environment; a process that
// changed the variable survives.
func endOrphans(before map[string]bool, tracking string, log io.Writer) {
	mark := []byte("RUNNER_TRACKING_ID=" + tracking)
	for key := range processes() {
		pid, name, _ := strings.Cut(key, "_")
		number, err := strconv.Atoi(pid)
		if before[key] || err != nil || number == os.Getpid() {
			continue
		}
		environ, err := os.ReadFile("/proc/" + pid + "/environ")
		if err != nil || !bytes.Contains(environ, mark) {
			continue
		}
		fmt.Fprintf(log, "Terminate orphan process: pid (%s) (%s)\n", pid, name)
		syscall.Kill(number, syscall.SIGKILL)
	}
}
