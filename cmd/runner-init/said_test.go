package main

import (
	"bytes"
	"strings"
	"sync"
	"time"
)

// buffer is a bytes.Buffer for two goroutines.
type buffer struct {
	mu   sync.Mutex
	b    bytes.Buffer
	more chan struct{} // closed with the next Write, if anybody waits for it
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.more != nil {
		close(b.more)
		b.more = nil
	}
	return b.b.Write(p)
}

// grows returns what is closed with the next Write.
func (b *buffer) grows() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.more == nil {
		b.more = make(chan struct{})
	}
	return b.more
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// said waits until our own log, or the runner, has said something.
func (b *box) said(text string) {
	b.t.Helper()
	b.saidTimes(text, 1)
}

// saidTimes waits until one of the streams has the text so many times.
func (b *box) saidTimes(text string, times int) {
	b.t.Helper()
	late := time.After(testTime)
	for {
		over, out, err := b.over(), b.stdout.grows(), b.stderr.grows() // first: what is said last is said before the end
		if strings.Count(b.stdout.String(), text) >= times || strings.Count(b.stderr.String(), text) >= times {
			return
		}
		if over {
			b.t.Fatalf("ended without having said %q", text)
		}
		select {
		case <-out:
		case <-err:
		case <-b.ended:
		case <-late:
			b.t.Fatalf("no %q in the output", text)
		}
	}
}
