// Package config reads the configuration from an environment: once, completely, with all that is wrong reported at
// once. It knows the names that other images use for the same settings, takes every value from a file too, and says
// where each value came from.
//
// It refuses to guess: two sources that disagree, a value that can be understood in two ways and a variable that this
// version cannot honour are errors. It never shows a secret, and builds the environment that a job may see. It does
// not read the process's own environment, and talks to nobody: the stores that references lead to are the caller's.
package config

import (
	"slices"
	"time"
)

// Config is the configuration. It is made by Load and only read afterwards.
//
// Its struct tags are the table of variables: env is the canonical name, envDefault the default (default where it is not
// a constant), and the rest is documentation. A Secret is a secret. Other names are in the table of aliases.
type Config struct {
	// The place to register at as it was given; Scope is what it comes to.
	Org        string `env:"RUNNER_ORG" example:"acme" doc:"Organization to register at, or its address. GITHUB_OWNER, GH_ORG and ORGANIZATION are the organization only when no repository is named, else they are the repository's owner."`
	Repo       string `env:"RUNNER_REPO" example:"acme/widgets" doc:"Repository to register at: owner/name, or its address, for a browser or for git, which names the server as well. A name alone needs RUNNER_ORG or GITHUB_OWNER. The address of an organization or an enterprise is taken for what it is."`
	Enterprise string `env:"RUNNER_ENTERPRISE" example:"acme-inc" doc:"Enterprise to register at, as its URL spells it, or that URL."`
	Kind       Kind   `env:"RUNNER_SCOPE" default:"derived" example:"org" doc:"Which of the three to register at when more than one is named. ORG_RUNNER=true means org."`

	GitHubToken       Secret `env:"GITHUB_TOKEN" example:"github_pat_…" doc:"Personal access token, classic or fine-grained. It gets fresh registration and removal tokens, so nothing is left on GitHub. A registration token in here is taken for RUNNER_TOKEN, with a warning."`
	AppID             string `env:"GITHUB_APP_ID" example:"123456" doc:"GitHub App that asks in place of a personal access token: its ID, or its client ID."`
	AppInstallation   string `env:"GITHUB_APP_INSTALLATION_ID" default:"found" example:"7654321" doc:"Where the App is installed. If unset, it is found by the owner of the place to register at."`
	AppLogin          string `env:"GITHUB_APP_LOGIN" default:"the owner of the place" example:"acme" doc:"Organization, user or enterprise whose installation of the App is looked for."`
	AppKey            Secret `env:"GITHUB_APP_PRIVATE_KEY" example:"-----BEGIN RSA PRIVATE KEY-----\\n…" doc:"Private key of the App: the PEM file as it is, with its line breaks written as \\n, or in base64; PKCS#1 or PKCS#8."`
	RegistrationToken Secret `env:"RUNNER_TOKEN" example:"AABCD…" doc:"A ready registration token, valid for an hour. Without GITHUB_TOKEN, or an App, a removal after that hour is not possible. A token for the API in here, by its prefix, is taken for GITHUB_TOKEN, with a warning unless it is in GH_RUNNER_TOKEN, which may hold either."`
	JITConfig         Secret `env:"RUNNER_JITCONFIG" example:"eyIucnVubmVyIjoi…" doc:"A ready just-in-time configuration, as Kubernetes scale sets hand out. Nothing is asked of GitHub then, and no scope is needed."`

	ServerURL string `env:"GITHUB_SERVER_URL" default:"https://github.com" example:"https://github.example.com" doc:"The GitHub server: its URL, or its host alone. Taken from the address of the place to register at when that is given."`
	APIURL    string `env:"GITHUB_API_URL" default:"derived from the server" example:"https://github.example.com/api/v3" doc:"The REST API of that server. GITHUB_API_HOST and GITHUB_API_PATH are its two parts."`

	CAFile string `env:"RUNNER_CA_FILE" example:"/etc/ssl/acme.pem" doc:"File in PEM with authorities to trust besides those of the system. Jobs get it as NODE_EXTRA_CA_CERTS. The runner itself goes by SSL_CERT_FILE, as we do. Verification cannot be switched off."`

	Name            string   `env:"RUNNER_NAME" example:"builder-7" doc:"Exact name of the runner. If it is taken, random characters are appended. GITHUB_RUNNER_NAME may name other variables, as $HOSTNAME."`
	NamePrefix      string   `env:"RUNNER_NAME_PREFIX" envDefault:"github-runner" example:"ci-large" doc:"Beginning of the name when RUNNER_NAME is not set; a suffix follows."`
	NameSuffix      Suffix   `env:"RUNNER_NAME_SUFFIX" envDefault:"auto" example:"hostname" doc:"What is appended to the name. auto: after a prefix 13 random characters, or on ECS and Kubernetes the id of the task or the pod and 10 characters; nothing after RUNNER_NAME. RANDOM_RUNNER_SUFFIX=true means auto, false means hostname."`
	Labels          []string `env:"RUNNER_LABELS" example:"gpu,large" doc:"Labels, separated by commas, besides the default ones."`
	NoDefaultLabels bool     `env:"RUNNER_NO_DEFAULT_LABELS" envDefault:"false" example:"true" doc:"Leave out self-hosted, Linux and the architecture. Then RUNNER_LABELS is needed."`
	PlatformLabels  bool     `env:"RUNNER_PLATFORM_LABELS" envDefault:"false" example:"true" doc:"Add labels that tell where the runner is. On ECS: ecs, the launch type (fargate, ec2), the region, the availability zone and the family of the task definition, as far as the agent tells them. On Kubernetes: kubernetes, where POD_NAME is set."`
	Group           string   `env:"RUNNER_GROUP" default:"the default group" example:"builders" doc:"Runner group, of an organization or an enterprise. default is the default group, which a repository has too."`

	Ephemeral     bool         `env:"RUNNER_EPHEMERAL" envDefault:"true" example:"false" doc:"Take one job and leave. GH_RUNNER_MODE is ephemeral or persistent. Elsewhere EPHEMERAL may be true whatever its value; here false means false, and the default is true."`
	DisableUpdate bool         `env:"RUNNER_DISABLE_UPDATE" envDefault:"true" example:"false" doc:"Keep the runner from replacing itself by a newer release. Elsewhere these may be true whatever their value; here false means false."`
	Registration  Registration `env:"RUNNER_REGISTRATION" envDefault:"auto" example:"token" doc:"How to register: jit is one call to GitHub and needs GITHUB_TOKEN or an App, and an ephemeral runner; token runs the runner's own configure. auto is jit where that is possible, which a runner that takes many jobs or updates itself rules out, and an old server."`
	Deregister    bool         `env:"RUNNER_DEREGISTER" envDefault:"true" example:"false" doc:"Delete the registration at the end. DISABLE_AUTOMATIC_DEREGISTRATION says the opposite."`
	Sweep         bool         `env:"RUNNER_SWEEP" envDefault:"false" example:"true" doc:"Once registered, delete in the background what containers killed outright have left at the same place: registrations that are offline, idle and an hour old, named as RUNNER_NAME_PREFIX has it. As runner-init sweep does."`

	DropCredentials bool `env:"RUNNER_DROP_CREDENTIALS" envDefault:"false" example:"true" doc:"Forget every credential once a just-in-time runner is registered, before its listener starts, so that not even a job that is root finds one in our processes. After that we cannot deregister: a stop before the job leaves the registration to GitHub, which deletes it after a day, and ends with exit code 75. A runner that has done its job is gone as always."`

	Home    string `env:"RUNNER_HOME" default:"found" example:"/opt/actions-runner" doc:"Directory of the runner. If unset: the first of the working directory, /home/runner, /actions-runner, /runner and /opt/actions-runner that holds bin/Runner.Listener."`
	Workdir string `env:"RUNNER_WORKDIR" default:"_work" example:"/_work" doc:"Directory of the jobs, relative to RUNNER_HOME or absolute."`
	User    string `env:"RUNNER_USER" default:"the owner of RUNNER_HOME" example:"runner" doc:"User the runner and its jobs run as: name or number, with :group if need be. RUN_AS_ROOT=true means root; false means the default."`

	StopTimeout  time.Duration `env:"RUNNER_STOP_TIMEOUT" default:"10s; 30s on ECS and Kubernetes" example:"120s" doc:"The platform's grace period: docker stop -t, ECS stopTimeout, Kubernetes terminationGracePeriodSeconds. Elsewhere RUNNER_GRACEFUL_STOP_TIMEOUT is the part of it that is left to the job; here it is the whole."`
	StartTimeout time.Duration `env:"RUNNER_START_TIMEOUT" envDefault:"2m" example:"5m" doc:"Deadline from the start to listening for jobs."`
	IdleTimeout  time.Duration `env:"RUNNER_IDLE_TIMEOUT" envDefault:"0s" example:"30m" doc:"Leave after listening for that long without a job, with exit code 0. It counts from listening, and anew after each job. 0 means never."`
	MaxLifetime  time.Duration `env:"RUNNER_MAX_LIFETIME" envDefault:"0s" example:"24h" doc:"Leave after that long, counted from the start, with exit code 0. A job that runs then is let finish, however long it takes, unless a stop signal puts the grace period on it. 0 means never."`
	StartJitter  time.Duration `env:"RUNNER_START_JITTER" envDefault:"0s" example:"15s" doc:"Wait a random time up to this before the first request to GitHub. Elsewhere STARTUP_DELAY_IN_SECONDS is the exact time."`
	FailureHold  time.Duration `env:"RUNNER_FAILURE_HOLD" default:"0s; 30s on ECS and Kubernetes" example:"1m" doc:"Wait about so long, give or take a quarter, before a failure that a restart would only repeat ends us: a bad configuration, a refused credential, an outdated runner, a conflict, a runner that fails before it has ever listened. A stop signal ends the wait."`

	PassEnv    Passing `env:"RUNNER_PASS_ENV" example:"LABELS,MY_*" doc:"Variables that reach the job although they would be held back: names, or patterns with * and ?, separated by commas. After only: the list is all that reaches the job, besides PATH, HOME, USER, LANG, LC_* and TZ; a proxy has to be named too. Secrets are never passed. UNSET_CONFIG_VARS=true is always the case."`
	PassAWSEnv bool    `env:"RUNNER_PASS_AWS_ENV" envDefault:"false" example:"true" doc:"Let the job see the AWS credentials of the container and of its task: AWS_ACCESS_KEY_ID and the like, AWS_CONTAINER_*, ECS_*."`

	HookPreStart string        `env:"RUNNER_HOOK_PRE_START" example:"/etc/runner-init/pre-start" doc:"Program to run before anything is registered, by its absolute path. If it fails, so do we, with 70. It runs as us, sees what a job would see and RUNNER_INIT_HOOK, and never a secret. If we are root and jobs are not, it has to be in a place that they cannot write to."`
	HookPostStop string        `env:"RUNNER_HOOK_POST_STOP" example:"/etc/runner-init/post-stop" doc:"The same, after the runner has ended and is deregistered, within the grace period if we were stopped. It also sees how we end, as RUNNER_INIT_EXIT_CODE and the like. Its failure is only a warning."`
	HookTimeout  time.Duration `env:"RUNNER_HOOK_TIMEOUT" envDefault:"30s" example:"1m" doc:"How long each of the two may take; then it gets SIGTERM, and two seconds later SIGKILL."`

	Protect Protect `env:"RUNNER_PROTECT" envDefault:"auto" example:"always" doc:"Ask the platform not to take the runner away while a job runs: task scale-in protection on ECS; on Kubernetes annotations of our own pod, where POD_NAME says which it is and its service account may patch it. auto: where the platform can; what it refuses is a line in the log. always: a platform that has no such thing is an error, and a refusal is logged as one; jobs run all the same. off: never."`
	Spot    Spot    `env:"RUNNER_SPOT" envDefault:"auto" example:"off" doc:"Watch for the notice that a spot instance of EC2 is taken back, and stop by then; a recommendation to move elsewhere has the runner leave when it has no job. auto: where the machine says that it is of EC2, and its metadata service that it is a spot instance. on: wherever a metadata service answers. off: never. Never on Fargate, which sends a stop signal by itself."`

	Docker        Docker        `env:"RUNNER_DOCKER" envDefault:"off" example:"dind" doc:"dind starts a Docker daemon in this container before anything is registered, for jobs that use containers, and stops it last. It takes root, a dockerd in PATH, and a container that is privileged or of the runtime sysbox-runc. START_DOCKER_SERVICE=true and DOCKER_ENABLED=true mean dind, the latter only where DOCKER_HOST names no other daemon."`
	DockerArgs    string        `env:"RUNNER_DOCKER_ARGS" example:"--log-level=warn --storage-driver=overlay2" doc:"More arguments for dockerd, separated by white space, without quotes. What they, or /etc/docker/daemon.json, say is not said by us: the MTU, which is that of the default route, the group of the socket, the hosts."`
	DockerTimeout time.Duration `env:"RUNNER_DOCKER_TIMEOUT" default:"1m; no more than half of RUNNER_START_TIMEOUT" example:"90s" doc:"How long dockerd may take to answer. If it does not, or ends, we end with exit code 83, and nothing was registered."`
	DockerMirrors []string      `env:"RUNNER_DOCKER_MIRRORS" example:"https://mirror.example.com" doc:"Registries that dockerd asks in place of Docker Hub, separated by commas: their addresses, without a path."`
	DockerPools   []string      `env:"RUNNER_DOCKER_ADDRESS_POOLS" example:"10.200.0.0/16:24" doc:"Networks from which dockerd takes those of its containers, separated by commas: each with the size of a piece, in bits. Elsewhere DOCKER_DEFAULT_ADDRESS_POOL_BASE and DOCKER_DEFAULT_ADDRESS_POOL_SIZE are the two parts of one."`

	HTTPAddr Address `env:"RUNNER_HTTP_ADDR" default:"off" example:":9090" doc:"Where /livez, /readyz and /metrics are served: host:port, with an IP address or nothing for the host. A port of 0 is any that is free; the log says which."`

	LogLevel       Level  `env:"RUNNER_LOG_LEVEL" envDefault:"info" example:"debug" doc:"Least severe level to log. DEBUG_OUTPUT=true means debug."`
	LogFormat      Format `env:"RUNNER_LOG_FORMAT" default:"json; text on a terminal" example:"text" doc:"Form of the log on standard error."`
	Diag           Diag   `env:"RUNNER_DIAG" envDefault:"tail" example:"follow" doc:"What of the runner's diagnostic logs (_diag) goes into ours, secrets taken out. tail: the end of the newest one when the runner failed; follow: every line as it is written, up to a megabyte a second; off: nothing."`
	TerminationLog string `env:"RUNNER_TERMINATION_LOG" default:"/dev/termination-log if it exists" example:"/tmp/termination.json" doc:"File for one line of JSON that says why we ended."`
	ExitOnSignal   bool   `env:"RUNNER_EXIT_ON_SIGNAL" envDefault:"false" example:"true" doc:"Exit with 128 plus the signal's number, not with 0, after a clean stop by a signal."`

	// Scope is the place to register at. It is empty when a JIT configuration spares us knowing it.
	Scope Scope
	// CA is what RUNNER_CA_FILE holds.
	CA string

	origins    map[string]string // canonical name to where its value came from
	sourced    map[string]Secret // name to value, where that came from a file or a store
	files      []SecretFile
	refused    map[string]bool // canonical names of what could not be used
	problems   []Problem
	references []Referenced
	warnings   []string
	secrets    []Secret // every secret value that was read, also those that lost to another name
}

// Warnings are remarks about what is allowed but perhaps not meant, such as an unknown RUNNER_… variable. None holds a
// secret.
func (c Config) Warnings() []string { return slices.Clone(c.warnings) }

// Redact takes every secret value out of a text.
func (c Config) Redact(text string) string { return redact(text, c.Secrets()) }

// Secrets returns every secret value that was read: for masking, and for checks that none got out.
func (c Config) Secrets() []string {
	values := make([]string, len(c.secrets))
	for i, s := range c.secrets {
		values[i] = s.Reveal()
	}
	return values
}
