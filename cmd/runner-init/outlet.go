package main

import (
	"os"
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
	lines chan []byte
	done  chan struct{}
	once  sync.Once
}

func newOutlet(file *os.File) *outlet {
	o := &outlet{lines: make(chan []byte, outletSize), done: make(chan struct{})}
	go func() {
		defer close(o.done)
		for line := range o.lines {
			file.Write(line)
		}
	}()
	return o
}

// Write takes one line.
func (o *outlet) Write(line []byte) (int, error) {
	select {
	case o.lines <- append([]byte(nil), line...):
	default:
	}
	return len(line), nil
}

// close waits until all is written, or for as long as that is worth. Nothing may be written afterwards.
func (o *outlet) close() {
	o.once.Do(func() { close(o.lines) })
	select {
	case <-o.done:
	case <-time.After(flushTime):
	}
}
