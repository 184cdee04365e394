package main

import (
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// The last line finds its place, however many have come before it, as long as somebody reads.
func TestLastLineFindsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowly{}
		o := newOutlet(slow)
		defer close(o.pieces)
		for range 2 * outletSize {
			io.WriteString(o, "much\n")
		}
		io.WriteString(o.last(), "exited\n")
		o.flush()
		if got := slow.last; got != "exited\n" {
			t.Errorf("the last line is %q", got)
		}
	})
}

// slowly is a reader that takes its time.
type slowly struct{ last string }

func (s *slowly) Write(line []byte) (int, error) {
	time.Sleep(flushTime / 2 / outletSize)
	s.last = string(line)
	return len(line), nil
}

// A request that was given up may still have something to say when the last line is out.
func TestNothingFollowsTheLastLine(t *testing.T) {
	var out buffer
	o := newOutlet(&out)
	defer close(o.pieces)
	io.WriteString(o, "before\n")
	last := o.last()
	io.WriteString(o, "meanwhile\n")
	io.WriteString(last, "exited\n")
	io.WriteString(o, "late\n")
	o.flush()
	if got, want := out.String(), "before\nexited\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
