package platform

// Standing is a word for what is known of a protection.
type Standing string

// Every Standing there is.
const (
	Off      Standing = "off"      // there is nobody to ask, or we are not to
	None     Standing = "none"     // nothing is asked for, for want of a job
	Asked    Standing = "asked"    // asked for, and not granted, or not granted anew
	Held     Standing = "held"     // granted
	Refused  Standing = "refused"  // not granted, and not asked for again
	Released Standing = "released" // being given up
	Stale    Standing = "stale"    // given up in vain: it lasts until it expires
)

// Standings returns every Standing.
func Standings() []Standing { return []Standing{Off, None, Asked, Held, Refused, Released, Stale} }

// standing is the word for a state.
func (s state) standing() Standing {
	switch {
	case s.refused:
		return Refused
	case !s.asked:
		return None
	case s.last == release && s.failures >= releases:
		return Stale
	case s.last == release:
		return Released
	case s.held && s.failures == 0:
		return Held
	}
	return Asked
}
