package signals

import "syscall"

// collect reaps on behalf of the loop.
func (in *Init) collect() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.reap()
}

// reap waits for everything that is dead, until there is no more: one SIGCHLD may stand for many deaths. The caller holds
// mu. The end of the child is reported last, when all others are gone. Stopped children are not dead (no WUNTRACED).
func (in *Init) reap() {
	var ended *syscall.WaitStatus
	for {
		var ws syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &ws, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			break
		}
		if pid == in.child && (ws.Exited() || ws.Signaled()) {
			in.child, ended = 0, &ws
		}
	}
	if ended != nil {
		in.ended <- *ended
	}
}
