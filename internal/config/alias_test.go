package config_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/config"
)

// sample is a value of a variable, what the report then shows, and what the environment has to hold besides.
type sample struct {
	value, want string
	with        []string
}

// samples has one for each name that the table does not let us guess. An alias without its own takes its variable's.
var samples = map[string]sample{
	"RUNNER_ORG":                 {"acme", "acme", withToken},
	"RUNNER_REPO":                {"acme/gadgets", "acme/gadgets", withToken},
	"RUNNER_ENTERPRISE":          {"acme-inc", "acme-inc", withToken},
	"RUNNER_SCOPE":               {"org", "organization", bothPlaces},
	"ORG_RUNNER":                 {"true", "organization", bothPlaces},
	"GITHUB_TOKEN":               {"another-pat", "[redacted]", []string{"RUNNER_REPO=acme/widgets"}},
	"GITHUB_APP_ID":              {"77", "77", append(slices.Clone(repoOnly), "GITHUB_APP_PRIVATE_KEY=a-private-key")},
	"GITHUB_APP_INSTALLATION_ID": {"5", "5", withApp},
	"GITHUB_APP_LOGIN":           {"acme", "acme", withApp},
	"GITHUB_APP_PRIVATE_KEY":     {"a-private-key", "[redacted]", append(slices.Clone(repoOnly), "APP_ID=77")},
	"RUNNER_CA_FILE":             {"testdata/ca.pem", caPath, minimal},
	"RUNNER_SWEEP":               {"true", "true", minimal},
	"RUNNER_TOKEN":               {token, "[redacted]", minimal},
	"RUNNER_JITCONFIG":           {jit, "[redacted]", nil},
	"GITHUB_SERVER_URL":          {"https://git.acme.example", "https://git.acme.example", minimal},
	"GITHUB_HOST":                {"git.acme.example", "https://git.acme.example", minimal},
	"GITHUB_API_URL":             {"https://git.acme.example/rest", "https://git.acme.example/rest", minimal},
	"GITHUB_API_HOST":            {"git.acme.example", "https://git.acme.example", minimal},
	"GITHUB_API_PATH":            {"/rest", "https://git.acme.example/rest", append(slices.Clone(minimal), "GITHUB_API_HOST=git.acme.example")},
	"RUNNER_NAME":                {"builder", "builder", minimal},
	"RUNNER_NAME_PREFIX":         {"ci", "ci", minimal},
	"RUNNER_IDLE_TIMEOUT":        {"30m", "30m", minimal},
	"RUNNER_MAX_LIFETIME":        {"86400", "24h", minimal},
	"RUNNER_NAME_SUFFIX":         {"never", "never", minimal},

	"RANDOM_RUNNER_SUFFIX":             {"false", "hostname", minimal},
	"RUNNER_LABELS":                    {"gpu,large", "gpu,large", minimal},
	"RUNNER_NO_DEFAULT_LABELS":         {"true", "true", append(slices.Clone(minimal), "RUNNER_LABELS=a")},
	"RUNNER_GROUP":                     {"builders", "builders", []string{"GITHUB_TOKEN=" + pat, "RUNNER_ORG=acme"}},
	"RUNNER_EPHEMERAL":                 {"false", "false", minimal},
	"RUNNER_DISABLE_UPDATE":            {"0", "false", minimal},
	"RUNNER_REGISTRATION":              {"token", "token", minimal},
	"RUNNER_DEREGISTER":                {"no", "false", minimal},
	"GH_RUNNER_MODE":                   {"persistent", "false", minimal},
	"DISABLE_AUTOMATIC_DEREGISTRATION": {"true", "false", minimal},
	"RUNNER_HOME":                      {"/opt/runner", "/opt/runner", minimal},
	"RUNNER_WORKDIR":                   {"/_work", "/_work", minimal},
	"RUNNER_USER":                      {"1001:1001", "1001:1001", minimal},
	"RUN_AS_ROOT":                      {"true", "root", minimal},
	"RUNNER_STOP_TIMEOUT":              {"120", "2m", minimal},
	"RUNNER_START_TIMEOUT":             {"90s", "1m30s", minimal},
	"RUNNER_DROP_CREDENTIALS":          {"yes", "true", minimal},
	"RUNNER_START_JITTER":              {"7", "7s", minimal},
	"RUNNER_FAILURE_HOLD":              {"1m30s", "1m30s", minimal},
	"RUNNER_PASS_ENV":                  {"only:A,B_*", "only:A,B_*", minimal},
	"UNSET_CONFIG_VARS":                {"true", "", minimal},
	"RUNNER_PASS_AWS_ENV":              {"on", "true", minimal},
	"RUNNER_HOOK_PRE_START":            {"/bin/true", "/bin/true", minimal},
	"RUNNER_HOOK_POST_STOP":            {"/bin/true", "/bin/true", minimal},
	"RUNNER_HOOK_TIMEOUT":              {"7", "7s", minimal},
	"RUNNER_DOCKER":                    {"DinD", "dind", minimal},
	"START_DOCKER_SERVICE":             {"true", "dind", minimal},
	"DOCKER_ENABLED":                   {"true", "dind", minimal},
	"RUNNER_DOCKER_ARGS":               {"--a  -b=c", "--a  -b=c", withDocker},
	"RUNNER_DOCKER_TIMEOUT":            {"45", "45s", withDocker},
	"RUNNER_DOCKER_MIRRORS":            {"https://a, http://b:5000/", "https://a,http://b:5000/", withDocker},
	"DOCKER_REGISTRY_MIRROR":           {"https://a", "https://a", withDocker},
	"RUNNER_DOCKER_ADDRESS_POOLS":      {"10.200.0.0/16:24,fd00:1::/48:64", "10.200.0.0/16:24,fd00:1::/48:64", withDocker},
	"DOCKER_DEFAULT_ADDRESS_POOL_BASE": {"10.200.0.0/16", "10.200.0.0/16:24", withPoolSize},
	"DOCKER_DEFAULT_ADDRESS_POOL_SIZE": {"24", "10.200.0.0/16:24", withPoolBase},
	"RUNNER_HTTP_ADDR":                 {"[::1]:9090", "[::1]:9090", minimal},
	"RUNNER_LOG_LEVEL":                 {"warn", "warn", minimal},
	"DEBUG_OUTPUT":                     {"1", "debug", minimal},
	"RUNNER_LOG_FORMAT":                {"text", "text", minimal},
	"RUNNER_TERMINATION_LOG":           {"/tmp/log", "/tmp/log", minimal},
	"RUNNER_DIAG":                      {"Follow", "follow", minimal},
	"RUNNER_PROTECT":                   {"OFF", "off", minimal},
	"RUNNER_SPOT":                      {"Off", "off", minimal},
	"RUNNER_PLATFORM_LABELS":           {"on", "true", minimal},
	"RUNNER_EXIT_ON_SIGNAL":            {"yes", "true", minimal},
}

var (
	repoOnly     = []string{"RUNNER_REPO=acme/widgets"}
	withApp      = []string{"RUNNER_REPO=acme/widgets", "GITHUB_APP_ID=77", "GITHUB_APP_PRIVATE_KEY=a-private-key"}
	caPath, _    = filepath.Abs("testdata/ca.pem")
	withDocker   = append(slices.Clone(minimal), "RUNNER_DOCKER=dind")
	withPoolSize = append(slices.Clone(withDocker), "DOCKER_DEFAULT_ADDRESS_POOL_SIZE=24")
	withPoolBase = append(slices.Clone(withDocker), "DOCKER_DEFAULT_ADDRESS_POOL_BASE=10.200.0.0/16")
	withToken    = []string{"GITHUB_TOKEN=" + pat}
	bothPlaces   = []string{"GITHUB_TOKEN=" + pat, "ORG_NAME=acme"}
)

// sampleFor is the sample of a name, with an environment that does not set its variable otherwise.
func sampleFor(t *testing.T, v config.Variable, name string) sample {
	t.Helper()
	s, ok := samples[name]
	if !ok {
		s, ok = samples[v.Name]
	}
	if !ok {
		t.Fatalf("%s needs a sample", v.Name)
	}
	s.with = slices.Clone(s.with)
	return s
}

// Every name of every variable means the same, in the environment and in a file.
func TestEveryName(t *testing.T) {
	for _, v := range config.Variables() {
		for _, name := range v.Names() {
			s := sampleFor(t, v, name)
			checkSetting(t, v, name, "", s, append(s.with, name+"="+s.value)...)
			path := writeFile(t, s.value+"\n")
			checkSetting(t, v, name, "_FILE="+path, s, append(s.with, name+"_FILE="+path)...)
		}
	}
}

func checkSetting(t *testing.T, v config.Variable, name, file string, s sample, environ ...string) {
	t.Helper()
	c := load(t, environ...)
	got := setting(t, c, v.Name)
	if got.Value != s.want {
		t.Errorf("%s%s: %s is %q, want %q", name, file, v.Name, got.Value, s.want)
	}
	origin := name + file
	if name != v.Name {
		origin = "alias " + origin
	}
	switch {
	case s.want == "": // it says nothing
	case name == "GITHUB_API_PATH", name == "DOCKER_DEFAULT_ADDRESS_POOL_SIZE": // the other half is named
	case got.Origin != origin:
		t.Errorf("%s%s: %s comes from %q, want %q", name, file, v.Name, got.Origin, origin)
	}
	if v.Secret && !slices.Contains(c.Secrets(), s.value) {
		t.Errorf("%s%s: not among the secrets", name, file)
	}
}

func TestAliasesHaveToAgree(t *testing.T) {
	load(t, "RUNNER_REPO=acme/widgets", "ACCESS_TOKEN="+pat, "GITHUB_PAT="+pat)
	load(t, append(minimal, "GITHUB_HOST=git.acme.example", "GITHUB_URL=https://git.acme.example/")...)
	got := oneProblem(t, "RUNNER_REPO=acme/widgets", "ACCESS_TOKEN="+canary, "GITHUB_PAT=2-"+canary)
	want := "cannot use ACCESS_TOKEN and GITHUB_PAT: they have different values, and all of them mean GITHUB_TOKEN"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	oneProblem(t, "GITHUB_TOKEN="+pat, "ORG=acme", "ORG_NAME=other")
	oneProblem(t, append(minimal, "DISABLE_AUTO_UPDATE=true", "DISABLE_RUNNER_UPDATE=false")...)
}

func TestCanonicalNameWins(t *testing.T) {
	c, err := config.Load(append(minimal, "RUNNER_LABELS=a", "LABELS=b"))
	if err != nil || strings.Join(c.Labels, ",") != "a" {
		t.Errorf("got %q, %v", c.Labels, err)
	}
	if w := c.Warnings(); len(w) != 1 || !strings.Contains(w[0], "LABELS is not used") {
		t.Errorf("warnings: %q", w)
	}
	load(t, append(minimal, "RUNNER_LABELS=a", "LABELS=a")...)
}

func TestFirstOfOneName(t *testing.T) {
	c, err := config.Load(append(minimal, "RUNNER_NAME=first", "RUNNER_NAME=second", "no variable", "=nothing", "X=1", "X=2"))
	if err != nil || c.Name != "first" || !slices.Equal(c.Warnings(), []string{"RUNNER_NAME is set more than once, and the first value counts"}) {
		t.Errorf("got %q, %v, %q", c.Name, err, c.Warnings())
	}
	load(t, append(minimal, "RUNNER_NAME=same", "RUNNER_NAME=same", "RUNNER_NAME= ")...)
}

// Where RANDOM_RUNNER_SUFFIX comes from, a given name is exact.
func TestRandomSuffix(t *testing.T) {
	for environ, want := range map[string]config.Suffix{
		"RANDOM_RUNNER_SUFFIX=true":                     config.SuffixAuto,
		"RANDOM_RUNNER_SUFFIX=false":                    config.SuffixHostname,
		"RANDOM_RUNNER_SUFFIX=false RUNNER_NAME=mine":   config.SuffixAuto,
		"RUNNER_NAME_SUFFIX=hostname RUNNER_NAME=mine":  config.SuffixHostname,
		"RUNNER_NAME_SUFFIX=Always RUNNER_NAME=mine":    config.SuffixAlways,
		"RANDOM_RUNNER_SUFFIX=off RUNNER_NAME_PREFIX=x": config.SuffixHostname,
	} {
		if c := load(t, append(minimal, strings.Fields(environ)...)...); c.NameSuffix != want {
			t.Errorf("%s: got %s, want %s", environ, c.NameSuffix, want)
		}
	}
}

func TestInvertedAliasesThatSayNothing(t *testing.T) {
	want := load(t, minimal...)
	got := load(t, append(minimal, "ORG_RUNNER=false", "RUN_AS_ROOT=false", "DEBUG_OUTPUT=0", "UNSET_CONFIG_VARS=1")...)
	if !slices.Equal(got.Report(), want.Report()) {
		t.Errorf("got  %v\nwant %v", got.Report(), want.Report())
	}
	c, _ := config.Load(append(minimal, "UNSET_CONFIG_VARS=false"))
	if len(c.Warnings()) != 1 {
		t.Errorf("what cannot be honoured is not remarked on: %q", c.Warnings())
	}
}

// Values that differ in their spelling alone agree; values that can be understood in two ways do not.
func TestSpellings(t *testing.T) {
	for environ, agree := range map[string]bool{
		"EPHEMERAL=1 GITHUB_RUNNER_EPHEMERAL=TRUE GH_RUNNER_MODE=Ephemeral":                  true,
		"EPHEMERAL=yes GH_RUNNER_MODE=persistent":                                            false,
		"DISABLE_AUTO_UPDATE=on DISABLE_RUNNER_UPDATE=true":                                  true,
		"LABELS=gpu,large GITHUB_RUNNER_LABELS=GPU,,large":                                   true,
		"LABELS=gpu,large GITHUB_RUNNER_LABELS=large,gpu":                                    false,
		"LOG_LEVEL=WARNING DEBUG_OUTPUT=0":                                                   true,
		"LOG_LEVEL=warn DEBUG_OUTPUT=1":                                                      false,
		"GITHUB_HOST=github.com GITHUB_URL=https://github.com/ GITHUB_DOMAIN=github.com":     true,
		"ORG=acme ORGANIZATION=Acme RUNNER_ORGANIZATION_URL=acme RUNNER_SCOPE=repo":          true,
		"ORG=acme RUNNER_ORGANIZATION_URL=https://github.com/acme RUNNER_SCOPE=repo":         false,
		"GITHUB_REPOSITORY=acme/widgets GH_REPO=Acme/Widgets.git":                            true,
		"REPO_URL=https://github.com/acme/widgets GH_RUNNER_URL=git@github.com:acme/widgets": true,
		"GITHUB_REPOSITORY=widgets GH_REPO=acme/widgets GITHUB_OWNER=acme":                   false,
	} {
		given := append([]string{"GITHUB_TOKEN=" + pat}, strings.Fields(environ)...)
		if !strings.Contains(environ, "REPO") || strings.Contains(environ, "ORG") {
			given = append(given, "RUNNER_REPO=acme/widgets")
		}
		_, err := config.Load(given)
		if disagree := err != nil && strings.Contains(err.Error(), "they have different values"); disagree == agree {
			t.Errorf("%s: got %v", environ, err)
		}
	}
	c := load(t, append(minimal, "RUNNER_STOP_TIMEOUT=120", "RUNNER_GRACEFUL_STOP_TIMEOUT=2m", "RUNNER_EPHEMERAL=yes", "EPHEMERAL=1")...)
	if got := setting(t, c, "RUNNER_STOP_TIMEOUT").Origin; got != "RUNNER_STOP_TIMEOUT" {
		t.Errorf("the canonical name does not win: %s", got)
	}
}

func TestExpandedName(t *testing.T) {
	c := load(t, append(minimal, "GITHUB_RUNNER_NAME=ci-${HOSTNAME}", "HOSTNAME=worker-1")...)
	if c.Name != "ci-worker-1" {
		t.Errorf("got %q", c.Name)
	}
	want := `cannot use GITHUB_RUNNER_NAME: "ci-$NOWHERE" names the variable "NOWHERE", which is not set`
	if got := oneProblem(t, append(minimal, "GITHUB_RUNNER_NAME=ci-$NOWHERE")...); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	want = "cannot use GITHUB_RUNNER_NAME: it holds the value of a secret"
	if got := oneProblem(t, "RUNNER_REPO=acme/widgets", "PAT="+canary, "GITHUB_RUNNER_NAME=ci-$PAT"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if c := load(t, append(minimal, "RUNNER_NAME=ci-$HOSTNAME", "HOSTNAME=x")...); c.Name != "ci-$HOSTNAME" {
		t.Errorf("our own name is taken for a pattern: %q", c.Name)
	}
}

// Every alias says where it comes from, every image gives something, and no name is in the struct tags.
func TestTableOfAliases(t *testing.T) {
	used := map[string]bool{}
	generic := []string{"APP_INSTALLATION_ID", "LOG_LEVEL"}
	for _, v := range config.Variables() {
		for _, a := range v.Aliases {
			if len(a.Images) == 0 && !slices.Contains(generic, a.Name) {
				t.Errorf("%s does not say where it comes from", a.Name)
			}
			for _, image := range a.Images {
				used[image] = true
			}
		}
	}
	for _, image := range config.Images() {
		if !used[image.Name] {
			t.Errorf("nothing comes from %s", image.Name)
		}
		delete(used, image.Name)
	}
	if len(used) > 0 {
		t.Errorf("not among the images: %v", used)
	}
	for f := range reflect.TypeFor[config.Config]().Fields() {
		if aliases, ok := f.Tag.Lookup("alias"); ok {
			t.Errorf("the aliases %s belong into the table in aliases.go", aliases)
		}
	}
	if got := config.LostAliases(); len(got) > 0 {
		t.Errorf("no variable has %q", got)
	}
}
