package main

import (
	"io"
	"sync"
	"time"
)

const (
	// outletSize is how many lines of our own log wait for a reader that has stopped reading, a log driver above all.
	outletSize = 1024
	// flushTime is how long they are given at the end.
	flushTime = 200 * time.Millisecond
)

// outlet is a writer that never makes anybody wait: who does not read our log must not keep us from deregistering. Lines
// are written in order by a goroutine; what finds no room is dropped.
type outlet struct {
	pieces chan piece
	mu     sync.Mutex
	shut   bool
}

// piece is a line, or a mark that is closed once all before it is written.
type piece struct {
	line []byte
	mark chan struct{}
}

func newOutlet(file io.Writer) *outlet {
	o := &outlet{pieces: make(chan piece, outletSize)}
	go func() {
		for p := range o.pieces {
			if p.mark != nil {
				close(p.mark)
				continue
			}
			file.Write(p.line)
		}
	}()
	return o
}

// Write takes one line.
func (o *outlet) Write(line []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.shut {
		o.put(line)
	}
	return len(line), nil
}

func (o *outlet) put(line []byte) {
	select {
	case o.pieces <- piece{line: append([]byte(nil), line...)}:
	default:
	}
}

// last returns a writer of the last line: what others still have to say, of requests that were given up above all, comes
// too late from here on.
func (o *outlet) last() io.Writer {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.shut = true
	return lastLine{o}
}

type lastLine struct{ outlet *outlet }

// Write waits for room, for as long as that is worth: many lines may have come shortly before the last one.
func (l lastLine) Write(line []byte) (int, error) {
	select {
	case l.outlet.pieces <- piece{line: append([]byte(nil), line...)}:
	case <-time.After(flushTime):
	}
	return len(line), nil
}

// flush waits until all is written, or for as long as that is worth, and reports whether it is.
func (o *outlet) flush() bool {
	patience := time.After(flushTime)
	mark := make(chan struct{})
	select {
	case o.pieces <- piece{mark: mark}:
	case <-patience:
		return false
	}
	select {
	case <-mark:
		return true
	case <-patience:
		return false
	}
}
