//go:build quicktest

package lifecycle

import "time"

// The watchdog's pace in the program that TestWatchdog builds, which cannot wait for hours.
const (
	firstLook, secondLook    = time.Second, 2 * time.Second
	lookAgain                = time.Second
	firstProbe, longestProbe = time.Second, 2 * time.Second
)
