package signals

import (
	"bufio"
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
	Environ []string // the container's, verbatim, or what a supervisor before us has left in its place
	// HandedOver says that nobody has the container's any more.
	HandedOver bool
	// Stderr is the container's standard error; descriptor 2 is not, see keepLastWords.
	Stderr *os.File
	// LastWords are what the runtime printed when the role before us died, secrets included.
	LastWords []byte

	// Door is the socket at which whoever asks is answered, kept open by the init. It is nil where that could not be opened.
	Door *os.File

	journal *os.File
}

// errNoParent is what Inherit answers in a process that no init of ours has started.
var errNoParent = errors.New("this process was not started by an init")

// Inherit takes over what the init gives us, and keeps it from every child of ours.
func Inherit() (*Parent, error) {
	syscall.CloseOnExec(environmentFD)
	syscall.CloseOnExec(journalFD)
	syscall.CloseOnExec(doorFD)
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
	p.inheritDoor()
	return p, p.keepLastWords()
}

// environment reads the file that the init keeps, or what a supervisor has left in the journal in its place.
func (p *Parent) environment() ([]byte, error) {
	var handed [1]byte
	if n, _ := p.journal.ReadAt(handed[:], handedByte); n == 1 && handed[0] != 0 {
		p.HandedOver = true
	}
	var size [8]byte
	p.journal.ReadAt(size[:], leftSize) // zeros, where nobody has written
	if length := int64(binary.NativeEndian.Uint64(size[:])); p.HandedOver || length > 0 {
		return io.ReadAll(io.NewSectionReader(p.journal, leftBytes, length))
	}
	file := os.NewFile(environmentFD, "environment")
	defer file.Close()
	// From its beginning: a successor finds the file where its predecessor has read it to the end.
	return io.ReadAll(io.NewSectionReader(file, 0, math.MaxInt64))
}

// LeaveEnviron has our successors find this environment, and not the container's.
func (p *Parent) LeaveEnviron(environ []string) error {
	block, err := EncodeEnviron(environ)
	if err != nil {
		return err
	}
	if len(block) > secretBytes-leftBytes {
		return errors.New("cannot leave an environment to a successor: it is too large")
	}
	_, failed := p.journal.WriteAt(block, leftBytes)
	if err := errors.Join(failed, p.leaveSize(len(block))); err != nil { // last: it counts from there on
		return fmt.Errorf("cannot leave an environment to a successor: %w", err)
	}
	return nil
}

func (p *Parent) leaveSize(length int) error {
	_, err := p.journal.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(length)), leftSize)
	return err
}

// HandOver forgets the secrets and the environment that were kept, has the init forget the container's and, once we have
// ended, start a Keeper, which finds this one.
func (p *Parent) HandOver(environ []string) error {
	if err := errors.Join(p.leaveSize(0), p.journal.Truncate(leftBytes)); err != nil {
		return fmt.Errorf("cannot forget what was kept for a successor: %w", err)
	}
	if err := p.LeaveEnviron(environ); err != nil {
		return err
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

// Stopped reports whether the init got a stop signal (TERM, INT or QUIT), perhaps one that has not come to us yet.
func (p *Parent) Stopped() bool { return p.stopped() != 0 }

// stopped is when the init got the first one, by CLOCK_MONOTONIC.
func (p *Parent) stopped() int64 { return p.number(stopBytes) }

// StopTime is when the init got the first stop signal; now, if it says of none.
func (p *Parent) StopTime() time.Time { return timeOf(p.stopped()) }

// BeginTime is when the init began, which is when the container did; now, if it left no word.
func (p *Parent) BeginTime() time.Time { return timeOf(p.number(beginBytes)) }

// timeOf turns a moment by CLOCK_MONOTONIC into the time; 0 is now.
func timeOf(moment int64) time.Time {
	var clock unix.Timespec
	if moment == 0 || unix.ClockGettime(unix.CLOCK_MONOTONIC, &clock) != nil {
		return time.Now()
	}
	return time.Now().Add(time.Duration(moment - clock.Nano()))
}

// number reads eight bytes of the journal: 0 where nobody has written.
func (p *Parent) number(at int64) int64 {
	var text [8]byte
	if _, err := p.journal.ReadAt(text[:], at); err != nil {
		return 0
	}
	return int64(binary.NativeEndian.Uint64(text[:]))
}

// Death is how the role before us has died, as wait4(2) says it; 0 if there was none, or if it went well.
func (p *Parent) Death() syscall.WaitStatus {
	var status [4]byte
	if _, err := p.journal.ReadAt(status[:], endBytes); err != nil {
		return 0
	}
	return syscall.WaitStatus(binary.NativeEndian.Uint32(status[:]))
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

// Reaped is how many orphans the init has reaped so far.
func (p *Parent) Reaped() uint64 {
	return uint64(p.number(orphanBytes))
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

// NoteSize is how long a note may be, in bytes.
const NoteSize = (leftBytes - noteBytes) / 2

// Note replaces a further text in the journal, another owner's, in the same way. There are two, 0 and 1.
func (p *Parent) Note(which int, text []byte) error {
	if len(text) > NoteSize {
		return errors.New("cannot note so much")
	}
	_, err := p.journal.WriteAt(text, noteBytes+int64(which)*NoteSize)
	return err
}

// Noted returns up to so many bytes of what Note left.
func (p *Parent) Noted(which int, limit int64) ([]byte, error) {
	return io.ReadAll(io.NewSectionReader(p.journal, noteBytes+int64(which)*NoteSize, limit))
}

// KeepSecrets leaves text to our successors that they are to take out of our last words. What was left before is replaced.
func (p *Parent) KeepSecrets(text []byte) error {
	if len(text) >= lastWordsBytes-secretBytes {
		return errors.New("cannot keep the secrets for a successor: they are too long")
	}
	_, err := p.journal.WriteAt(append(text, 0), secretBytes)
	return err
}

// Secrets returns what KeepSecrets left.
func (p *Parent) Secrets() ([]byte, error) {
	text, err := bufio.NewReader(io.NewSectionReader(p.journal, secretBytes, lastWordsBytes-secretBytes)).ReadBytes(0)
	if err != nil {
		return nil, err
	}
	return text[:len(text)-1], nil
}
