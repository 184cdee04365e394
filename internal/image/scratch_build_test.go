package image_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// scratchFile makes images of nothing but two static programs: no shell of its own name, no libraries, no /etc, no /tmp.
// The personalities are reached as people reach them, by a copy of the file and by a link to it.
const scratchFile = `FROM scratch AS exec
COPY rootfs/ /
ENV PATH=/bin
ENTRYPOINT ["/bin/runner-init", "exec"]

FROM exec AS tini
COPY rootfs/bin/runner-init /sbin/tini
ENTRYPOINT ["/sbin/tini", "--"]

FROM exec AS dumb-init
ENTRYPOINT ["/bin/dumb-init", "--"]
`

// scratch is the images by the name of their ENTRYPOINT.
type scratch map[string]string

func buildScratch(t *testing.T) scratch {
	t.Helper()
	context := t.TempDir()
	bin := filepath.Join(context, "rootfs/bin")
	copyFile(t, busybox(t), filepath.Join(bin, "busybox"))
	copyFile(t, need.Program(t, "cmd/runner-init"), filepath.Join(bin, "runner-init"))
	if err := os.Symlink("runner-init", filepath.Join(bin, "dumb-init")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(context, "Dockerfile"), []byte(scratchFile), 0o644); err != nil {
		t.Fatal(err)
	}
	images := scratch{}
	for _, entrypoint := range []string{"exec", "tini", "dumb-init"} {
		images[entrypoint] = unique("runner-init-test-scratch-" + entrypoint)
		runBuilder(t, images[entrypoint], "build", "--network=none", "--target="+entrypoint, context)
	}
	return images
}
