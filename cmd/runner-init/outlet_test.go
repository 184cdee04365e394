package main

import (
	"io"
	"testing"
)

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
