package signals

import (
	"math"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// The descriptors after standard input, output and error.
const firstExtra = 3

// keepDescriptors marks every inherited descriptor from 3 up close-on-exec. close_range(2) does so at once since Linux
// 5.11; before, the list is in /proc, and without /proc there is no list.
func keepDescriptors() {
	if unix.CloseRange(firstExtra, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return
	}
	CloseOnExec(openDescriptors()...)
}

// openDescriptors lists our descriptors from 3 up. The one that reads the list may be among them, closed by now.
func openDescriptors() []int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil
	}
	var fds []int
	for _, entry := range entries {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd >= firstExtra {
			fds = append(fds, fd)
		}
	}
	return fds
}

// CloseOnExec marks descriptors close-on-exec. It is for the receiving side: what came in through Command.Files is
// inheritable there until this was called.
func CloseOnExec(fds ...int) {
	for _, fd := range fds {
		syscall.CloseOnExec(fd)
	}
}
