package signals

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// maxLastWords is how much is read of a supervisor's last words.
const maxLastWords = 256 << 10

// keepLastWords takes standard error from Go's runtime, which prints panics and fatal errors of any goroutine there, with
// whatever secret is in them, and ends the process. No goroutine can prevent that, and nobody can read along: so what goes
// to descriptor 2 from here on goes into the journal, where the successor finds it and decides what of it is shown. What
// the last of them, the Witness, dies of is not seen by anybody.
//
// It returns what a predecessor left in this way. The real standard error, under another number, is Parent.Stderr; every
// child is given it explicitly.
func (p *Parent) keepLastWords() error {
	const stderr = 2
	words, err := io.ReadAll(io.NewSectionReader(p.journal, lastWordsBytes, maxLastWords))
	if err != nil {
		return fmt.Errorf("cannot read the last words of the supervisor: %w", err)
	}
	p.LastWords = words
	fd, err := unix.FcntlInt(stderr, unix.F_DUPFD_CLOEXEC, firstExtra)
	if err != nil {
		return fmt.Errorf("cannot keep standard error: %w", err)
	}
	p.Stderr = os.NewFile(uintptr(fd), os.Stderr.Name())
	if err := p.journal.Truncate(lastWordsBytes); err != nil {
		return fmt.Errorf("cannot forget the last words of the supervisor: %w", err)
	}
	if _, err := p.journal.Seek(lastWordsBytes, io.SeekStart); err != nil {
		return fmt.Errorf("cannot make room for last words: %w", err)
	}
	if err := unix.Dup3(int(p.journal.Fd()), stderr, 0); err != nil {
		return fmt.Errorf("cannot take standard error from the runtime: %w", err)
	}
	return nil
}
