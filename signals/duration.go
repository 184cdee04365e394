package signals

// duration reads what time.ParseDuration of the standard library reads, without fractions of a nanosecond and without a
// sign, and bare numbers as seconds. The result is in nanoseconds.
func duration(s string) (total int64, ok bool) {
	const longest = int(100 * 365 * 24 * 3600 * second) // a hundred years: enough for anybody, and far from an overflow
	for s != "" {
		whole, fraction, scale := 0, 0, 1
		digits := 0
		for digits < len(s) && isDigit(s[digits]) {
			whole = min(whole*10+int(s[digits]-'0'), longest)
			digits++
		}
		rest := s[digits:]
		if rest != "" && rest[0] == '.' {
			rest = rest[1:]
			for rest != "" && isDigit(rest[0]) {
				if scale < int(second) {
					fraction, scale = fraction*10+int(rest[0]-'0'), scale*10
				}
				rest = rest[1:]
				digits++
			}
		}
		if digits == 0 {
			return 0, false
		}
		unit, length := unitOf(rest)
		if length == 0 {
			if rest != "" || total != 0 {
				return 0, false
			}
			unit = second
		}
		if int64(whole) > int64(longest)/unit {
			return 0, false
		}
		total += int64(whole)*unit + int64(fraction)*unit/int64(scale)
		if total > int64(longest) {
			return 0, false
		}
		if s = rest[length:]; length == 0 {
			return total, true
		}
		ok = true
	}
	return total, ok
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
