package main

import (
	"crypto/rand"
	"os"
	"strings"
	"time"

	"github.com/runner-init/runner-init/internal/config"
)

// nameTries bounds how many names are tried, each with new random characters, because the one before was taken.
const nameTries = 3

// runnerName returns the name for the try-th attempt to register, counted from 0. A name that is given is kept as it
// is, unless a suffix is asked for or it turned out to be taken; a prefix always gets one. On a platform that gives what it
// runs an id, a name after a prefix has it, so that the one is found by the other.
func runnerName(c config.Config, id string, try int) string {
	base, named := nameBase(c)
	switch {
	case c.NameSuffix == config.SuffixHostname && try == 0:
		host, _ := os.Hostname()
		return withSuffix(base, host)
	case c.NameSuffix == config.SuffixNever, c.NameSuffix == config.SuffixAuto && named && try == 0:
		return base
	case !named && try == 0 && isID(id):
		return base[:min(len(base), baseBeforeID)] + "-" + id + "-" + newSuffix(time.Now())[:siblingDigits]
	}
	return withSuffix(base, newSuffix(time.Now()))
}

// maxID is the length of the longest id of a platform that goes into a name. It is that of a task of ECS, and of the uid of
// a pod without its dashes.
const (
	maxID        = 32
	baseBeforeID = config.MaxName - 1 - maxID - 1 - siblingDigits
)

// isID reports whether a text can be told from a part of a prefix: ids are hexadecimal.
func isID(text string) bool {
	return text != "" && len(text) <= maxID && strings.Trim(text, "0123456789abcdef") == ""
}

// nameBase is what a suffix is appended to, and whether it is a name by itself.
func nameBase(c config.Config) (base string, named bool) {
	if c.Name != "" {
		return c.Name, true
	}
	return c.NamePrefix, false
}

func withSuffix(base, suffix string) string {
	if suffix == "" {
		return base
	}
	suffix = suffix[:min(len(suffix), config.MaxName/2)]
	return base[:min(len(base), config.MaxName-1-len(suffix))] + "-" + suffix
}

// What follows an id are the first digits of a suffix: the minute, and a few random bits for the runners of one task, which
// are started together. One name for two of them would be more than a conflict: what is left of a request whose answer was
// lost is found by its name, and deleted.
const siblingDigits = timeDigits + 4

// A suffix is the minute in which it was made, because GitHub does not tell how old a registration is and a sweep wants
// to know, and 35 random bits, so that no two runners of a fleet meet.
const (
	digits       = "abcdefghijklmnopqrstuvwxyz234567" // those of rand.Text, in lower case
	timeDigits   = 6                                  // minutes since 1970, until the year 4011
	randomDigits = 7
)

func newSuffix(now time.Time) string {
	return minuteOf(now) + strings.ToLower(rand.Text()[:randomDigits])
}

// minuteOf writes the minute that it is.
func minuteOf(now time.Time) string {
	made := make([]byte, timeDigits)
	for i, minutes := timeDigits-1, now.Unix()/60; i >= 0; i, minutes = i-1, minutes/int64(len(digits)) {
		made[i] = digits[minutes%int64(len(digits))]
	}
	return string(made)
}

// firstSuffix is before any suffix was made: what reads as older is no suffix of ours.
var firstSuffix = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// bornAt returns when a name was made of the base and a suffix, or of the base and an id; ok is false if it was not. Any 13
// characters are taken for a suffix with a chance of one in a thousand.
func bornAt(name, base string, now time.Time) (born time.Time, ok bool) {
	const length = timeDigits + randomDigits
	if suffix, ok := strings.CutPrefix(name, base[:min(len(base), config.MaxName-1-length)]+"-"); ok && len(suffix) == length {
		return readMinute(suffix, now)
	}
	rest, ok := strings.CutPrefix(name, base[:min(len(base), baseBeforeID)]+"-")
	id, ending, dash := strings.Cut(rest, "-")
	if !ok || !dash || !isID(id) || len(ending) != siblingDigits {
		return time.Time{}, false
	}
	return readMinute(ending, now)
}

// readMinute reads the minute that a suffix begins with.
func readMinute(suffix string, now time.Time) (born time.Time, ok bool) {
	if strings.Trim(suffix, digits) != "" {
		return time.Time{}, false
	}
	minutes := int64(0)
	for _, d := range suffix[:timeDigits] {
		minutes = minutes*int64(len(digits)) + int64(strings.IndexRune(digits, d))
	}
	born = time.Unix(minutes*60, 0)
	return born, !born.Before(firstSuffix) && born.Before(now.Add(24*time.Hour))
}
