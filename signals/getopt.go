package signals

import "unsafe"

// Whether an option takes an argument.
const (
	noArgument = iota
	requiredArgument
	optionalArgument // for long options: after = only
)

// longOption is an option with a name, and the letter that it stands for.
type longOption struct {
	name     string
	argument int
	letter   byte
}

// Letters that stand for the end of the options and for a mistake, which has been complained of.
const (
	noMore  = 0
	mistake = '?'
)

// options reads a command line as getopt_long(3) of glibc does, messages included: both peers are built on it, and
// people's command lines on what it lets pass. Unlike glibc's it keeps its place in itself.
type options struct {
	argv    []*byte
	name    string // of the program, at the beginning of messages
	short   string // letters; a colon after one that takes an argument
	long    []longOption
	permute bool // options may follow operands, which are moved behind them

	next     int    // the next element of argv to look at
	operands int    // how many elements right before next are operands that were skipped
	rest     string // what is left of a bundle of short options

	argument string // of the option just returned
}

// read returns the next option's letter, noMore or mistake.
func (o *options) read() byte {
	o.argument = ""
	if o.rest != "" {
		return o.readShort()
	}
	if !o.skip() {
		return noMore
	}
	word := text(o.argv[o.next])
	o.take()
	if word == "--" {
		o.next -= o.operands // what comes behind are operands too
		o.operands = 0
		return noMore
	}
	if word[1] == '-' && o.long != nil {
		return o.readLong(word[2:])
	}
	o.rest = word[1:]
	return o.readShort()
}

// skip goes on to the next option, over operands if they may be permuted, and reports whether there is one. At the end
// next is the first operand.
func (o *options) skip() bool {
	for ; o.next < len(o.argv); o.next++ {
		if word := text(o.argv[o.next]); len(word) > 1 && word[0] == '-' {
			return true
		}
		if !o.permute {
			break
		}
		o.operands++
	}
	o.next -= o.operands
	o.operands = 0
	return false
}

// take moves the element at next before the operands that were skipped, and steps over it.
func (o *options) take() {
	taken := o.argv[o.next]
	for i := o.next; i > o.next-o.operands; i-- {
		o.argv[i] = o.argv[i-1]
	}
	o.argv[o.next-o.operands] = taken
	o.next++
}

// letter is a text of one.
func letter(c *byte) part { return str(unsafe.String(c, 1)) }

func (o *options) readShort() byte {
	c := o.rest[0]
	o.rest = o.rest[1:]
	at := index(o.short, c)
	if at < 0 || c == ':' {
		put(2, str(o.name), str(": invalid option -- '"), letter(&c), str("'\n"))
		return mistake
	}
	if at+1 == len(o.short) || o.short[at+1] != ':' {
		return c
	}
	if o.rest != "" {
		o.argument, o.rest = o.rest, ""
		return c
	}
	if o.next == len(o.argv) {
		put(2, str(o.name), str(": option requires an argument -- '"), letter(&c), str("'\n"))
		return mistake
	}
	o.argument = text(o.argv[o.next])
	o.take()
	return c
}

func (o *options) readLong(word string) byte {
	name, value, given := word, "", false
	if at := index(word, '='); at >= 0 {
		name, value, given = word[:at], word[at+1:], true
	}
	found := o.find(name, word)
	if found == nil {
		return mistake
	}
	switch {
	case given && found.argument == noArgument:
		put(2, str(o.name), str(": option '--"), str(found.name), str("' doesn't allow an argument\n"))
		return mistake
	case !given && found.argument == requiredArgument:
		if o.next == len(o.argv) {
			put(2, str(o.name), str(": option '--"), str(found.name), str("' requires an argument\n"))
			return mistake
		}
		value = text(o.argv[o.next])
		o.take()
	}
	o.argument = value
	return found.letter
}

// find looks a name up that may be abbreviated, as long as it is clear what is meant. The word is what was typed.
func (o *options) find(name, word string) *longOption {
	var found *longOption
	several := false
	for i := range o.long {
		switch candidate := &o.long[i]; {
		case candidate.name == name:
			return candidate
		case !hasPrefix(candidate.name, name):
		case found == nil:
			found = candidate
		default:
			several = true
		}
	}
	switch {
	case found == nil:
		put(2, str(o.name), str(": unrecognized option '--"), str(word), str("'\n"))
	case several:
		o.complainOfSeveral(name, word)
		return nil
	}
	return found
}

func (o *options) complainOfSeveral(name, word string) {
	put(2, str(o.name), str(": option '--"), str(word), str("' is ambiguous; possibilities:"))
	for i := range o.long {
		if hasPrefix(o.long[i].name, name) {
			put(2, str(" '--"), str(o.long[i].name), str("'"))
		}
	}
	put(2, str("\n"))
}
