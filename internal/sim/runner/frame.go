package runner

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
	"unicode/utf16"
)

// Kinds of frames from listener to worker (ProcessChannel.cs).
const (
	newJobRequest  = 1
	cancelRequest  = 2
	runnerShutdown = 3
	systemShutdown = 4
)

// maxFrame is the longest body that a worker accepts.
const maxFrame = 50_000_000

// encodeFrame is the kind and the length of the body, four bytes each in host byte order, and the body in UTF-16.
func encodeFrame(kind int32, body string) []byte {
	units := utf16.Encode([]rune(body))
	frame := make([]byte, 8, 8+2*len(units))
	binary.NativeEndian.PutUint32(frame, uint32(kind))
	binary.NativeEndian.PutUint32(frame[4:], uint32(2*len(units)))
	for _, u := range units {
		frame = binary.LittleEndian.AppendUint16(frame, u)
	}
	return frame
}

// readFrame reads one frame. At the end of the stream it goes on looking every 100 ms, for ever: a worker whose
// listener has died notices nothing.
func readFrame(r io.Reader) (kind int32, body string, err error) {
	head := make([]byte, 8)
	if err := readStubbornly(r, head); err != nil {
		return 0, "", err
	}
	kind = int32(binary.NativeEndian.Uint32(head))
	length := binary.NativeEndian.Uint32(head[4:])
	if length > maxFrame {
		return 0, "", fmt.Errorf("message of %d bytes is too long", length)
	}
	text := make([]byte, length)
	if err := readStubbornly(r, text); err != nil {
		return 0, "", err
	}
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(text[2*i:])
	}
	return kind, string(utf16.Decode(units)), nil
}

func readStubbornly(r io.Reader, into []byte) error {
	for len(into) > 0 {
		n, err := r.Read(into)
		into = into[n:]
		switch {
		case errors.Is(err, io.EOF):
			time.Sleep(100 * time.Millisecond)
		case err != nil:
			return err
		}
	}
	return nil
}

// sendFrame writes within the limit of the official listener, or fails.
func sendFrame(pipe *os.File, kind int32, body string, limit time.Duration) error {
	if err := pipe.SetWriteDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	_, err := pipe.Write(encodeFrame(kind, body))
	return err
}
