package need

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Addresses that cannot be redirected: containers find the ECS agent at the one, and the metadata service of their EC2
// instance at the other.
const (
	AgentAddress    = "169.254.170.2"
	MetadataAddress = "169.254.169.254"
)

// isolated marks a process of a test that has a network of its own.
const isolated = "RUNNER_INIT_TEST_ISOLATED"

// Isolated reports whether this process has a network of its own.
func Isolated() bool { return os.Getenv(isolated) != "" }

// Isolate runs a test, of no other's, once more in a process with a network that has nothing but the loopback and these
// addresses, and reports whether this is that process. The one that it was called in first has nothing left to do.
func Isolate(t *testing.T) bool {
	t.Helper()
	if Isolated() {
		return true
	}
	Root(t)
	Installed(t, "unshare")
	Installed(t, "ip")
	const setUp = `ip link set lo up && for a in ` + AgentAddress + ` ` + MetadataAddress + `; do ip addr add $a/32 dev lo; done && exec "$0" "$@"`
	c := exec.CommandContext(t.Context(), "unshare", "--net", "sh", "-ec", setUp, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), isolated+"=1")
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()+" ") {
		t.Errorf("in a network of its own: %v\n%s", err, out)
	}
	return false
}

// ServeAt serves at port 80 of an address until the test ends.
func ServeAt(t *testing.T, address string, handler http.Handler) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(address, "80"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
}
