package runner

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// User is whom the listener and its jobs run as.
type User struct {
	Name     string
	UID, GID uint32
	Groups   []uint32
	Home     string
}

// FindUser returns the user that the runner under root runs as, or nil for our own. Only root can become somebody
// else: by name or number if one is named, else the owner of the runner directory.
func FindUser(named, root string) (*User, error) {
	if os.Getuid() != 0 {
		return nil, checkOwn(named)
	}
	if named == "" {
		info, err := os.Stat(root)
		if err != nil {
			return nil, fmt.Errorf("cannot find the owner of the runner directory: %w", err)
		}
		named = strconv.FormatUint(uint64(ownerOf(info)), 10)
	}
	u, err := lookUp(named)
	if err != nil {
		return nil, err
	}
	if u.UID == 0 && !strings.Contains(named, ":") {
		return nil, nil
	}
	return u, nil
}

// checkOwn refuses a user that an ordinary user cannot become.
func checkOwn(named string) error {
	if named == "" {
		return nil
	}
	if u, err := lookUp(named); err != nil || int(u.UID) != os.Getuid() {
		return fmt.Errorf("cannot run as user %q: only root can become somebody else, and we are uid %d", named, os.Getuid())
	}
	return nil
}

// lookUp finds a user by name or number. A number without an entry in /etc/passwd is a user all the same.
func lookUp(named string) (*User, error) {
	name, group, _ := strings.Cut(named, ":")
	entry, err := user.Lookup(name)
	if err != nil {
		entry, err = user.LookupId(name)
	}
	if err != nil {
		id, numeric := strconv.ParseUint(name, 10, 32)
		if numeric != nil {
			return nil, fmt.Errorf("cannot find user %q: %w", name, err)
		}
		entry = &user.User{Uid: name, Gid: strconv.FormatUint(id, 10), Username: name, HomeDir: "/"}
	}
	if group != "" {
		if entry.Gid, err = groupID(group); err != nil {
			return nil, err
		}
	}
	return fromEntry(entry)
}

// groupID finds a group by name or number.
func groupID(named string) (string, error) {
	if g, err := user.LookupGroup(named); err == nil {
		return g.Gid, nil
	}
	if _, err := strconv.ParseUint(named, 10, 32); err != nil {
		return "", fmt.Errorf("cannot find group %q", named)
	}
	return named, nil
}

func fromEntry(entry *user.User) (*User, error) {
	uid, uidErr := strconv.ParseUint(entry.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(entry.Gid, 10, 32)
	if uidErr != nil || gidErr != nil {
		return nil, fmt.Errorf("cannot use user %q: uid %q, gid %q", entry.Username, entry.Uid, entry.Gid)
	}
	u := &User{Name: entry.Username, UID: uint32(uid), GID: uint32(gid), Home: entry.HomeDir, Groups: []uint32{uint32(gid)}}
	ids, err := entry.GroupIds()
	if err != nil {
		return u, nil // not in /etc/passwd: the primary group is all there is
	}
	for _, id := range ids {
		if g, err := strconv.ParseUint(id, 10, 32); err == nil && !slices.Contains(u.Groups, uint32(g)) {
			u.Groups = append(u.Groups, uint32(g))
		}
	}
	return u, nil
}

// environ gives the user's own home and name to an environment that was somebody else's.
func (u *User) environ(environ []string) []string {
	if u == nil {
		return environ
	}
	mine := []string{"HOME=" + u.Home, "USER=" + u.Name, "LOGNAME=" + u.Name}
	theirs := slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return name == "HOME" || name == "USER" || name == "LOGNAME"
	})
	return append(theirs, mine...)
}

// withHome gives a home to who has none: engines give / to a user whom the image does not know, as OpenShift's users are, and
// most tools write there.
func withHome(environ []string, home string) []string {
	const name = "HOME="
	i := slices.IndexFunc(environ, func(kv string) bool { return strings.HasPrefix(kv, name) })
	if i < 0 {
		return append(environ, name+home)
	}
	if at := environ[i]; at == name || at == name+"/" {
		environ[i] = name + home
	}
	return environ
}

// Join makes the user a member of one more group.
func (u *User) Join(gid uint32) {
	if !slices.Contains(u.Groups, gid) {
		u.Groups = append(u.Groups, gid)
	}
}

func (u *User) credential() *syscall.Credential {
	if u == nil {
		return nil
	}
	return &syscall.Credential{Uid: u.UID, Gid: u.GID, Groups: u.Groups}
}

func ownerOf(info fs.FileInfo) uint32 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Uid
	}
	return 0
}
