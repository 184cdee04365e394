// Package layers_test holds the architecture: which package may import which, and which few calls belong to the command
// alone. It refuses any package that nobody has given a place, so that a new one starts with that decision.
package layers_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/runner-init/runner-init"

// A layer is what one package may import besides the standard library: paths of this module relative to its root, paths
// of other modules in full. A path that ends in "/..." stands for everything below it too.
type layer struct {
	imports []string
	tests   []string // what its tests may import in addition
	without []string // packages of the standard library that it must do without
}

// The third parties. Each has one line below that names it, golang.org/x/sys has three, and the tests of one more; AWS's SDK has two.
const (
	awssdk    = "github.com/aws/aws-sdk-go-v2/..."
	env       = "github.com/caarlos0/env/v11"
	gogithub  = "github.com/google/go-github/v56/..."
	retryable = "github.com/hashicorp/go-retryablehttp"
	jwt       = "github.com/golang-jwt/jwt/v5"
	kin       = "github.com/getkin/kin-openapi/..."
	script    = "github.com/rogpeppe/go-internal/..."
	smithy    = "github.com/aws/smithy-go/..."
	sys       = "golang.org/x/sys/..."
)

// The outside world, closed to a package that only decides.
var world = []string{"net", "net/http", "os", "os/exec", "os/signal", "syscall"}

var layers = map[string]layer{
	// The command knows everyone and is known by no one.
	"cmd/runner-init": {
		imports: []string{"signals", "lifecycle", "registration", "internal/cgroup", "internal/config", "internal/dockerd", "internal/doctor", "internal/ecr", "internal/health", "internal/hook", "internal/mask", "internal/metrics", "internal/platform", "internal/platform/ecs", "internal/platform/kubernetes", "internal/platform/spot", "internal/reference", "internal/runner", "internal/store", "internal/sim/github", "internal/sim/runner"},
		tests:   []string{"internal/need", "internal/page", "internal/sim/aws", "internal/sim/docker", "internal/sim/ecs", "internal/sim/kubernetes", "internal/sim/openapi", script, sys},
	},

	"lifecycle":        {tests: []string{"internal/page"}, without: world},
	"registration":     {imports: []string{gogithub, retryable, jwt}, tests: []string{"internal/sim/github", "internal/sim/openapi", "internal/need"}},
	"internal/cgroup":  {without: []string{"net", "net/http", "os/exec", "os/signal", "syscall"}},
	"internal/config":  {imports: []string{env, "internal/reference"}, tests: []string{"internal/page"}},
	"internal/dockerd": {tests: []string{"internal/need", "internal/sim/docker"}},
	"internal/doctor":  {without: world},
	"internal/health":  {imports: []string{sys}, without: []string{"os/exec"}},
	"internal/hook":    {tests: []string{"internal/need"}},
	"internal/mask":    {without: world},
	"internal/metrics": {tests: []string{"internal/page"}, without: world},
	"internal/runner":  {imports: []string{sys}, tests: []string{"internal/sim/github", "internal/sim/runner", "internal/need"}},

	// Where we run: what its platform knows, and does for a job.
	"internal/platform":            {without: world},
	"internal/platform/spot":       {tests: []string{"internal/sim/ecs"}, without: []string{"os", "os/exec"}},
	"internal/platform/ecs":        {imports: []string{"internal/platform"}, tests: []string{"internal/sim/ecs"}, without: []string{"os", "os/exec"}},
	"internal/platform/kubernetes": {imports: []string{"internal/platform"}, tests: []string{"internal/sim/kubernetes"}, without: []string{"os/exec"}},

	// Values that are kept elsewhere: what names them, and the one package that asks AWS for them.
	"internal/reference": {without: world},
	"internal/ecr":       {imports: []string{"internal/store", awssdk}, tests: []string{"internal/sim/aws"}},
	"internal/store":     {imports: []string{"internal/reference", awssdk, smithy}, tests: []string{"internal/platform/ecs", "internal/sim/aws", "internal/need"}},

	// The other process: PID 1 runs this and nothing else. It owns wait4(-1), so it cannot share os/exec's waiting.
	"signals": {imports: []string{sys}, tests: []string{"internal/need", "internal/page"}, without: []string{"net", "net/http", "os/exec"}},

	// The simulation: part of the demo, so free of third parties, and of the tests.
	"internal/sim/github":        {tests: []string{"internal/need", "internal/sim/openapi"}},
	"internal/sim/aws":           {},
	"internal/sim/ecs":           {},
	"internal/sim/kubernetes":    {},
	"internal/sim/runner":        {tests: []string{"internal/need", "internal/sim/github"}},
	"internal/sim/cmd/simrunner": {imports: []string{"internal/sim/runner"}},

	// For tests alone.
	"internal/sim/docker":  {},
	"internal/sim/openapi": {imports: []string{kin}, tests: []string{"internal/need", "internal/sim/github"}},
	"internal/need":        {},
	"internal/page":        {},
	"internal/image":       {tests: []string{"internal/config", "internal/need", "internal/sim/github", "internal/sim/runner", sys}},
	"internal/conformance": {tests: []string{"internal/need", sys}},
	"bench":                {tests: []string{"internal/need", "internal/sim/github", "internal/sim/runner", sys}},
	"ecs-task-defs":        {tests: []string{"internal/config", "internal/need", "internal/sim/github", "internal/sim/runner", awssdk}},
	".":                    {},
}

// listed is what the go command says of one package.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestLayers(t *testing.T) {
	for _, p := range list(t) {
		name := relative(p.ImportPath)
		rule, placed := layers[name]
		if !placed {
			t.Errorf("%s is in no layer: give it a line in layers_test.go, or put the code where it belongs", name)
			continue
		}
		for _, path := range p.Imports {
			checkImport(t, name, path, rule.imports, rule.without)
		}
		for _, path := range append(p.TestImports, p.XTestImports...) {
			checkImport(t, "the test of "+name, path, slices.Concat(rule.imports, rule.tests, []string{name}), nil)
		}
	}
}

func checkImport(t *testing.T, who, path string, allowed, without []string) {
	t.Helper()
	switch {
	case standard(path):
		if slices.Contains(without, path) {
			t.Errorf("%s imports %s, which it has to do without", who, path)
		}
	case !within(relative(path), allowed):
		t.Errorf("%s imports %s: not allowed", who, relative(path))
	}
}

// list asks the go command, so that build constraints and generated files count as they do in a build.
func list(t *testing.T) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	if err != nil {
		t.Fatalf("cannot list the packages: %v\n%s", err, stderr(err))
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("cannot read what go list says: %v", err)
		}
		all = append(all, p)
	}
}

func stderr(err error) string {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(exit.Stderr)
	}
	return ""
}

// standard tells the standard library by its first element, which has no dot in it.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// relative is a package's path below the root of this module, "." for the root; other modules keep their path.
func relative(path string) string {
	if path == module {
		return "."
	}
	return strings.TrimPrefix(path, module+"/")
}

func within(path string, allowed []string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		base, below := strings.CutSuffix(a, "/...")
		return path == base || below && strings.HasPrefix(path, base+"/")
	})
}
