// Package health says how the runner is to whoever asks: health checks over a socket of this container's own, where a
// single word is answered and none is read. The asking side, Ask, runs beside every job every few seconds, so it does
// without Go's runtime, as an init does.
//
// It refuses to take orders, to answer anything that is not for everybody, and to judge: what counts as ready is the
// caller's.
package health
