package main

import (
	"bytes"
	"encoding/json"
	"os"

	"github.com/runner-init/runner-init/signals"
)

// entry is what a supervisor leaves to the one that takes over after its death, and to PID 1.
type entry struct {
	// Name is the name under which a registration may exist: written before GitHub is asked.
	Name string `json:",omitempty"`
	// ID is the registration's id, once known.
	ID int64 `json:",omitempty"`
	// Finished says that the supervisor came to its own end.
	Finished bool `json:",omitempty"`
}

// entrySize is the fixed size of an entry, so that each replaces the last in a single write: what is read after a
// SIGKILL is one of the two, never a mixture.
const entrySize = 1 << 10

// journal is an entry in memory that outlives the supervisor: a file without a name, open in PID 1 and the supervisor
// and nowhere else.
type journal struct{ file *os.File }

func newJournal() (journal, error) {
	file, err := signals.ScratchFile("journal")
	return journal{file}, err
}

func (j journal) write(e entry) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	padding := bytes.Repeat([]byte(" "), max(0, entrySize-len(text)))
	_, err = j.file.WriteAt(append(text, padding...), 0)
	return err
}

// read returns the last entry, or an empty one.
func (j journal) read() (e entry) {
	text := make([]byte, entrySize)
	n, _ := j.file.ReadAt(text, 0)
	json.Unmarshal(text[:n], &e)
	return e
}
