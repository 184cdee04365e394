package signals

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Parent is what a role has of the init that started it.
type Parent struct {
	Environ []string // the container's, verbatim, unless it was handed over
	// HandedOver says that Environ is what a supervisor before us has left of the container's.
	HandedOver bool

	journal *os.File
}

// errNoParent is what Inherit answers in a process that no init of ours has started.
var errNoParent = errors.New("this process was not started by an init")

// Inherit takes over what the init gives us, and keeps it from every child of ours.
func Inherit() (*Parent, error) {
	syscall.CloseOnExec(environmentFD)
	syscall.CloseOnExec(journalFD)
	if _, err := unix.FcntlInt(journalFD, unix.F_GET_SEALS, 0); err != nil { // no file in memory
		return nil, errNoParent
	}
	p := &Parent{journal: os.NewFile(journalFD, "journal")}
	block, err := p.environment()
	if err != nil {
		return nil, errNoParent
	}
	if p.Environ, err = DecodeEnviron(block); err != nil {
		return nil, errNoParent
	}
	return p, nil
}

// environment reads the file that the init keeps, or what a supervisor has left in the journal in its place.
func (p *Parent) environment() ([]byte, error) {
	var handed [1]byte
	if n, _ := p.journal.ReadAt(handed[:], handedByte); n == 1 && handed[0] != 0 {
		p.HandedOver = true
		return io.ReadAll(io.NewSectionReader(p.journal, handedBytes, math.MaxInt64-handedBytes))
	}
	file := os.NewFile(environmentFD, "environment")
	defer file.Close()
	// From its beginning: a successor finds the file where its predecessor has read it to the end.
	return io.ReadAll(io.NewSectionReader(file, 0, math.MaxInt64))
}

// HandOver has the init forget the container's environment and, once we have ended, start a Keeper, which finds this one.
func (p *Parent) HandOver(environ []string) error {
	block, err := EncodeEnviron(environ)
	if err != nil {
		return err
	}
	if _, err := p.journal.WriteAt(block, handedBytes); err != nil {
		return fmt.Errorf("cannot leave an environment to the init: %w", err)
	}
	return p.setFlag(handedByte)
}

// Ready says that signals may come. Until then the init has kept them.
func (p *Parent) Ready() error {
	if err := p.setFlag(readyByte); err != nil {
		return err
	}
	// It sleeps until a signal comes; this one means "look".
	if err := syscall.Kill(os.Getppid(), syscall.SIGCHLD); err != nil {
		return fmt.Errorf("cannot wake the init: %w", err)
	}
	return nil
}

// StopTime is when the init got the first stop signal (TERM, INT or QUIT); now, if it says of none.
func (p *Parent) StopTime() time.Time {
	var at [8]byte
	var clock unix.Timespec
	if _, err := p.journal.ReadAt(at[:], stopBytes); err != nil || unix.ClockGettime(unix.CLOCK_MONOTONIC, &clock) != nil {
		return time.Now()
	}
	since := int64(binary.NativeEndian.Uint64(at[:]))
	if since == 0 {
		return time.Now()
	}
	return time.Now().Add(time.Duration(since - clock.Nano()))
}

// CoreLimit is the soft limit on the size of core files that the init found, RLIM_INFINITY included, before it forbade
// them to itself and to us. It reports false where it left no word.
func (p *Parent) CoreLimit() (uint64, bool) {
	var limit [8]byte
	if _, err := p.journal.ReadAt(limit[:], coreBytes); err != nil {
		return 0, false
	}
	return binary.NativeEndian.Uint64(limit[:]), true
}

// Finished says that we have come to our own end, and that nobody has to take over.
func (p *Parent) Finished() error { return p.setFlag(finishedByte) }

func (p *Parent) setFlag(at int64) error {
	if _, err := p.journal.WriteAt([]byte{1}, at); err != nil {
		return fmt.Errorf("cannot tell the init: %w", err)
	}
	return nil
}

// Write replaces what the journal holds. Written in one call, it is never found half done, not even after a SIGKILL, as
// long as all texts are of one length.
func (p *Parent) Write(text []byte) error {
	_, err := p.journal.WriteAt(text, ownBytes)
	return err
}

// Read returns up to so many bytes of what the journal holds.
func (p *Parent) Read(limit int64) ([]byte, error) {
	return io.ReadAll(io.NewSectionReader(p.journal, ownBytes, limit))
}
