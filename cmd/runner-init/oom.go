package main

import (
	"fmt"
	"log/slog"
	"sync"
	"syscall"

	"github.com/runner-init/runner-init/internal/cgroup"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
)

// kernelFiles is where the kernel shows its file systems.
const kernelFiles = "/"

// oomWatch knows what the OOM killer has done since a listener began. It looks then, and when something has ended. Where no
// memory cgroup is to be seen it has done nothing.
type oomWatch struct {
	mu     sync.Mutex
	memory cgroup.Memory
	before uint64 // kills that are nobody's business any more
	told   uint64 // kills that the log knows of
}

// begin forgets what was before.
func (o *oomWatch) begin(root string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.memory, _ = cgroup.Find(root)
	o.before, _ = o.memory.Kills()
	o.told = o.before
}

// look returns what it has done since, in words, and nothing if that is nothing. News is what the log does not know yet.
func (o *oomWatch) look() (done, news string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if kills, err := o.memory.Kills(); err != nil || kills == o.before { // as nearly always, and so at the least cost
		return "", ""
	}
	now, err := o.memory.Read()
	if err != nil {
		return "", ""
	}
	done, news = killsOf(now.Kills-o.before, now), killsOf(now.Kills-o.told, now)
	o.told = now.Kills
	return done, news
}

// forgive makes what was done until now nobody's business.
func (o *oomWatch) forgive() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.before = o.told
}

// watchMemory has what the OOM killer did until now be nobody's business, a successor's neither.
func (l *listener) watchMemory() {
	l.oom.begin(kernelFiles)
	l.noteKills()
}

// noteKills leaves the number of kills that the log knows of to a successor: one more, and a supervisor that was killed has
// been killed by the OOM killer.
func (l *listener) noteKills() {
	if kills, known := l.oom.known(); known {
		l.leave(func(t *trail) { t.Kills = &kills })
	}
}

// known is how many kills the log knows of, if they can be counted.
func (o *oomWatch) known() (kills uint64, counted bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.told, o.memory != cgroup.Memory{}
}

// killsSince is what the OOM killer has done since so many kills were known, in words.
func killsSince(root string, before uint64) string {
	memory, _ := cgroup.Find(root)
	now, err := memory.Read()
	if err != nil || now.Kills < before {
		return ""
	}
	return killsOf(now.Kills-before, now)
}

func killsOf(kills uint64, now cgroup.Usage) string {
	switch kills {
	case 0:
		return ""
	case 1:
		return "1 process killed, " + now.String()
	}
	return fmt.Sprintf("%d processes killed, %s", kills, now)
}

// sawOOM says what was done to a job that has ended: of a step that was killed, GitHub shows an exit code only. A listener
// that goes on to another job has nothing more to do with it.
func (l *listener) sawOOM() {
	if _, news := l.oom.look(); news != "" {
		l.log.Warn("the OOM killer struck", slog.String(keyReason, news))
	}
	if !l.ephemeral {
		l.oom.forgive()
	}
	l.noteKills()
}

// ended translates the end of a listener. The OOM killer is to blame where it has struck, and the listener died of what it
// sends; or the worker did: then the listener has reported the job as failed, and ends as if nothing was.
func (l *listener) ended(end runner.End) lifecycle.Ended {
	done, _ := l.oom.look()
	switch {
	case done == "", l.killed.Load():
	case end.Signal == syscall.SIGKILL:
		return lifecycle.Ended{How: lifecycle.OutOfMemory, Why: "the listener died: " + done}
	default:
		if code, known := l.runner.WorkerCode(); known && code == 128+int(syscall.SIGKILL) {
			return lifecycle.Ended{How: lifecycle.OutOfMemory, Why: "the worker died, and its job: " + done}
		}
	}
	return lifecycle.Ended{How: endings[end.Meaning], Why: end.Cause()}
}
