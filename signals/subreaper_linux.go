package signals

import "golang.org/x/sys/unix"

// becomeSubreaper makes orphans below us our children, as those of its namespace are PID 1's. See
// PR_SET_CHILD_SUBREAPER(2const). A kernel that cannot (before 3.4) leaves them to the next reaper above.
func becomeSubreaper() {
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}
