// Package conformance holds inits to what they promise, from outside: it starts them, sends them signals, gives them
// terminals, and looks at what their child saw, what they said and how they ended. The same cases run against
// `runner-init exec`, against runner-init under the names dumb-init and tini, against the build without assembly
// (tag purego), and against the real dumb-init and tini, which are the judges of their own behaviour.
//
// It is tests alone. It knows nothing of how an init is built: no package of this module but internal/need.
package conformance
