package runner

import (
	"bytes"
	"encoding/binary"
	"os"
	"strings"
	"testing"
	"time"
)

func TestFrames(t *testing.T) {
	frame := encodeFrame(newJobRequest, "aé𝄞")
	want := []byte{1, 0, 0, 0, 8, 0, 0, 0, 'a', 0, 0xe9, 0, 0x34, 0xd8, 0x1e, 0xdd}
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 && !bytes.Equal(frame, want) {
		t.Errorf("frame % x, want % x", frame, want)
	}
	for _, body := range []string{"", "aé𝄞", strings.Repeat("x", 100_000)} {
		kind, got, err := readFrame(bytes.NewReader(encodeFrame(cancelRequest, body)))
		if kind != cancelRequest || got != body || err != nil {
			t.Errorf("read %d %.20q %v", kind, got, err)
		}
	}
	if _, _, err := readFrame(bytes.NewReader([]byte{1, 0, 0, 0, 255, 255, 255, 127})); err == nil {
		t.Error("a message of 2 GB was read")
	}
}

// A worker that does not read does not hold the listener for ever.
func TestSendFrameHasALimit(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if err := sendFrame(w, newJobRequest, strings.Repeat("x", 1<<20), 20*time.Millisecond); err == nil {
		t.Error("a full pipe took a megabyte")
	}
}
