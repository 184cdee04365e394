package platform

import "log/slog"

// Facts are what a platform tells of where we run. The zero Facts are nowhere in particular.
type Facts struct {
	// Name is what people call the platform. Empty is none that is known.
	Name string
	// ID is that of the task or the pod: up to 32 hexadecimal digits, in lower case, that the platform uses once. A runner's
	// name is made of it.
	ID string
	// Region is the region of the cloud.
	Region string
	// Labels are what a job may want to choose a runner by.
	Labels []string
	// Attrs belong to every record of the log, so that it can be found by them.
	Attrs []slog.Attr
	// Details are told once, in addition.
	Details []slog.Attr
}
