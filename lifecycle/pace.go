//go:build !quicktest

package lifecycle

import "time"

// The watchdog's pace.
const (
	// A worker starts within moments of its job. Two looks tell one that never came from one that has just ended.
	firstLook, secondLook = 30 * time.Second, 90 * time.Second
	lookAgain             = 2 * time.Minute // where GitHub did not answer whether the job still is one
	// GitHub is asked for an idle runner after ten minutes, and then less and less often: six times in the first day.
	firstProbe, longestProbe = 10 * time.Minute, 6 * time.Hour
)
