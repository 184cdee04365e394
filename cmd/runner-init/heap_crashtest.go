//go:build crashtest

package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// tellHeap makes the supervisor say, on each WINCH, what is live in its heap once all garbage is gone. It collects twice:
// what a finalizer or a pool has kept through the first time is gone after the second.
func (s *supervisor) tellHeap() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGWINCH)
	go func() {
		for range signals {
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			fmt.Fprintf(s.outlet, `{"msg":"heap","bytes":%d,"objects":%d,"goroutines":%d}`+"\n", m.HeapAlloc, m.HeapObjects, runtime.NumGoroutine())
		}
	}()
}
