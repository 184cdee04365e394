package signals

// readEnvironment applies the variables, before the command line, which has the last word. A flag that may be repeated is
// a list there, separated by commas or blanks. It returns what is wrong with which of them.
func (s *settings) readEnvironment(environ []*byte) (variable, problem string) {
	single := false
	for i := range flags {
		f := &flags[i]
		value, _ := lookup(environ, f.variable)
		if f.variable == "" || value == "" {
			continue
		}
		switch f.letter {
		case 'v':
			problem = s.setVerbosity(value)
		case 'r', 'D', 'e':
			problem = s.setList(f.letter, value)
		case 'W':
			problem = s.setWait(value)
		case 'G', 'p':
			problem = s.set(f.letter, value)
		default:
			on, ok := boolean(value)
			switch {
			case !ok:
				problem = wantBoolean
			case on && f.letter == 'c':
				single = true
			case on:
				s.set(f.letter, "")
			}
		}
		if problem != "" {
			return f.variable, problem
		}
	}
	if single {
		s.target = toChild
	}
	return "", ""
}

const (
	wantBoolean  = "want true or false (1/0, yes/no, on/off)"
	wantDuration = "want a time, as in 500ms, 10s or 1m30s; a bare number is seconds"
)

func (s *settings) setVerbosity(value string) (problem string) {
	if level, ok := number(value, tiniTrace); ok {
		s.verbosity = level + tiniWarning
		return ""
	}
	on, ok := boolean(value)
	if !ok {
		return "want a number from 0 to 4, or true or false"
	}
	if on {
		s.verbosity++
	}
	return ""
}

func (s *settings) setWait(value string) (problem string) {
	if on, ok := boolean(value); ok {
		s.wait = on
		return ""
	}
	return s.set('W', value)
}

func (s *settings) setList(letter byte, value string) (problem string) {
	for value != "" && problem == "" {
		end := 0
		for end < len(value) && value[end] != ',' && value[end] > ' ' {
			end++
		}
		if end > 0 {
			problem = s.set(letter, value[:end])
		}
		value = value[min(end+1, len(value)):]
	}
	return problem
}

func boolean(value string) (on, ok bool) {
	for _, word := range [...]string{"1", "TRUE", "YES", "ON"} {
		if equalFold(value, word) {
			return true, true
		}
	}
	for _, word := range [...]string{"0", "FALSE", "NO", "OFF"} {
		if equalFold(value, word) {
			return false, true
		}
	}
	return false, false
}
