package signals

import (
	"errors"
	"fmt"
	"strings"
)

var errUnterminated = errors.New("the last entry has no end")

// EncodeEnviron writes an environment as the kernel does: each entry followed by a NUL. An entry that contains one
// cannot be written so and is an error, which names its place and not its text: it may be a secret.
func EncodeEnviron(environ []string) ([]byte, error) {
	var block []byte
	for i, entry := range environ {
		if strings.Contains(entry, "\x00") {
			return nil, fmt.Errorf("cannot encode environment entry %d: it contains a NUL", i)
		}
		block = append(append(block, entry...), 0)
	}
	return block, nil
}

// DecodeEnviron reads what EncodeEnviron wrote: the same entries in the same order. A block that was cut short is an
// error.
func DecodeEnviron(block []byte) ([]string, error) {
	if len(block) == 0 {
		return nil, nil
	}
	text, ok := strings.CutSuffix(string(block), "\x00")
	if !ok {
		return nil, fmt.Errorf("cannot decode the environment: %w", errUnterminated)
	}
	return strings.Split(text, "\x00"), nil
}
