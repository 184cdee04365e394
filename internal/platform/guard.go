package platform

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Guard is a platform that can be asked not to take us away. Its methods are called one at a time, and return soon after
// ctx has ended.
type Guard interface {
	// Protect asks for protection, or for more of it, and returns for how long that is granted; 0 is until Release. An
	// error that is a *Refusal is final; any other means that it is worth asking again.
	Protect(ctx context.Context) (lease time.Duration, err error)
	// Release gives the protection up. It is called also where Protect was, and nobody knows what became of it. ErrShared
	// is no failure.
	Release(ctx context.Context) error
}

// ErrShared is that the protection is not ours alone, and is left to somebody else who needs it.
var ErrShared = errors.New("another runner has a job under the same protection")

// Heir is a Guard whose protection outlives a runner that is killed, and that can tell when it has.
type Heir interface {
	Guard
	// Inherited reports whether an earlier runner in our place has left its protection, which Release then gives up.
	Inherited(ctx context.Context) (bool, error)
}

// Refusal is a platform's answer that will be the same the next time.
type Refusal struct {
	Err error
	// Level is how much of a surprise that is where nobody has insisted on protection.
	Level slog.Level
	// Hint says what would change the answer. It may be empty.
	Hint string
}

func (r *Refusal) Error() string { return r.Err.Error() }
func (r *Refusal) Unwrap() error { return r.Err }
