package main

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/ecr"
	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/aws"
)

// Called by the helper's name the released program is Docker's credential helper, and never an init.
func TestCredentialHelper(t *testing.T) {
	t.Parallel()
	sim := aws.New(awsRegion)
	server := httptest.NewServer(sim)
	defer server.Close()
	link := filepath.Join(t.TempDir(), ecr.Name)
	if err := os.Symlink(need.Program(t, "cmd/runner-init"), link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  []string
		input string
		code  int
		says  string
	}{
		{[]string{"get"}, "123456789012.dkr.ecr.eu-west-1.amazonaws.com", 0, `"Secret":"` + aws.RegistryPassword + `"`},
		{[]string{"get"}, "ghcr.io", 1, "credentials not found in native keychain"},
		{[]string{"run"}, "", 1, `unknown action "run"`},
		{nil, "", 1, "usage: docker-credential-ecr-login get|list|store|erase|version"},
	} {
		cmd := exec.CommandContext(t.Context(), link, c.args...)
		cmd.Stdin = strings.NewReader(c.input)
		cmd.Env = []string{"HOME=" + t.TempDir(), "AWS_ENDPOINT_URL_ECR=" + server.URL, "AWS_EC2_METADATA_DISABLED=true",
			"AWS_ACCESS_KEY_ID=" + aws.KeyID, "AWS_SECRET_ACCESS_KEY=" + aws.Key}
		out, _ := cmd.Output() // the code is looked at
		if got := cmd.ProcessState.ExitCode(); got != c.code || !strings.Contains(string(out), c.says) {
			t.Errorf("%q: printed %q, exit code %d; want %q, %d", c.args, out, got, c.says, c.code)
		}
	}
	if n := sim.Count("ecr:GetAuthorizationToken"); n != 1 {
		t.Errorf("AWS was asked %d times", n)
	}
}
