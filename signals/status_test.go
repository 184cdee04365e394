package signals

import (
	"syscall"
	"testing"
)

func TestStatus(t *testing.T) {
	const dumped = 0x80
	tests := []struct {
		wait syscall.WaitStatus
		code int
		text string
	}{
		{0, 0, "exited with code 0"},
		{3 << 8, 3, "exited with code 3"},
		{255 << 8, 255, "exited with code 255"},
		{syscall.WaitStatus(syscall.SIGKILL), 137, "was killed by SIGKILL (signal 9)"},
		{syscall.WaitStatus(syscall.SIGSEGV) | dumped, 139, "was killed by SIGSEGV (signal 11) and left a core dump"},
		{40, 168, "was killed by signal 40"},
	}
	for _, test := range tests {
		s := Status{test.wait}
		if s.Code() != test.code || s.String() != test.text {
			t.Errorf("%#x: got %d, %q; want %d, %q", int(test.wait), s.Code(), s, test.code, test.text)
		}
		if sig, killed := s.Signal(); killed != (test.code > 128 && test.code != 255) || (killed && int(sig) != test.code-128) {
			t.Errorf("%#x: got signal %v, %v", int(test.wait), sig, killed)
		}
	}
}
