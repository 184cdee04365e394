package signals

import (
	"bytes"
	"encoding/binary"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// clib is a process that answers for the C library. See testdata/clib.c.
type clib struct {
	in  io.Writer
	out io.Reader
}

// newClib starts one for a test.
func newClib(t testing.TB) *clib {
	t.Helper()
	cmd := exec.Command(need.CProgram(t, "testdata/clib.c"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close() // it ends then
		if err := cmd.Wait(); err != nil {
			t.Errorf("the C program: %v", err)
		}
	})
	return &clib{in, out}
}

// ask returns the strings of the answer.
func (c *clib) ask(t testing.TB, request ...string) []string {
	t.Helper()
	block := strings.Join(request, "\x00") + "\x00"
	if _, err := c.in.Write(append(binary.NativeEndian.AppendUint32(nil, uint32(len(block))), block...)); err != nil {
		t.Fatal(err)
	}
	var length uint32
	if err := binary.Read(c.out, binary.NativeEndian, &length); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, length)
	if _, err := io.ReadFull(c.out, answer); err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(bytes.TrimSuffix(answer, []byte{0})), "\x00")
}

// numbers asks for an answer that is a list of numbers.
func (c *clib) numbers(t testing.TB, request ...string) (list []int) {
	t.Helper()
	for field := range strings.FieldsSeq(c.ask(t, request...)[0]) {
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

// mute makes a text fit for C, where a NUL ends it.
func mute(s string) string { return strings.ReplaceAll(s, "\x00", "") }
