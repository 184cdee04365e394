package bench

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// describe says on what machine, and between what else, the numbers came about.
func describe(p programs, busy string) string {
	lines := []string{
		fmt.Sprintf("machine: %d x %s, Linux %s, %s/%s", runtime.NumCPU(), processor(), release(), runtime.GOOS, runtime.GOARCH),
		"load over the last minute: " + busy,
		"built with: " + runtime.Version() + ", make build",
	}
	for _, one := range p.contenders {
		if one.name == tini || one.name == dumbInit {
			out, _ := exec.Command(one.prefix[0], "--version").CombinedOutput()
			lines = append(lines, "compared with: "+strings.TrimSpace(string(out)))
		}
	}
	for _, reason := range p.absent {
		lines = append(lines, "left out: "+reason)
	}
	return "```\n" + strings.Join(lines, "\n") + "\n```\n"
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return "unnamed processor" // arm64 has no such line
}

func release() string {
	text, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(string(text))
}

// load warns where others are at work: a median of many rounds forgives them a lot, not everything.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	minute, _, _ := strings.Cut(string(text), " ")
	if n, err := strconv.ParseFloat(minute, 64); err != nil || n >= float64(runtime.NumCPU())/2 {
		return minute + ": BUSY, so take the times as upper bounds"
	}
	return minute
}
