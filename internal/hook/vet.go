package hook

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// User is whom jobs run as.
type User struct {
	UID    uint32
	Groups []uint32
}

// manyLinks is how many links the kernel follows in a path. See path_resolution(7).
const manyLinks = 40

// Vet refuses a program that the user could replace or write to: itself, or a directory or link on the way to it.
func Vet(path string, u User) error { return u.vet(filepath.Clean(path), manyLinks) }

func (u User) vet(path string, links int) error {
	for _, dir := range prefixes(path) {
		info, err := os.Lstat(dir)
		if err != nil {
			return fmt.Errorf("cannot look at the hook: %w", err)
		}
		if u.canChange(info) {
			return fmt.Errorf("the hook %q would run with our rights, but uid %d, whom jobs run as, can change %q", path, u.UID, dir)
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		target, err := os.Readlink(dir)
		if err != nil || links == 0 {
			return fmt.Errorf("cannot follow the hook's link %q: %w", dir, err)
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(dir), target)
		}
		return u.vet(filepath.Join(target, strings.TrimPrefix(path, dir)), links-1)
	}
	return nil
}

// prefixes are the directories that lead to a path, from the root on, and the path.
func prefixes(path string) (all []string) {
	for ; path != "/"; path = filepath.Dir(path) {
		all = append(all, path)
	}
	all = append(all, "/")
	slices.Reverse(all)
	return all
}

// canChange reports whether the user may write to a file, or put another in its place in a directory. An owner can give
// that right to himself. In a sticky directory everybody may only replace what is theirs. See inode(7).
func (u User) canChange(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	mode := info.Mode()
	switch {
	case !ok || stat.Uid == u.UID:
		return true
	case mode&fs.ModeSymlink != 0, mode.IsDir() && mode&fs.ModeSticky != 0:
		return false
	case slices.Contains(u.Groups, stat.Gid):
		return mode&0o020 != 0
	}
	return mode&0o002 != 0
}
