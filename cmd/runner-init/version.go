package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version and commit are set by the linker in a release; otherwise the build information tells.
var version, commit string

func versionCommand([]string) int {
	fmt.Printf("runner-init %s (commit %s, %s, %s/%s)\n", releaseVersion(), releaseCommit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return 0
}

func releaseVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || version != "" {
		return cmp.Or(version, "unknown")
	}
	return info.Main.Version
}

func releaseCommit() string {
	info, _ := debug.ReadBuildInfo()
	if info != nil && commit == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return cmp.Or(commit, "unknown")
}
