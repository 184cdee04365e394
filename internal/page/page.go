// Package page holds the pages of docs that code writes to that code. Only tests import it.
package page

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the generated pages instead of comparing them")

// Generated fails a test if the file at a path is not what the code says. With -update it writes the file instead, which
// is what go generate does.
func Generated(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the code says: run go generate in the directory of this test", path)
	}
}
