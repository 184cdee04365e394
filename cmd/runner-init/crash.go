//go:build !crashtest

package main

// armCrash does nothing: only the program that TestCrash builds can be told to crash.
func (s *supervisor) armCrash() {}
