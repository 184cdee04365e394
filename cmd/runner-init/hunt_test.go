package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/aws"
	"github.com/runner-init/runner-init/internal/sim/github"
	simrunner "github.com/runner-init/runner-init/internal/sim/runner"
)

// attacker is a job, by what it may do. The command makes PID 1 so.
type attacker struct {
	name    string // as docs/security.md has it
	become  string
	environ []string
	owns    bool // the runner's directory is the job user's
}

const jobUser = "4711"

// dockerCapabilities are those that Docker gives to a container unless told otherwise.
const dockerCapabilities = "-all,+chown,+dac_override,+fsetid,+fowner,+mknod,+net_raw,+setgid,+setuid,+setfcap,+setpcap,+net_bind_service,+sys_chroot,+kill,+audit_write"

var attackers = []attacker{
	// With what some runtimes, sysbox among them, fill in for PID 1.
	{name: "another user", become: "setpriv --inh-caps +sys_ptrace --ambient-caps +sys_ptrace", environ: []string{"RUNNER_USER=" + jobUser + ":" + jobUser}, owns: true},
	{name: "the same user", become: "setpriv --reuid " + jobUser + " --regid " + jobUser + " --clear-groups", owns: true},
	{name: "root", become: "setpriv --bounding-set " + dockerCapabilities, environ: []string{"RUNNER_USER=root"}},
	{name: "root that may trace", environ: []string{"RUNNER_USER=root"}},
}

// arming puts credentials into the environment of a container; all of them are the hub's.
var armings = map[string]func(t *testing.T, h *hub, q quarry) []string{
	"app": func(t *testing.T, h *hub, q quarry) []string {
		return append(withKey(t, h, q), "GITHUB_TOKEN="+q.token(h), "COPY=copy-"+q["token"], "RUNNER_TOKEN="+h.RegistrationToken(scope), "RUNNER_REPO=acme/widgets")
	},
	"token": func(_ *testing.T, h *hub, q quarry) []string {
		return []string{"GITHUB_TOKEN=" + q.token(h), "RUNNER_REGISTRATION=token", "RUNNER_REPO=acme/widgets"}
	},
	"ready token": func(_ *testing.T, h *hub, q quarry) []string {
		return []string{"RUNNER_TOKEN=" + h.RegistrationToken(scope), "RUNNER_REPO=acme/widgets"}
	},
	"references": func(t *testing.T, h *hub, q quarry) []string {
		parameter, secret := q.token(h), h.RegistrationToken(scope)
		delete(q, "token")
		q["reference"] = parameter
		return append(keepInAWS(t, q, parameter, secret), "GITHUB_TOKEN_VALUE_FROM=/ci/pat", "RUNNER_TOKEN="+secretARN, "RUNNER_REPO=acme/widgets")
	},
	"ready configuration": func(t *testing.T, h *hub, _ quarry) []string { return []string{h.readyJIT(t)} },
}

// quarry is what the hunter is after: secrets by their names in docs/security.md.
type quarry map[string]string

// token makes a token that exists nowhere else, not even in the program of the test.
func (q quarry) token(h *hub) string {
	q["token"] = "not-a-real-token-" + rand.Text()
	h.AddPAT(q["token"], github.Classic("repo", "admin:org"))
	return q["token"]
}

const secretARN = "arn:aws:secretsmanager:" + awsRegion + ":" + aws.Account + ":secret:ci/token-AbCdEf"

// keepInAWS starts an AWS with a parameter and a secret, and returns what leads there.
func keepInAWS(t *testing.T, q quarry, parameter, secret string) []string {
	t.Helper()
	a := aws.New(awsRegion)
	a.Put(aws.Parameter{Region: awsRegion, Name: "/ci/pat", Value: parameter, Secure: true})
	a.Keep(aws.Secret{Region: awsRegion, Name: "ci/token-AbCdEf", Text: secret})
	server := httptest.NewServer(a)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	q["aws"] = aws.Key
	return []string{
		"AWS_ENDPOINT_URL=" + server.URL, "AWS_REGION=" + awsRegion, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=" + aws.KeyID, "AWS_SECRET_ACCESS_KEY=" + aws.Key,
	}
}

func withKey(t *testing.T, h *hub, q quarry) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.pem")
	if err := installApp(h.Server, path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	q["key"] = lines[len(lines)/2]
	return []string{"GITHUB_APP_ID=77", "GITHUB_APP_PRIVATE_KEY=" + strings.Join(lines, `\n`)}
}

// add takes in what GitHub has handed out. What it handed out to the runner is the runner's own.
func (q quarry) add(secrets []string) {
	for _, s := range secrets {
		switch {
		case strings.HasPrefix(s, "SIM"):
			q["registration"] = s
		case strings.HasPrefix(s, "sim-installation-"):
			q["installation"] = s
		case !strings.HasPrefix(s, "sim-") && len(s) > 200:
			q["configuration"] = s[len(s)/2 : len(s)/2+64]
		}
	}
}

// write leaves the quarry to the hunter, masked.
func (q quarry) write(t *testing.T, path string) {
	t.Helper()
	var all []masked
	for name, text := range q {
		all = append(all, masked{name, disguise([]byte(text))})
	}
	text, err := json.Marshal(all)
	if err == nil {
		err = os.WriteFile(path, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// prey is a container that a job is about to search.
type prey struct {
	attacker
	environ []string
	order   string // to the hunter, besides
	code    int    // of the end
}

// release starts the container and the hunt, and returns what was found: "token memory" and the like, without the control.
func (p prey) release(t *testing.T, h *hub, q quarry) (found []string) {
	need.Root(t)
	root := newRoot(t)
	hunter, list := filepath.Join(root, "hunter"), filepath.Join(root, "quarry")
	copySelf(t, hunter)
	q[control] = "control-" + rand.Text()
	if err := os.WriteFile(filepath.Join(root, "lost"), []byte(q[control]), 0o644); err != nil {
		t.Fatal(err)
	}
	if p.owns {
		give(t, root)
	}
	environ := append(slices.Clone(p.environ), "RUNNER_STOP_TIMEOUT=10s")
	b := openProgram(t, "sh", h, root, append(environ, p.attacker.environ...), "-ec", p.container(need.Program(t, "cmd/runner-init"), root))
	h.listening(t, b)
	q.add(h.Secrets())
	q.write(t, list)
	job := h.job(fmt.Sprintf("exec %s role:hunter %s %s", hunter, list, p.order))
	b.expectExit(p.code)
	expectResult(t, job, github.Succeeded)
	expectBare(t, root)
	return p.read(t, job.Log())
}

// expectBare sees that nothing that the supervisor started was given a file of ours, or a capability that is none of root's
// own.
func expectBare(t *testing.T, root string) {
	t.Helper()
	records, err := simrunner.Records(root)
	if err != nil || len(records) == 0 {
		t.Fatalf("no records: %v", err)
	}
	for _, r := range records {
		if r.Given == nil || r.Role != "listener" {
			continue
		}
		for fd, file := range r.Given.Files {
			if fd > 2 {
				t.Errorf("%q inherits descriptor %d: %s", r.Given.Argv[1:], fd, file)
			}
		}
		for _, set := range []string{"CapInh", "CapAmb"} {
			if strings.Trim(r.Given.Status[set], "0") != "" {
				t.Errorf("%q has %s %s", r.Given.Argv[1:], set, r.Given.Status[set])
			}
		}
	}
}

// container is a script that makes empty directories for the public ones of this machine, and then a PID 1 of the attacker's kind.
func (p prey) container(program, root string) string {
	return strings.NewReplacer("ROOT", root, "PROGRAMS", filepath.Dir(program), "BECOME", p.become, "PROGRAM", program).Replace(`
		mount -t tmpfs tmpfs /mnt
		mkdir /mnt/1 /mnt/2
		mount --bind ROOT /mnt/1
		mount --bind PROGRAMS /mnt/2
		for dir in /tmp /run /dev/shm /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs $dir; done
		mkdir -p ROOT PROGRAMS
		mount --bind /mnt/1 ROOT
		mount --bind /mnt/2 PROGRAMS
		umount -l /mnt
		cd ROOT
		exec BECOME PROGRAM run`)
}

// read reads the hunter's report, and sees that it searched where it was to.
func (p prey) read(t *testing.T, log string) (found []string) {
	seen := map[string]bool{}
	for line := range strings.Lines(log) {
		fields := strings.Fields(line)
		switch {
		case len(fields) < 2:
		case fields[0] == "found" && fields[1] == control:
			seen[fields[2]] = true
		case fields[0] == "found":
			found = append(found, fields[1]+" "+fields[2])
		case fields[0] == "power" && (p.name != "root that may trace" || fields[1] == "inherited"):
			t.Errorf("the job has a power over us: %s", line)
		}
	}
	for _, place := range []string{inEnvironment, inArguments, inMemory, inDescriptor, inFile} {
		if !seen[place] {
			t.Errorf("the hunter does not find what it has hidden itself: %s", place)
		}
	}
	if !strings.Contains(log, "answered ") { // the socket of the health checks, with its word
		t.Error("nobody answered the hunter")
	}
	if !strings.Contains(log, "hunted\n") || p.order == "kill" && !strings.Contains(log, "killed\n") || t.Failed() {
		t.Errorf("the hunter says:\n%s", log)
	}
	return found
}

// TestCanaryHunt has jobs of every kind look for every secret, and compares what they find with what docs/security.md says.
func TestCanaryHunt(t *testing.T) {
	claims := readClaims(t)
	for _, a := range attackers {
		var mu sync.Mutex
		found := map[string]bool{}
		t.Run(a.name, func(t *testing.T) {
			for name, arm := range armings {
				t.Run(name, func(t *testing.T) {
					h, q := newHub(t), quarry{}
					p := prey{attacker: a, environ: arm(t, h, q)}
					for _, f := range p.release(t, h, q) {
						mu.Lock()
						found[f] = true
						mu.Unlock()
					}
				})
			}
		})
		if got, want := slices.Sorted(maps.Keys(found)), claims.of(a.name); !slices.Equal(got, want) {
			t.Errorf("a job as %s finds %q; docs/security.md says %q", a.name, got, want)
		}
	}
}

// A job that is the supervisor's user can kill it, and finds nothing in the one that takes its place.
func TestCanaryHuntAfterKill(t *testing.T) {
	h, q := newHub(t), quarry{}
	p := prey{attacker: attackers[1], environ: armings["app"](t, h, q), order: "kill", code: 70}
	if found := p.release(t, h, q); len(found) > 0 {
		t.Errorf("the job finds %q", found)
	}
}

// What was dropped nobody finds.
func TestCanaryHuntAfterDrop(t *testing.T) {
	claims := readClaims(t)
	for _, a := range attackers {
		for _, name := range []string{"app", "references", "ready configuration"} {
			t.Run(a.name+" "+name, func(t *testing.T) {
				h, q := newHub(t), quarry{}
				p := prey{attacker: a, environ: append(armings[name](t, h, q), "RUNNER_DROP_CREDENTIALS=true")}
				found := p.release(t, h, q)
				if claimed := claims.cell("dropped", a.name); len(found) > 0 || claimed != "nothing" {
					t.Errorf("the job finds %q; docs/security.md says %s", found, claimed)
				}
			})
		}
	}
}

// copySelf copies this binary to where every user may execute it.
func copySelf(t *testing.T, to string) {
	t.Helper()
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	into, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	defer into.Close()
	if _, err := io.Copy(into, from); err != nil {
		t.Fatal(err)
	}
}

// give makes the runner's directory the job user's.
func give(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, 4711, 4711)
	})
	if err != nil {
		t.Fatal(err)
	}
}
