package signals

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// forward passes a signal on to the child, or keeps it for a child that is not there yet or not ready.
func (in *Init) forward(sig syscall.Signal) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.kept = append(in.kept, sig)
	in.flush()
}

// flush sends what is kept, if there is a child to take it. The caller holds mu. It reaps first: a zombie accepts every
// signal and does nothing with it, while the next child may need it.
func (in *Init) flush() {
	if len(in.kept) == 0 || in.child == 0 || !in.released {
		return
	}
	in.reap()
	if in.child == 0 {
		return
	}
	for _, sig := range in.kept {
		// The only possible error is EPERM, for a child that became another user. There is nothing to be done then, and
		// it is no reason for an init to die.
		_ = syscall.Kill(in.child, sig)
	}
	in.kept = nil
}

// watch releases the child's signals once it says it is ready. The returned function ends the watch and returns when
// nothing of it is left.
func (in *Init) watch(ready *os.File) (stop func()) {
	if ready == nil {
		return func() {}
	}
	var watching sync.WaitGroup
	watching.Go(func() { in.awaitReady(ready) })
	return func() {
		_ = ready.SetReadDeadline(time.Unix(1, 0)) // long ago: a pending read ends; Run has made sure that this works
		watching.Wait()
	}
}

func (in *Init) awaitReady(ready *os.File) {
	n, err := ready.Read(make([]byte, 1))
	if os.IsTimeout(err) {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if n == 0 && dying(in.child) {
		return
	}
	in.released = true
	in.flush()
}

// Bit of the flags in /proc/PID/stat, PF_EXITING of the kernel's sched.h: set before the files of a process are closed.
const exiting = 0x4

// dying says whether a process has begun to exit. Its pipe ends then without it having been ready, some time before it
// can be reaped, and a signal sent in between would be lost. Without /proc it is taken to be alive. See proc_pid_stat(5).
func dying(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
	fields := bytes.Fields(after)
	const flags = 6 // counted from the state, which follows the name in parentheses
	if len(fields) <= flags {
		return false
	}
	value, err := strconv.ParseUint(string(fields[flags]), 10, 64)
	return err == nil && value&exiting != 0
}
