package runner

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Identity is what a registered runner knows of itself.
type Identity struct {
	ID   int64
	Name string
}

// maxIdentity bounds what is read of a file that a job may have written.
const maxIdentity = 1 << 20

// Identity reads the runner's own settings file. There are two spellings: configure writes a byte order mark and
// camelCase, a JIT configuration brings PascalCase with every value a string.
func (r *Runner) Identity() (Identity, error) {
	root, err := os.OpenRoot(r.Root)
	if err != nil {
		return Identity{}, fmt.Errorf("cannot open the runner directory: %w", err)
	}
	defer root.Close()
	// A job may have put anything there; a pipe that nobody writes to would be waited for.
	file, err := root.OpenFile(".runner", os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return Identity{}, fmt.Errorf("cannot read the runner's identity: %w", err)
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return Identity{}, errors.Join(err, errors.New("cannot read the runner's identity: it is no regular file"))
	}
	text, err := io.ReadAll(io.LimitReader(file, maxIdentity))
	if err != nil {
		return Identity{}, fmt.Errorf("cannot read the runner's identity: %w", err)
	}
	return parseIdentity(text)
}

func parseIdentity(text []byte) (Identity, error) {
	// encoding/json matches names whatever their case, as the runner does.
	var fields struct {
		AgentID   loose
		AgentName string
	}
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &fields); err != nil {
		return Identity{}, fmt.Errorf("cannot parse the runner's identity: %w", err)
	}
	id, err := strconv.ParseInt(string(fields.AgentID), 10, 64)
	if err != nil || id <= 0 {
		return Identity{}, fmt.Errorf("cannot parse the runner's identity: agent id %q is no id", fields.AgentID)
	}
	return Identity{ID: id, Name: fields.AgentName}, nil
}

// loose is a JSON number, boolean or string, as text.
type loose string

func (l *loose) UnmarshalJSON(text []byte) error {
	var s string
	if json.Unmarshal(text, &s) == nil {
		*l = loose(s)
		return nil
	}
	*l = loose(text)
	return nil
}

// WriteJIT writes the files of a JIT configuration, readable by the job's user alone. The listener then runs as if it
// had been configured; nothing has to be passed to it.
func (r *Runner) WriteJIT(encoded string) (Identity, error) {
	files, err := decodeJIT(encoded)
	if err != nil {
		return Identity{}, err
	}
	root, err := os.OpenRoot(r.Root)
	if err != nil {
		return Identity{}, fmt.Errorf("cannot open the runner directory: %w", err)
	}
	defer root.Close()
	for name, content := range files {
		if err := r.write(root, name, content); err != nil {
			return Identity{}, fmt.Errorf("cannot write %q of the JIT configuration: %w", name, err)
		}
	}
	return parseIdentity(files[".runner"])
}

// decodeJIT decodes a JSON object of file names and base64 contents that is itself base64. White space is tolerated,
// as the runner tolerates it.
func decodeJIT(encoded string) (map[string][]byte, error) {
	text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil {
		return nil, fmt.Errorf("cannot decode the JIT configuration: %w", err)
	}
	var files map[string][]byte
	if err := json.Unmarshal(text, &files); err != nil {
		return nil, errors.New("cannot decode the JIT configuration: it is not a JSON object of base64 strings")
	}
	if files[".runner"] == nil {
		return nil, errors.New("cannot use the JIT configuration: it has no .runner")
	}
	return files, nil
}

// JITSecrets returns what is secret inside a JIT configuration: the texts of the runner's credentials. Of anything else it
// returns nothing.
func JITSecrets(encoded string) (secrets []string) {
	files, err := decodeJIT(encoded)
	if err != nil {
		return nil
	}
	for _, name := range []string{".credentials", ".credentials_rsaparams"} {
		var content any
		if json.Unmarshal(files[name], &content) == nil {
			secrets = append(secrets, texts(content)...)
		}
	}
	return secrets
}

// texts returns the long texts in a JSON value that are no addresses.
func texts(value any) (all []string) {
	const long = 16
	switch v := value.(type) {
	case string:
		if len(v) >= long && !strings.HasPrefix(v, "http") {
			all = append(all, v)
		}
	case map[string]any:
		for _, inner := range v {
			all = append(all, texts(inner)...)
		}
	}
	return all
}

func (r *Runner) write(root *os.Root, name string, content []byte) error {
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if r.User != nil {
		if err := f.Chown(int(r.User.UID), int(r.User.GID)); err != nil {
			return err
		}
	}
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Close()
}
