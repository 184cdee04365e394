package conformance

import (
	"os"
	"slices"
	"syscall"
	"testing"
)

// TestHarness tries the tools of all other tests without any init, so that a fault of theirs is not laid at an init's door.
func TestHarness(t *testing.T) {
	for _, where := range everyPlace {
		c := contender{place: where}
		t.Run(string(where), func(t *testing.T) {
			t.Parallel()
			r, _ := pipe(t)
			o := c.run(t, setup{bare: true, env: []string{"A=1", "A=1", "", "b"}, dir: "/tmp", files: []*os.File{r},
				blocked: []syscall.Signal{15, 40}, ignored: []syscall.Signal{1, 33}, user: 1001}, probe(t), "report", "x")
			got := report{t, o.stdout}
			if blocked, ignored := got.signals("blocked"), got.signals("ignored"); !slices.Equal(blocked, []syscall.Signal{15, 40}) ||
				!slices.Equal(ignored, []syscall.Signal{1, 33}) {
				t.Errorf("blocked %d, ignored %d", blocked, ignored)
			}
			if env, fds := got.all("env"), got.all("fd"); !slices.Equal(env, []string{"A=1", "A=1", "", "b"}) || !slices.Equal(fds, []string{"0", "1", "2", "3"}) {
				t.Errorf("environment %q, descriptors %q", env, fds)
			}
			if got.get("cwd") != "/tmp" || got.number("uid") != 1001 {
				t.Errorf("in %q as %d", got.get("cwd"), got.number("uid"))
			}
		})
	}
}
