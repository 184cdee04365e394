package taskdefs_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// blocks are the commands of the README.
func blocks(t *testing.T) (all []string) {
	t.Helper()
	for _, m := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(contents(t, "README.md")), -1) {
		all = append(all, m[1])
	}
	return all
}

// The README's commands, as a new user runs them, in a copy: they make every edit, nothing else, and what they then hand to
// aws is there and has no mark left. Here aws is a function that looks at the files that it is given.
func TestAsWritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "ecs-task-defs"), os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	script := strings.Builder{}
	script.WriteString(`aws() {
	for a; do case $a in file://*)
		if [ ! -e "${a#file://}" ]; then echo "no ${a#file://}"; exit 1; fi
		if grep CHANGE-ME "${a#file://}"; then echo "left in ${a#file://}"; exit 1; fi
	esac; done
	echo "aws $*"
}
`)
	for _, b := range blocks(t) {
		if strings.HasPrefix(b, "cp -r ecs-task-defs") {
			b += "touch token app.json\n" // the reader's own
		} else if !strings.HasPrefix(b, "aws ") {
			continue // for an instance
		}
		script.WriteString(b)
	}
	shell := exec.CommandContext(t.Context(), "bash", "-euc", script.String())
	shell.Dir = dir
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if n := strings.Count(string(out), "\naws "); n < 10 {
		t.Errorf("only %d commands were run:\n%s", n, out)
	}
	for _, path := range everything(t) {
		got := string(contents(t, filepath.Join(dir, "my-runners", path)))
		if want := edited(string(contents(t, path))); got != want {
			t.Errorf("%s after the README's commands:\n%s\nwant\n%s", path, got, want)
		}
	}
}

// What the commands make has the names that the files use: the role, the cluster, the log, the secrets.
func TestCommands(t *testing.T) {
	text := strings.Join(blocks(t), "\n")
	definitions := strings.Builder{}
	for _, path := range everything(t) {
		definitions.Write(contents(t, path))
	}
	for option, in := range map[string]string{
		"--repository-name":                           "amazonaws.com/%:latest",
		"--name /github-runner/token":                 "parameter/github-runner/token",
		"--name github-runner/app":                    "secret:github-runner/app-CHANGE-ME-SUFFIX",
		"--log-group-name":                            `"awslogs-group": "%"`,
		"--cluster-name":                              `"cluster": "%"`,
		"for role in execution task":                  "role/github-runner-task",
		"create-role --role-name github-runner-$role": "role/github-runner-execution",
	} {
		_, after, ok := strings.Cut(text, option)
		if !ok {
			t.Errorf("the README's commands have no %s", option)
			continue
		}
		if fields := strings.Fields(after); !strings.Contains(definitions.String(), strings.ReplaceAll(in, "%", fields[0])) {
			t.Errorf("the README has %s %s, and no file knows it", option, fields[0])
		}
	}
}

// Every definition has its line in the table, and every line its definition.
func TestTable(t *testing.T) {
	rows := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| \\[`([\\w-]+\\.json)`\\]").FindAllStringSubmatch(string(contents(t, "README.md")), -1) {
		rows[m[1]] = true
	}
	for _, path := range files(t, "*.json") {
		if !rows[path] {
			t.Errorf("%s has no line in the README's table", path)
		}
		delete(rows, path)
	}
	for path := range rows {
		t.Errorf("the README's table has %s, which is not there", path)
	}
}

// The table's cents are the sizes of the files times the prices below it.
func TestCents(t *testing.T) {
	readme := string(contents(t, "README.md"))
	m := regexp.MustCompile(`us-east-1: ([\d.]+) for a vCPU, ([\d.]+) for a GiB of memory and ([\d.]+) for a GiB of storage above 20`).FindStringSubmatch(readme)
	if m == nil {
		t.Fatal("the README has no prices")
	}
	for name, is := range map[string]string{"fargate": "%d cents an hour, by the second", "fargate-fleet": "%d cents an hour for all four"} {
		d := decode[ecs.RegisterTaskDefinitionInput](t, name+".json")
		cents := number(t, aws.ToString(d.Cpu))/1024*number(t, m[1]) + number(t, aws.ToString(d.Memory))/1024*number(t, m[2]) + float64(d.EphemeralStorage.SizeInGiB-20)*number(t, m[3])
		if want := fmt.Sprintf(is, int(math.Round(cents))); !strings.Contains(readme, want) {
			t.Errorf("%s costs %.2f cents an hour, and the README does not say %q", name, cents, want)
		}
	}
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What the README puts on an instance is what the definition asks for: the attribute, the runtime, the cluster.
func TestSysboxInstance(t *testing.T) {
	i := slices.IndexFunc(blocks(t), func(b string) bool { return strings.Contains(b, "daemon.json") })
	if i < 0 {
		t.Fatal("the README does not say what an instance with sysbox needs")
	}
	script := blocks(t)[i]
	if out, err := exec.CommandContext(t.Context(), "bash", "-n", "-c", script).CombinedOutput(); err != nil {
		t.Errorf("no script: %v: %s", err, out)
	}
	_, text, _ := strings.Cut(script, "<<EOF\n")
	text, rest, _ := strings.Cut(text, "EOF\n")
	daemon := tree(t, []byte(text)).(map[string]any)
	if runtime, known := daemon["default-runtime"].(string), daemon["runtimes"].(map[string]any); known[runtime] == nil {
		t.Errorf("daemon.json has no runtime %q", runtime)
	}
	var attribute string
	for name, value := range tree(t, []byte(setting(rest, "ECS_INSTANCE_ATTRIBUTES"))).(map[string]any) {
		attribute = "attribute:" + name + " == " + value.(string)
	}
	d := decode[ecs.RegisterTaskDefinitionInput](t, "ec2-sysbox.json")
	if got := aws.ToString(d.PlacementConstraints[0].Expression); got != attribute {
		t.Errorf("the definition asks for %q, the instance has %q", got, attribute)
	}
	if got := setting(rest, "ECS_CLUSTER"); got != cluster {
		t.Errorf("the instance joins %q, want %q", got, cluster)
	}
	if drivers := setting(rest, "ECS_AVAILABLE_LOGGING_DRIVERS"); !strings.Contains(drivers, `"`+string(d.ContainerDefinitions[0].LogConfiguration.LogDriver)+`"`) {
		t.Errorf("the instance has the logging drivers %s", drivers)
	}
}

// setting is the value of a line NAME=value.
func setting(text, name string) string {
	_, value, _ := strings.Cut(text, "\n"+name+"=")
	value, _, _ = strings.Cut(value, "\n")
	return value
}
