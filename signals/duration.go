package signals

// longestDuration is a hundred years: enough for anybody, and far from an overflow.
const longestDuration = 100 * 365 * 24 * 3600 * second

// duration reads what time.ParseDuration of the standard library reads, but for a sign, the letter µ and what is shorter
// than a nanosecond; a bare number is seconds. The result is in nanoseconds.
func duration(s string) (total int64, ok bool) {
	for s != "" {
		var value int64
		var bare, fine bool
		if value, s, bare, fine = quantity(s); !fine || bare && (ok || s != "") {
			return 0, false
		}
		if total += value; total > longestDuration {
			return 0, false
		}
		ok = true
	}
	return total, ok
}

// quantity reads a number and its unit, and returns what follows. A bare one has no unit.
func quantity(s string) (value int64, rest string, bare, ok bool) {
	var whole, fraction int64
	scale, digits := second, 0 // the fraction counts in billionths
	for ; s != "" && isDigit(s[0]); digits++ {
		if whole > longestDuration/10 {
			return 0, "", false, false
		}
		whole = whole*10 + int64(s[0]-'0')
		s = s[1:]
	}
	if s != "" && s[0] == '.' {
		for s = s[1:]; s != "" && isDigit(s[0]); digits++ {
			scale /= 10
			fraction += int64(s[0]-'0') * scale
			s = s[1:]
		}
	}
	unit, length := unitOf(s)
	if bare = length == 0; bare {
		unit = second
	}
	if digits == 0 || whole > longestDuration/unit {
		return 0, "", false, false
	}
	value = whole * unit
	if unit >= second {
		value += fraction * (unit / second)
	} else {
		value += fraction / (second / unit)
	}
	return value, s[length:], bare, true
}

// unitOf reads the unit at the beginning of a text.
func unitOf(s string) (unit int64, length int) {
	switch {
	case hasPrefix(s, "ns"):
		return 1, 2
	case hasPrefix(s, "us"):
		return 1000, 2
	case hasPrefix(s, "ms"):
		return millisecond, 2
	case hasPrefix(s, "s"):
		return second, 1
	case hasPrefix(s, "m"):
		return 60 * second, 1
	case hasPrefix(s, "h"):
		return 3600 * second, 1
	}
	return 0, 0
}
