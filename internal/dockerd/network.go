package dockerd

import (
	"bytes"
	"io/fs"
	"strconv"
	"strings"
)

// MTU returns that of the interface of the default route, in bytes, or 0 if there is none. A network of containers with a
// larger one loses packets silently where the network outside is an overlay. The system is the root directory.
func MTU(system fs.FS) int {
	for _, name := range defaultRoutes(system) {
		text, err := fs.ReadFile(system, "sys/class/net/"+name+"/mtu")
		if err != nil {
			continue
		}
		if mtu, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && mtu > 0 {
			return mtu
		}
	}
	return 0
}

// defaultRoutes returns the interfaces of the routes to everywhere that are up, those of IPv4 first, in the order of
// their metrics. The tables are the kernel's, in hexadecimal (fib_trie.c, ipv6_route_seq_show).
func defaultRoutes(system fs.FS) (names []string) {
	const up = 1
	four, least := "", uint64(0)
	for fields := range rows(system, "proc/net/route", 11) {
		flags, _ := strconv.ParseUint(fields[3], 16, 32)
		metric, _ := strconv.ParseUint(fields[6], 10, 32) // the one column that is decimal
		if fields[1] == "00000000" && fields[7] == "00000000" && flags&up != 0 && (four == "" || metric < least) {
			four, least = fields[0], metric
		}
	}
	six, least := "", uint64(0)
	for fields := range rows(system, "proc/net/ipv6_route", 10) {
		flags, _ := strconv.ParseUint(fields[8], 16, 32)
		metric, _ := strconv.ParseUint(fields[5], 16, 32)
		if strings.Trim(fields[0], "0") == "" && fields[1] == "00" && flags&up != 0 && fields[9] != "lo" && (six == "" || metric < least) {
			six, least = fields[9], metric
		}
	}
	for _, name := range []string{four, six} {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// rows yields the rows of a table that have enough columns.
func rows(system fs.FS, path string, columns int) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		text, err := fs.ReadFile(system, path)
		if err != nil {
			return
		}
		for line := range bytes.Lines(text) {
			if fields := strings.Fields(string(line)); len(fields) >= columns && !yield(fields) {
				return
			}
		}
	}
}
