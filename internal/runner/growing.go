package runner

import (
	"bytes"
	"fmt"
	"os"
)

// longLine is how much of a line of a diagnostic log is passed on, in bytes. The rest is left out as a whole: of a secret
// that was cut in two, both parts could be shown.
const longLine = 16 << 10

// growing is a log that is written to.
type growing struct {
	name string
	file *os.File
	at   int64
	held []byte // the beginning of a line
	skip bool   // to the end of the line
}

// pass passes on the lines that were added by now, the last so many bytes of them at most, and returns how many bytes it
// has read. A log that grows meanwhile keeps it no longer.
func (g *growing) pass(tell func(name, line string), most int64) (read int64) {
	size := g.size()
	if behind := size - g.at; behind > most {
		from := size - most
		tell(g.name, fmt.Sprintf("… %d bytes are left out", from-g.at))
		g.at, g.held, g.skip = from, nil, true
	}
	buffer := make([]byte, min(burst, max(0, size-g.at)))
	for g.at < size {
		n, _ := g.file.ReadAt(buffer[:min(int64(len(buffer)), size-g.at)], g.at)
		if n == 0 {
			break
		}
		g.at += int64(n)
		read += int64(n)
		g.divide(buffer[:n], tell)
	}
	return read
}

// divide makes lines of the next piece of the log.
func (g *growing) divide(piece []byte, tell func(name, line string)) {
	for {
		line, rest, whole := bytes.Cut(piece, []byte("\n"))
		if !g.skip {
			g.held = append(g.held, line[:min(len(line), longLine+1-len(g.held))]...)
		}
		if !g.skip && len(g.held) > longLine {
			tell(g.name, string(g.held[:longLine])+"…")
			g.held, g.skip = nil, true
		}
		if !whole {
			return
		}
		if !g.skip {
			tell(g.name, string(bytes.TrimSuffix(g.held, []byte("\r"))))
		}
		g.held, g.skip = g.held[:0], false
		piece = rest
	}
}

// close passes on a line that has no end, and closes the log.
func (g *growing) close(tell func(name, line string)) {
	if len(g.held) > 0 {
		tell(g.name, string(g.held))
	}
	g.file.Close()
}

func (g *growing) size() int64 {
	info, err := g.file.Stat()
	if err != nil {
		return g.at
	}
	return info.Size()
}
