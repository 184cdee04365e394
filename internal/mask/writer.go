package mask

import (
	"bytes"
	"io"
)

// Writer takes secrets out of what is written to it, also where one is spread over several writes: it passes on whole
// lines only. One goroutine at a time may use it.
type Writer struct {
	mask *Mask
	out  io.Writer
	held []byte // the beginning of a line
}

// maxLine is how much of a line is waited for. overlap is what is then kept back of it, because a secret may begin there.
const maxLine, overlap = 64 << 10, 256

// Writer returns a writer that passes on to another one.
func (m *Mask) Writer(out io.Writer) *Writer { return &Writer{mask: m, out: out} }

// Write takes any piece of a text. Its error is that of the other writer.
func (w *Writer) Write(p []byte) (int, error) {
	end := bytes.LastIndexByte(p, '\n') + 1
	if len(w.held) == 0 && end == len(p) {
		return len(p), w.pass(p) // whole lines, as a log writes them, are not copied
	}
	if end > 0 {
		end += len(w.held)
	}
	w.held = append(w.held, p...)
	if len(w.held)-end > maxLine {
		end = w.cut()
	}
	if end == 0 {
		return len(p), nil
	}
	err := w.pass(w.held[:end])
	w.held = append(w.held[:0], w.held[end:]...)
	return len(p), err
}

// Flush passes on what is held, at the end of the text.
func (w *Writer) Flush() error {
	err := w.pass(w.held)
	w.held = nil
	return err
}

func (w *Writer) pass(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	_, err := w.out.Write(w.mask.Bytes(text))
	return err
}

// cut returns where a line that is too long can be divided without dividing a secret.
func (w *Writer) cut() int {
	at := len(w.held) - overlap
	if w.mask == nil {
		return at
	}
	for _, s := range w.mask.index.Load().spans(w.held) {
		if s.begin < at && at < s.end {
			if at = s.begin; at == 0 {
				at = s.end // nothing but a secret; what follows of it is found by itself
			}
		}
	}
	return at
}
