//go:build !crashtest

package main

// crashCommands returns no command.
func crashCommands() []command { return nil }

// armCrash does nothing: only the program that TestCrash builds can be told to crash.
func (s *supervisor) armCrash() {}
