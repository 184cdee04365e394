package signals

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// roleHeir is what a supervisor does with its init, and tells what it found.
func roleHeir([]string) int {
	parent, err := Inherit()
	if err != nil {
		fail("%v", err)
	}
	os.Stderr = parent.Stderr
	for _, fd := range []int{environmentFD, journalFD, doorFD} {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			fail("children would get descriptor %d", fd)
		}
	}
	before, err := parent.Read(100)
	if err != nil {
		fail("%v", err)
	}
	if err := parent.Ready(); err != nil {
		fail("%v", err)
	}
	fmt.Printf("%q %q %q\n", parent.Environ, bytes.TrimRight(before, "\x00"), parent.LastWords)
	println("last", len(parent.LastWords), "words") // by the runtime, as a panic is
	fmt.Scanln()
	if err := errors.Join(parent.Write([]byte("what is left")), parent.Finished()); err != nil {
		fail("%v", err)
	}
	return 0
}

// roleOrphan is what it does without one.
func roleOrphan([]string) int {
	if parent, err := Inherit(); !errors.Is(err, errNoParent) {
		fail("got %v, %v", parent, err)
	}
	return 0
}

// memory is a file as the init makes it.
func memory(t *testing.T, name, contents string) *os.File {
	t.Helper()
	fd, err := memoryFile(name)
	if err != 0 {
		t.Fatal(err)
	}
	if err := writeFile(fd, []byte(contents)); err != 0 {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), name)
	t.Cleanup(func() { file.Close() })
	return file
}

// TestParent: a supervisor, and then its successor, gets the environment verbatim and what was left in the journal; the
// init is told when signals may come, and when the end is one. What the runtime prints is for the successor alone.
func TestParent(t *testing.T) {
	environ := []string{"B=2", "A=1", "B=3", "no equals sign", "", "LONG=" + strings.Repeat("x", 100)}
	block, err := EncodeEnviron(environ)
	if err != nil {
		t.Fatal(err)
	}
	environment, journal := memory(t, "environment", string(block)), memory(t, "journal", "")
	r := reaper{journal: int(journal.Fd())}
	for _, found := range []struct{ left, words string }{{}, {"what is left", "last 0 words\n"}, {"what is left", "last 13 words\n"}} {
		r.setFlag(readyByte, 0)
		r.setFlag(finishedByte, 0)
		wakened := make(chan os.Signal, 1)
		signal.Notify(wakened, syscall.SIGCHLD)
		cmd := exec.Command(self(t), "role:heir")
		cmd.ExtraFiles = []*os.File{environment, journal}
		said := new(bytes.Buffer)
		cmd.Stderr = said
		in, out := pipes(t, cmd)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, 1000)
		n, _ := out.Read(line)
		if got, want := string(line[:n]), fmt.Sprintf("%q %q %q\n", environ, found.left, found.words); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		select {
		case <-wakened:
		case <-time.After(deadline):
			t.Error("the init was not wakened")
		}
		signal.Stop(wakened)
		if !r.flag(readyByte) || r.flag(finishedByte) {
			t.Errorf("ready: %t, finished: %t", r.flag(readyByte), r.flag(finishedByte))
		}
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		if !r.flag(finishedByte) {
			t.Error("the end was not told")
		}
		if said.Len() > 0 {
			t.Errorf("on standard error there is %q", said)
		}
	}
}

// TestHandOver: what a supervisor hands over takes the place of the file, which need not even be there, and of what it left
// before, of which nothing stays.
func TestHandOver(t *testing.T) {
	journal := memory(t, "journal", "")
	own := Parent{journal: journal}
	if err := own.Write([]byte("what is left")); err != nil {
		t.Fatal(err)
	}
	if err := own.HandOver([]string{"A=\x00"}); err == nil {
		t.Error("a NUL was handed over")
	}
	if err := own.KeepSecrets([]byte("secret")); err != nil {
		t.Fatal(err)
	}
	if kept, err := own.Secrets(); err != nil || string(kept) != "secret" {
		t.Errorf("kept %q, %v", kept, err)
	}
	if err := own.LeaveEnviron([]string{"A=1", "A=not to be known any more"}); err != nil {
		t.Fatal(err)
	}
	if block, err := own.environment(); err != nil || own.HandedOver || !bytes.Contains(block, []byte("A=not to be known")) {
		t.Errorf("a successor would find %q, %v; handed over: %v", block, err, own.HandedOver)
	}
	if err := own.HandOver([]string{"A=1", "A=2"}); err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(io.NewSectionReader(journal, 0, lastWordsBytes)); err != nil || bytes.Contains(all, []byte("not to be known")) {
		t.Errorf("what was left before is still there (%v)", err)
	}
	if kept, err := own.Secrets(); len(kept) > 0 {
		t.Errorf("the secrets are still there: %q, %v", kept, err)
	}
	cmd := exec.Command(self(t), "role:heir")
	cmd.ExtraFiles = []*os.File{journal, journal} // the first in the place of the environment, which is not looked at
	cmd.Stderr = os.Stderr
	in, out := pipes(t, cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 1000)
	n, _ := out.Read(line)
	if got, want := string(line[:n]), fmt.Sprintf("%q %q %q\n", []string{"A=1", "A=2"}, "what is left", ""); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

func pipes(t *testing.T, cmd *exec.Cmd) (io.Closer, io.Reader) {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	return in, out
}

func TestNoParent(t *testing.T) {
	journal, cut := memory(t, "journal", ""), memory(t, "environment", "A=1")
	_, closed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer closed.Close()
	for name, files := range map[string][]*os.File{
		"nothing": nil, "environment cut short": {cut, journal}, "not to be read": {closed, journal},
	} {
		cmd := exec.Command(self(t), "role:orphan")
		cmd.ExtraFiles = files
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// TestJournalIsReplaced: of two texts of one length the second is all that is read, and the init's bytes stay apart.
func TestJournalIsReplaced(t *testing.T) {
	p := Parent{journal: memory(t, "journal", "")}
	for _, entry := range []string{"one  ", "three"} {
		if err := p.Write([]byte(entry)); err != nil {
			t.Fatal(err)
		}
		got, err := p.Read(1000)
		if err != nil || string(got) != entry {
			t.Errorf("got %q (%v), want %q", got, err, entry)
		}
	}
	if err := p.Finished(); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Read(3); err != nil || string(got) != "thr" {
		t.Errorf("got %q (%v)", got, err)
	}
	p.journal.Close()
	if p.Ready() == nil || p.Finished() == nil || p.Write(nil) != nil && !errors.Is(p.Write(nil), os.ErrClosed) {
		t.Error("a closed journal is no error")
	}
}

// The orphans that the init has reaped are counted in the journal; its main child is none of them.
func TestReaped(t *testing.T) {
	journal := memory(t, "journal", "")
	r := reaper{journal: int(journal.Fd()), child: 100}
	parent := Parent{journal: journal}
	for i, want := range []uint64{0, 2, 2, 3} {
		switch i {
		case 1:
			r.bury(1001, 0)
			r.bury(1002, 0)
		case 2:
			r.bury(100, 0)
		case 3:
			r.bury(1003, 0)
		}
		if r.noteOrphans(); parent.Reaped() != want {
			t.Errorf("step %d: %d orphans, want %d", i, parent.Reaped(), want)
		}
	}
}
