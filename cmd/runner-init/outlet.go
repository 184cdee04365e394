package main

import (
	"os"
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
type outlet struct{ pieces chan piece }

// piece is a line, or a mark that is closed once all before it is written.
type piece struct {
	line []byte
	mark chan struct{}
}

func newOutlet(file *os.File) *outlet {
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
	select {
	case o.pieces <- piece{line: append([]byte(nil), line...)}:
	default:
	}
	return len(line), nil
}

// flush waits until all is written, or for as long as that is worth.
func (o *outlet) flush() {
	patience := time.After(flushTime)
	mark := make(chan struct{})
	select {
	case o.pieces <- piece{mark: mark}:
	case <-patience:
		return
	}
	select {
	case <-mark:
	case <-patience:
	}
}
