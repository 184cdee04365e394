package taskdefs_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/runner-init/runner-init/internal/config"
)

// edits are what a reader writes over the marks, as the README's table says. Those of the first three do for most files.
var edits = map[string]string{
	"CHANGE-ME-ACCOUNT":           "123456789012",
	"CHANGE-ME-REGION":            "eu-west-1",
	"CHANGE-ME-REPOSITORY":        "acme/widgets",
	"CHANGE-ME-ORGANIZATION":      "acme",
	"CHANGE-ME-SUFFIX":            "AbCdEf",
	"CHANGE-ME-SUBNET":            "subnet-0123456789abcdef0",
	"CHANGE-ME-SECURITY-GROUP":    "sg-0123456789abcdef0",
	"CHANGE-ME-CAPACITY-PROVIDER": "runners",
}

var mark = regexp.MustCompile(`CHANGE-ME-[A-Z]+(-[A-Z]+)*`)

// edited is a text as its reader leaves it.
func edited(text string) string {
	return mark.ReplaceAllStringFunc(text, func(m string) string {
		if with, known := edits[m]; known {
			return with
		}
		return m
	})
}

// everything is every file that a reader takes.
func everything(t *testing.T) []string {
	return slices.Concat(files(t, "*.json"), files(t, "iam/*.json"), files(t, "run-task/*.json"), files(t, "service/*.json"))
}

// What is the reader's own is marked, and nothing else looks as if it were: no account, no region, no resource of
// somebody's, nothing that asks to be guessed.
func TestEdits(t *testing.T) {
	suspicious := regexp.MustCompile(`(?i)[<>{}$]|change|replace|example|your|xxx|todo|\d{12}|\b(subnet|sg|vpc|i|ami)-[0-9a-f]|\b(af|ap|ca|eu|il|me|mx|sa|us)(-gov)?-[a-z]+-\d|acme|github_pat|gh[opsu]_|-----BEGIN`)
	used := map[string]bool{}
	for _, path := range everything(t) {
		for _, text := range texts(tree(t, contents(t, path))) {
			for _, m := range mark.FindAllString(text, -1) {
				used[m] = true
				if edits[m] == "" {
					t.Errorf("%s: nobody says what %s is", path, m)
				}
			}
			if s := suspicious.FindString(mark.ReplaceAllString(text, "")); s != "" {
				t.Errorf("%s: %q in %q: what the reader has to fill in is written CHANGE-ME-…", path, s, text)
			}
		}
		text := string(contents(t, path))
		if n := len(mark.FindAllString(text, -1)); n != strings.Count(strings.ToUpper(text), "CHANGE-ME") {
			t.Errorf("%s: a mark that is not written CHANGE-ME-SOMETHING", path)
		}
	}
	readme := string(contents(t, "README.md"))
	for m := range edits {
		if !used[m] || !strings.Contains(readme, "`"+m+"`") {
			t.Errorf("%s: in a file: %v; the README says what it is: %v", m, used[m], strings.Contains(readme, "`"+m+"`"))
		}
	}
}

// Three edits for a task definition: who you are, where, and for which repository. An App brings its secret's suffix.
func TestFewEdits(t *testing.T) {
	for _, path := range files(t, "*.json") {
		marks := map[string]bool{}
		for _, m := range mark.FindAllString(string(contents(t, path)), -1) {
			marks[m] = true
		}
		delete(marks, "CHANGE-ME-SUFFIX")
		if len(marks) > 3 {
			t.Errorf("%s: %d edits: %v", path, len(marks), slices.Sorted(maps.Keys(marks)))
		}
	}
}

// texts are all the values of a tree that are text.
func texts(v any) (found []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, e := range v {
			found = append(found, texts(e)...)
		}
	case map[string]any:
		for _, e := range v {
			found = append(found, texts(e)...)
		}
	}
	return found
}

// environment is what a container is given, after the edits. A secret has a value that says what it is.
func environment(c types.ContainerDefinition) map[string]string {
	all := map[string]string{}
	for _, v := range c.Environment {
		all[aws.ToString(v.Name)] = edited(aws.ToString(v.Value))
	}
	for _, s := range c.Secrets {
		all[aws.ToString(s.Name)] = "not-a-real-secret"
	}
	return all
}

// Every variable is one that runner-init reads, under its canonical name; secrets are in secrets, and there alone.
func TestVariables(t *testing.T) {
	secret := map[string]bool{}
	for _, v := range config.Variables() {
		secret[v.Name] = v.Secret
	}
	for _, d := range definitions(t) {
		for _, c := range d.runners() {
			seen := map[string]bool{}
			once := func(name string) {
				if _, known := secret[name]; !known || seen[name] {
					t.Errorf("%s: %s: runner-init does not know it, or it is there twice", d.name, name)
				}
				seen[name] = true
			}
			for _, v := range c.Environment {
				once(aws.ToString(v.Name))
				if secret[aws.ToString(v.Name)] {
					t.Errorf("%s: %s is a secret, and environment shows it to whoever may read the definition", d.name, aws.ToString(v.Name))
				}
			}
			for _, s := range c.Secrets {
				once(aws.ToString(s.Name))
			}
		}
	}
}

// The program takes each environment as it is after the edits: no error, and no warning either.
func TestConfiguration(t *testing.T) {
	_, key := newKey(t)
	for _, d := range definitions(t) {
		for _, c := range d.runners() {
			environ := []string{"ECS_CONTAINER_METADATA_URI_V4=http://169.254.170.2/v4/nobody"}
			for name, value := range environment(c) {
				switch name {
				case "GITHUB_APP_ID":
					value = "77"
				case "GITHUB_APP_PRIVATE_KEY":
					value = key
				}
				environ = append(environ, name+"="+value)
			}
			got, err := config.Load(environ)
			if err != nil {
				t.Errorf("%s: %s: %v", d.name, aws.ToString(c.Name), err)
			}
			if w := got.Warnings(); len(w) > 0 {
				t.Errorf("%s: %s: warnings: %q", d.name, aws.ToString(c.Name), w)
			}
		}
	}
}

// What starts tasks names a definition that there is, and asks for what that needs.
func TestStarts(t *testing.T) {
	for _, d := range definitions(t) {
		checkStart(t, d, filepath.Join("run-task", d.name+".json"))
	}
	for _, path := range files(t, "service/*.json") {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		i := slices.IndexFunc(definitions(t), func(d definition) bool { return d.name == name })
		if i < 0 {
			t.Fatalf("%s: there is no %s.json", path, name)
		}
		checkStart(t, definitions(t)[i], path)
	}
}

func checkStart(t *testing.T, d definition, path string) {
	t.Helper()
	start := decode[struct {
		Cluster, TaskDefinition  string
		LaunchType               types.LaunchType
		CapacityProviderStrategy []types.CapacityProviderStrategyItem
		NetworkConfiguration     *types.NetworkConfiguration
		PlacementConstraints     []types.PlacementConstraint

		ServiceName, AvailabilityZoneRebalancing, PropagateTags string
		Count, DesiredCount                                     int
		DeploymentConfiguration                                 *types.DeploymentConfiguration
		EnableECSManagedTags                                    bool
	}](t, path)
	if start.Cluster != cluster || start.TaskDefinition != aws.ToString(d.Family) {
		t.Errorf("%s: starts %q on %q, want %q on %q", path, start.TaskDefinition, start.Cluster, aws.ToString(d.Family), cluster)
	}
	if len(start.CapacityProviderStrategy) == 0 || start.LaunchType != "" {
		t.Errorf("%s: no capacity provider strategy, or a launch type, which excludes one", path)
	}
	for _, s := range start.CapacityProviderStrategy {
		if fargate := strings.HasPrefix(aws.ToString(s.CapacityProvider), "FARGATE"); fargate != d.on(types.CompatibilityFargate) {
			t.Errorf("%s: the definition is for %v, the capacity is %s", path, d.RequiresCompatibilities, aws.ToString(s.CapacityProvider))
		}
	}
	if (start.NetworkConfiguration != nil) != (d.NetworkMode == types.NetworkModeAwsvpc) {
		t.Errorf("%s: a network configuration goes with awsvpc, and with nothing else", path)
	}
	if n := start.NetworkConfiguration; n != nil && n.AwsvpcConfiguration.AssignPublicIp != "" && !d.on(types.CompatibilityFargate) {
		t.Errorf("%s: only tasks on Fargate get a public address", path)
	}
	if start.ServiceName != "" && start.AvailabilityZoneRebalancing != "DISABLED" {
		t.Errorf("%s: rebalancing stops tasks whose job is running", path)
	}
}
