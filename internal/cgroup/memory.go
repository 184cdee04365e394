// Package cgroup reads what the kernel says of the memory cgroup that we are in, which a container's processes share: its
// limit, how much was in use, and how often the OOM killer has struck. It knows both versions of cgroups, and changes
// nothing.
package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Memory is a memory cgroup, and those above it that are to be seen.
type Memory struct {
	dir, top string
	names    files
}

// files are the names under which a version of cgroups shows the same things: Documentation/admin-guide/cgroup-v2.rst and
// cgroup-v1/memory.rst of the kernel's sources.
type files struct{ events, limit, peak string }

var (
	version1 = files{"memory.oom_control", "memory.limit_in_bytes", "memory.max_usage_in_bytes"}
	version2 = files{"memory.events", "memory.max", "memory.peak"}
)

// Usage is what a memory cgroup shows.
type Usage struct {
	// Kills counts the processes in it that the OOM killer has ended, since it was made.
	Kills uint64
	// Limit and Peak are in bytes; 0 is none, or unknown: kernels show a peak since 4.5 or 5.19, by version of cgroups.
	Limit, Peak uint64
}

// errNone is a machine without memory cgroups, or one that does not show them to us.
var errNone = errors.New("no memory cgroup is to be seen")

// Find returns the memory cgroup of this process. Root is where the file system begins: "/", but for tests.
func Find(root string) (Memory, error) {
	groups, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return Memory{}, fmt.Errorf("cannot find the memory cgroup: %w", err)
	}
	mounts, err := os.ReadFile(filepath.Join(root, "proc/self/mountinfo"))
	if err != nil {
		return Memory{}, fmt.Errorf("cannot find the memory cgroup: %w", err)
	}
	for _, version := range []struct {
		files
		controller, filesystem string
	}{{version1, "memory", "cgroup"}, {version2, "", "cgroup2"}} {
		path, ok := pathOf(string(groups), version.controller)
		if !ok {
			continue
		}
		for _, m := range mountsOf(string(mounts), version.filesystem, version.controller) {
			for _, dir := range m.places(path) {
				found := Memory{filepath.Join(root, dir), filepath.Join(root, m.at), version.files}
				if _, err := found.Read(); err == nil {
					return found, nil
				}
			}
		}
	}
	return Memory{}, errNone
}

// pathOf returns the cgroup of a controller from /proc/PID/cgroup: lines of ID:CONTROLLERS:PATH (cgroups(7)).
func pathOf(groups, controller string) (string, bool) {
	for line := range strings.Lines(groups) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) == 3 && has(fields[1], controller) {
			return fields[2], true
		}
	}
	return "", false
}

// has reports whether a list has a word; an empty list has the empty one only.
func has(list, word string) bool { return strings.Contains(","+list+",", ","+word+",") }

// mount is a place where a hierarchy of cgroups is seen, from one of them downwards.
type mount struct{ from, at string }

// mountsOf reads /proc/PID/mountinfo (proc_pid_mountinfo(5)).
func mountsOf(info, filesystem, controller string) (found []mount) {
	for line := range strings.Lines(info) {
		before, after, _ := strings.Cut(line, " - ")
		place, kind := strings.Fields(before), strings.Fields(after)
		if len(place) < 5 || len(kind) < 3 || kind[0] != filesystem || controller != "" && !has(kind[2], controller) {
			continue
		}
		found = append(found, mount{unescape(place[3]), unescape(place[4])})
	}
	return found
}

// places are where a cgroup may be below the mount. In a container without a cgroup namespace the path is the host's, and
// what is mounted begins at our own cgroup, or the path is not below what is mounted at all.
func (m mount) places(path string) []string {
	if below, ok := strings.CutPrefix(path, strings.TrimSuffix(m.from, "/")); ok {
		return []string{filepath.Join(m.at, below), m.at}
	}
	return []string{m.at}
}

// unescape undoes \040 and its like, by which a path in mountinfo is one word.
func unescape(path string) string {
	var plain strings.Builder
	for i := 0; i < len(path); i++ {
		if code, err := strconv.ParseUint(path[min(i+1, len(path)):min(i+4, len(path))], 8, 8); path[i] == '\\' && err == nil {
			plain.WriteByte(byte(code))
			i += 3
			continue
		}
		plain.WriteByte(path[i])
	}
	return plain.String()
}

// Read reads the cgroup's counters as they are now. Its limit may be that of one above it, with the peak there: a container
// in which a Docker daemon runs has its processes below the cgroup that the limit was given to.
func (m Memory) Read() (Usage, error) {
	kills, err := m.Kills()
	if err != nil {
		return Usage{}, err
	}
	u := m.limited()
	u.Kills = kills
	return u, nil
}

// Kills reads how many processes in the cgroup the OOM killer has ended, and nothing else.
func (m Memory) Kills() (uint64, error) {
	if m.dir == "" {
		return 0, errNone
	}
	events, err := os.ReadFile(filepath.Join(m.dir, m.names.events))
	if err != nil {
		return 0, fmt.Errorf("cannot read the memory cgroup: %w", err)
	}
	for line := range bytes.Lines(events) {
		if name, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(" ")); string(name) == "oom_kill" {
			return strconv.ParseUint(string(value), 10, 64)
		}
	}
	return 0, errors.New("cannot read the memory cgroup: the kernel does not count what the OOM killer does")
}

// limited is the limit and the peak of the nearest cgroup that has a limit, or else the peak of our own.
func (m Memory) limited() Usage {
	for dir := m.dir; ; dir = filepath.Dir(dir) {
		if limit := number(dir, m.names.limit); limit > 0 {
			return Usage{Limit: limit, Peak: number(dir, m.names.peak)}
		}
		if len(dir) <= len(m.top) {
			return Usage{Peak: number(m.dir, m.names.peak)}
		}
	}
}

// unlimited is what version 1 shows for no limit, less what it rounds down to whole pages.
const unlimited = 1 << 62

// number reads a file with a number in it; "max" is 0, as is what is not there.
func number(dir, name string) uint64 {
	text, _ := os.ReadFile(filepath.Join(dir, name))
	n, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64)
	if err != nil || n > unlimited {
		return 0
	}
	return n
}

// String says the numbers in words: "memory limit 512 MiB, peak 512 MiB".
func (u Usage) String() string {
	words := "no memory limit of its own"
	if u.Limit > 0 {
		words = "memory limit " + size(u.Limit)
	}
	if u.Peak > 0 {
		words += ", peak " + size(u.Peak)
	}
	return words
}

// size writes a number of bytes in MiB, which is how limits are given, to one decimal at most.
func size(bytes uint64) string {
	return strings.TrimSuffix(strconv.FormatFloat(float64(bytes)/(1<<20), 'f', 1, 64), ".0") + " MiB"
}
