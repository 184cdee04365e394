package main

import (
	"bytes"
	"encoding/json"

	"github.com/runner-init/runner-init/signals"
)

// entry is what a supervisor leaves to the one that takes over after its death.
type entry struct {
	// Name is the name under which a registration may exist: written before GitHub is asked.
	Name string `json:",omitempty"`
	// ID is the registration's id, once known.
	ID int64 `json:",omitempty"`
	// Ready says that somebody else made the registration.
	Ready bool `json:",omitempty"`
}

// trail is what the listener leaves to the supervisor that takes over.
type trail struct {
	// Since is when the first listener was born, and First its number: a process that is older is no job's.
	Since uint64 `json:",omitempty"`
	First int    `json:",omitempty"`
	// Kills are those of the OOM killer that the log knows of; nil is a machine that does not count them.
	Kills *uint64 `json:",omitempty"`
	// Job is the last one.
	Job *served `json:",omitempty"`
}

// The notes in the journal, by their owners.
const (
	dockerNote = iota
	listenerNote
)

// entrySize is the fixed size of an entry, so that each replaces the last in a single write: what is read after a
// SIGKILL is one of the two, never a mixture.
const entrySize = 1 << 10

// journal is an entry in memory that outlives the supervisor, in PID 1's keeping.
type journal struct{ *signals.Parent }

func (j journal) write(e entry) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	padding := bytes.Repeat([]byte(" "), max(0, entrySize-len(text)))
	return j.Write(append(text, padding...))
}

// note replaces one of the notes, in a single write as well.
func (j journal) note(which int, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	padding := bytes.Repeat([]byte(" "), max(0, signals.NoteSize-len(text)))
	return j.Note(which, append(text, padding...))
}

// noted reads a note into content, which stays as it is if there is none.
func (j journal) noted(which int, content any) {
	text, _ := j.Noted(which, signals.NoteSize)
	json.Unmarshal(text, content)
}

// read returns the last entry, or an empty one.
func (j journal) read() (e entry) {
	text, _ := j.Read(entrySize)
	json.Unmarshal(text, &e)
	return e
}

// keepSecrets notes the tokens that GitHub has handed out, so that a successor can take them out of our last words. They
// are where the credential is that they were made with, and no easier to get at.
func (j journal) keepSecrets(secrets []string) error {
	text, err := json.Marshal(secrets)
	if err != nil {
		return err
	}
	return j.KeepSecrets(text)
}

// secrets returns what keepSecrets noted.
func (j journal) secrets() (secrets []string) {
	text, _ := j.Secrets()
	json.Unmarshal(text, &secrets)
	return secrets
}
