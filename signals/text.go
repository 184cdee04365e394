package signals

import "unsafe"

// text is a window onto a string of the kernel's or of C's: it ends at the first NUL.
func text(p *byte) string {
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return unsafe.String(p, n)
}

// base is the last element of a path, as basename(3) of glibc gives it: nothing after a slash at the end.
func base(path string) string { return path[lastIndex(path, '/')+1:] }

func index(s string, c byte) int {
	for i := range len(s) {
		if s[i] == c {
			return i
		}
	}
	return -1
}

func lastIndex(s string, c byte) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == c {
			return i
		}
	}
	return -1
}

func hasPrefix(s, prefix string) bool { return len(s) >= len(prefix) && s[:len(prefix)] == prefix }

// hasPrefixFold compares without regard to the case of ASCII letters; prefix is in upper case.
func hasPrefixFold(s, prefix string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if upper(s[i]) != prefix[i] {
			return false
		}
	}
	return true
}

func equalFold(s, other string) bool { return len(s) == len(other) && hasPrefixFold(s, other) }

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// number reads a string of digits that is not greater than the limit.
func number(s string, limit int) (n int, ok bool) {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		if n = n*10 + int(s[i]-'0'); n > limit {
			return 0, false
		}
	}
	return n, s != ""
}

// part is a piece of a line: a text or a number.
type part struct {
	text   string
	number int
	digits bool
}

func str(text string) part { return part{text: text} }
func num(n int) part       { return part{number: n, digits: true} }

// join copies parts.
func join(into, parts []part) int {
	//lint:ignore S1001 copy would ask the runtime
	for i := range parts {
		into[i] = parts[i]
	}
	return len(parts)
}

// put writes parts to a descriptor.
func put(fd int, parts ...part) {
	var line [1024]byte
	for at := (place{}); at.part < len(parts); {
		writeFile(fd, line[:at.assemble(&line, parts)])
	}
}

// tell is put for an init at work, which waits for nobody: what standard error or output does not take at once is lost.
func tell(fd int, parts ...part) {
	var line [1024]byte
	for at := (place{}); at.part < len(parts); {
		offer(fd, line[:at.assemble(&line, parts)])
	}
}

// place is how far parts have been written.
type place struct{ part, offset int }

// assemble fills a line with what comes next, and returns how much that is.
func (at *place) assemble(line *[1024]byte, parts []part) (n int) {
	for ; at.part < len(parts); at.part, at.offset = at.part+1, 0 {
		p := &parts[at.part]
		var digits [20]byte
		piece := unsafe.Slice(unsafe.StringData(p.text), len(p.text))
		if p.digits {
			piece = decimal(&digits, p.number)
		}
		copied := copy(line[n:], piece[at.offset:])
		n += copied
		if at.offset += copied; at.offset < len(piece) {
			return n
		}
	}
	return n
}

// decimal writes a number to the end of the buffer.
func decimal(buffer *[20]byte, n int) []byte {
	i := len(buffer)
	negative := n < 0
	if negative {
		n = -n
	}
	for {
		i--
		buffer[i] = byte('0' + n%10)
		if n /= 10; n == 0 {
			break
		}
	}
	if negative {
		i--
		buffer[i] = '-'
	}
	return buffer[i:]
}

// reason puts the kernel's error into words. See strerror(3).
func reason(err errno) part {
	const known = 133 // the first without words in package syscall, after two before
	if err <= 0 || err >= known || err == 41 || err == 58 {
		return num(int(err))
	}
	return str(err.Error())
}

// capitalReason is the same as the C library has it, with a capital letter, in two parts.
func capitalReason(err errno) (initial, rest part) {
	words := reason(err)
	if words.digits || words.text == "" || words.text[0] < 'a' || words.text[0] > 'z' {
		return str(""), words
	}
	const capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	at := int(words.text[0] - 'a')
	return str(capitals[at : at+1]), str(words.text[1:])
}
