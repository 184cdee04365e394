package reference

// Answer is what a reference came to: a value, which is a secret until somebody knows better, or the reason why there is
// none.
type Answer struct {
	Value string
	Err   error // a *Failure, or nil
}

// Failure is why a reference came to nothing. No text in it holds what a store has answered with.
type Failure struct {
	Fault   Fault
	Message string
	// Hint is what to do about it.
	Hint string
}

// Error is the message.
func (f *Failure) Error() string { return f.Message }

// Fault says where the fault lies, and so who has to do something.
type Fault int

// The faults, from the one that only a change of the configuration mends to the one that may pass by itself.
const (
	// Wrong is a reference that cannot be understood, or names what is not there or is no text.
	Wrong Fault = iota
	// Denied is a store that knows us and refuses, or that does not know us.
	Denied
	// Unreachable is a store that has not answered, or has put us off, until the deadline.
	Unreachable
)
