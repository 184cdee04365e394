package cgroup

import (
	"os"
	"path/filepath"
	"testing"
)

// machine lays out a file system with the files of a machine.
func machine(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const (
	none      = "9223372036854771712\n" // how version 1 shows no limit
	events2   = "low 0\nhigh 0\nmax 35\noom 4\noom_kill 3\noom_group_kill 0\n"
	control1  = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"
	unified   = "29 23 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw\n"
	container = "/docker/5f0c"
)

func TestRead(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  Usage
		words string
	}{
		"version 2, a namespace of its own": {
			files: map[string]string{
				"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": unified,
				"sys/fs/cgroup/memory.events": events2, "sys/fs/cgroup/memory.max": "67108864\n", "sys/fs/cgroup/memory.peak": "67112960\n",
			},
			want: Usage{Kills: 3, Limit: 64 << 20, Peak: 64<<20 + 4096}, words: "memory limit 64 MiB, peak 64 MiB",
		},
		"version 2, with a Docker daemon inside, below the limit": {
			files: map[string]string{
				"proc/self/cgroup": "0::/runner-init\n", "proc/self/mountinfo": unified,
				"sys/fs/cgroup/runner-init/memory.events": events2, "sys/fs/cgroup/runner-init/memory.max": "max\n", "sys/fs/cgroup/runner-init/memory.peak": "1048576\n",
				"sys/fs/cgroup/memory.events": "oom_kill 99\n", "sys/fs/cgroup/memory.max": "67108864\n", "sys/fs/cgroup/memory.peak": "67108864\n",
			},
			want: Usage{Kills: 3, Limit: 64 << 20, Peak: 64 << 20}, words: "memory limit 64 MiB, peak 64 MiB",
		},
		"version 2, the host's namespace, no limit, no peak": {
			files: map[string]string{
				"proc/self/cgroup": "0::/system.slice/a b\n", "proc/self/mountinfo": unified,
				"sys/fs/cgroup/system.slice/a b/memory.events": events2, "sys/fs/cgroup/system.slice/a b/memory.max": "max\n",
				"sys/fs/memory.max": "1\n", // not a cgroup
			},
			want: Usage{Kills: 3}, words: "no memory limit of its own",
		},
		"version 2, a part of the hierarchy, whose path has a space": {
			files: map[string]string{
				"proc/self/cgroup":      "0::/my slice/x\n",
				"proc/self/mountinfo":   `29 23 0:26 /my\040slice /c\040g rw - cgroup2 cgroup rw` + "\n",
				"c g/x/memory.events":   events2,
				"c g/x/memory.max":      "1572864",
				"c g/x/memory.peak":     "0",
				"c g/memory.events":     "oom_kill 99\n",
				"sys/fs/cgroup/nothing": "",
			},
			want: Usage{Kills: 3, Limit: 3 << 19}, words: "memory limit 1.5 MiB",
		},
		"version 1, a container whose paths are the host's": {
			files: map[string]string{
				"proc/self/cgroup": "9:cpuset:" + container + "\n8:memory:" + container + "\n0::/system.slice/containerd.service\n",
				"proc/self/mountinfo": "40 30 0:35 " + container + " /sys/fs/cgroup/cpuset ro - cgroup cgroup rw,cpuset\n" +
					"41 30 0:36 " + container + " /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n" + unified,
				"sys/fs/cgroup/memory/memory.oom_control":         control1,
				"sys/fs/cgroup/memory/memory.limit_in_bytes":      "67108864\n",
				"sys/fs/cgroup/memory/memory.max_usage_in_bytes":  "67108864\n",
				"sys/fs/cgroup/memory.events":                     "oom_kill 99\n",
				"sys/fs/cgroup/cpuset/memory.oom_control":         "oom_kill 99\n",
				"sys/fs/cgroup/cpuset/docker/5f0c/memory.nothing": "",
			},
			want: Usage{Kills: 3, Limit: 64 << 20, Peak: 64 << 20}, words: "memory limit 64 MiB, peak 64 MiB",
		},
		"version 1, a host, several controllers in one place": {
			files: map[string]string{
				"proc/self/cgroup":                         "4:cpu,memory:/user/x\n",
				"proc/self/mountinfo":                      "41 30 0:36 / /cg ro - cgroup cgroup rw,cpu,memory\n",
				"cg/user/x/memory.oom_control":             control1,
				"cg/user/x/memory.limit_in_bytes":          none,
				"cg/user/x/memory.max_usage_in_bytes":      "1048576",
				"cg/user/x/memory.kmem.max_usage_in_bytes": "1",
			},
			want: Usage{Kills: 3, Peak: 1 << 20}, words: "no memory limit of its own, peak 1 MiB",
		},
		"a path that is not below what is mounted": {
			files: map[string]string{
				"proc/self/cgroup": "0::/../other\n", "proc/self/mountinfo": "29 23 0:26 /mine /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
				"sys/fs/cgroup/memory.events": events2,
			},
			want: Usage{Kills: 3}, words: "no memory limit of its own",
		},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := Find(machine(t, test.files))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := m.Read(); got != test.want || got.String() != test.words || err != nil {
				t.Errorf("got %+v, %q, %v, want %+v, %q", got, got.String(), err, test.want, test.words)
			}
		})
	}
}

// Where there is nothing to be seen, nobody is accused.
func TestNothingToRead(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"no /proc":          {},
		"no memory cgroups": {"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": unified},
		"no count": {
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": unified, "sys/fs/cgroup/memory.events": "low 0\n",
		},
		"nonsense": {"proc/self/cgroup": "\n:\n::\n0:\n", "proc/self/mountinfo": "a - cgroup2\n\n - \n\\0\\ - cgroup2 x y\n"},
		"a count that is none": {
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": unified, "sys/fs/cgroup/memory.events": "oom_kill many\n",
		},
	} {
		if m, err := Find(machine(t, files)); err == nil {
			t.Errorf("%s: found %+v", name, m)
		}
	}
	if _, err := (Memory{}).Read(); err == nil {
		t.Error("what was not found was read")
	}
}
