package signals

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// ownTerminal says whether standard input is our controlling terminal and our process group is in its foreground: only
// then may the child's group have it. On anything else the request itself would fail. See ioctl_tty(2).
func ownTerminal() bool {
	group, err := unix.IoctlGetUint32(0, unix.TIOCGPGRP)
	return err == nil && int(group) == unix.Getpgrp()
}

// reclaimTerminal takes the terminal back from a child's group, for the next child or for the shell script that runs
// us; left with a dead group it would answer its next reader with EIO. The request comes from the background, which is
// allowed only to a thread that blocks SIGTTOU.
func reclaimTerminal(group int) {
	holder, err := unix.IoctlGetUint32(0, unix.TIOCGPGRP)
	if err != nil || int(holder) != group {
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var ours unix.Sigset_t
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, only(unix.SIGTTOU), &ours); err != nil {
		return
	}
	defer unix.PthreadSigmask(unix.SIG_SETMASK, &ours, nil)
	// A terminal that hung up meanwhile cannot be had back, and nobody will miss it.
	_ = unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, unix.Getpgrp())
}

// only is the set of one signal, which must be below 32.
func only(sig unix.Signal) *unix.Sigset_t {
	var set unix.Sigset_t
	set.Val[0] = 1 << (uint(sig) - 1)
	return &set
}
