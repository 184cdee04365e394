package config

import "slices"

// Alias is another name of a variable.
type Alias struct {
	// Name is the name in the environment. It also works as Name_FILE.
	Name string
	// Images are the Names of the Images that it comes from. None means that programs of all kinds use it.
	Images []string

	variable string // canonical name
	// Where the value says something else than that of the variable, either yes and no are what true and false mean, or
	// read says what it means. Nothing means nothing.
	yes, no string
	read    func(r *reading, value string) (string, error)
}

// Image is an image of a self-hosted runner that is configured by environment variables.
type Image struct {
	// Name is the image as it is pulled, or its repository where it is not published.
	Name string
	// Source is the address of what the image is made from.
	Source string
}

// Images returns the images whose variables are understood.
func Images() []Image { return slices.Clone(images) }

const (
	arc         = "summerwind/actions-runner"
	avm         = "Azure/avm-container-images-cicd-agents-and-runners"
	emberstack  = "emberstack/github-actions-runner"
	evryfs      = "evryfs/github-actions-runner"
	fullstack   = "fullstack-devops/github-actions-runner"
	homelab     = "nodadyoushutup/homelab"
	hurb        = "hurbcom/github-runner-image"
	maciej      = "maciejgwizdala/github-runner"
	myoung34    = "myoung34/github-runner"
	official    = "ghcr.io/actions/actions-runner"
	origin      = "projectorigin/selfhosted-runner"
	peterMurray = "peter-murray/github-actions-runner-container"
	redhat      = "quay.io/redhat-github-actions/runner"
	runnerctl   = "runnerctl"
	samber      = "samber/github-actions-runner"
	samdani     = "ishtiaqSamdani/ubuntu-dind-self-hosted-runner"
	sanderKnape = "sanderknape/github-runner"
	tcardonne   = "tcardonne/github-runner"
	youssef     = "ghcr.io/youssefbrr/self-hosted-runner"
)

// images are in the order of their names. What their variables mean was read in their entrypoints and READMEs.
var images = []Image{
	{avm, "https://github.com/Azure/avm-container-images-cicd-agents-and-runners"},
	{emberstack, "https://github.com/emberstack/github-actions-runner"},
	{evryfs, "https://github.com/evryfs/github-actions-runner"},
	{fullstack, "https://github.com/fullstack-devops/github-actions-runner"},
	{official, "https://github.com/actions/runner"},
	{youssef, "https://github.com/youssefbrr/self-hosted-runner"},
	{hurb, "https://github.com/hurbcom/github-runner-image"},
	{samdani, "https://github.com/ishtiaqSamdani/ubuntu-dind-self-hosted-runner"},
	{maciej, "https://github.com/maciejgwizdala/github-runner"},
	{myoung34, "https://github.com/myoung34/docker-github-actions-runner"},
	{homelab, "https://github.com/nodadyoushutup/homelab"},
	{peterMurray, "https://github.com/peter-murray/github-actions-runner-container"},
	{origin, "https://hub.docker.com/r/projectorigin/selfhosted-runner"},
	{redhat, "https://github.com/redhat-actions/openshift-actions-runners"},
	{runnerctl, "https://docs.rs/crate/runnerctl"},
	{samber, "https://github.com/samber/github-actions-runner"},
	{sanderKnape, "https://github.com/SanderKnape/github-runner"},
	{arc, "https://github.com/actions/actions-runner-controller"},
	{tcardonne, "https://github.com/tcardonne/docker-github-runner"},
}

// aliases are all names that stand for a variable, those of one variable together, in the order in which they are looked
// at.
var aliases = []Alias{
	{variable: "RUNNER_ORG", Name: "ORG", Images: []string{hurb}},
	{variable: "RUNNER_ORG", Name: "ORG_NAME", Images: []string{myoung34}},
	{variable: "RUNNER_ORG", Name: "GITHUB_OWNER", Images: []string{sanderKnape, redhat, samdani}},
	{variable: "RUNNER_ORG", Name: "GH_ORG", Images: []string{fullstack, evryfs}},
	{variable: "RUNNER_ORG", Name: "ORGANIZATION", Images: []string{emberstack}},
	{variable: "RUNNER_ORG", Name: "RUNNER_ORGANIZATION_URL", Images: []string{tcardonne, peterMurray}},

	{variable: "RUNNER_REPO", Name: "REPO", Images: []string{youssef, emberstack, maciej}},
	{variable: "RUNNER_REPO", Name: "REPO_URL", Images: []string{myoung34}},
	{variable: "RUNNER_REPO", Name: "GITHUB_REPOSITORY", Images: []string{sanderKnape, redhat}},
	{variable: "RUNNER_REPO", Name: "GITHUB_REPO", Images: []string{redhat}},
	{variable: "RUNNER_REPO", Name: "GH_REPO", Images: []string{fullstack, evryfs}},
	{variable: "RUNNER_REPO", Name: "GH_REPOSITORY", Images: []string{samber}},
	{variable: "RUNNER_REPO", Name: "REPOSITORY", Images: []string{origin}},
	{variable: "RUNNER_REPO", Name: "RUNNER_REPOSITORY_URL", Images: []string{tcardonne, peterMurray}},
	{variable: "RUNNER_REPO", Name: "GITHUB_RUNNER_URL", Images: []string{emberstack}},
	{variable: "RUNNER_REPO", Name: "GH_RUNNER_URL", Images: []string{avm, homelab}},

	{variable: "RUNNER_ENTERPRISE", Name: "ENTERPRISE_NAME", Images: []string{myoung34}},
	{variable: "RUNNER_ENTERPRISE", Name: "GH_ENTERPRISE", Images: []string{fullstack}},
	{variable: "RUNNER_ENTERPRISE", Name: "RUNNER_ENTERPRISE_URL", Images: []string{peterMurray}},

	{variable: "RUNNER_SCOPE", Name: "ORG_RUNNER", Images: []string{myoung34}, yes: "org"},

	{variable: "GITHUB_TOKEN", Name: "ACCESS_TOKEN", Images: []string{myoung34, emberstack}},
	{variable: "GITHUB_TOKEN", Name: "GITHUB_PAT", Images: []string{sanderKnape, redhat}},
	{variable: "GITHUB_TOKEN", Name: "GITHUB_PERSONAL_TOKEN", Images: []string{samdani}},
	{variable: "GITHUB_TOKEN", Name: "GITHUB_ACCESS_TOKEN", Images: []string{tcardonne, hurb}},
	{variable: "GITHUB_TOKEN", Name: "PAT", Images: []string{maciej}},
	{variable: "GITHUB_TOKEN", Name: "GH_ACCESS_TOKEN", Images: []string{fullstack}},
	{variable: "GITHUB_TOKEN", Name: "GITHUB_RUNNER_PAT", Images: []string{emberstack}},
	{variable: "GITHUB_TOKEN", Name: "GH_RUNNER_ACCESS_TOKEN", Images: []string{homelab}},
	{variable: "GITHUB_TOKEN", Name: "RUNNER_CFG_PAT", Images: []string{official}},

	{variable: "GITHUB_APP_ID", Name: "APP_ID", Images: []string{myoung34}},
	{variable: "GITHUB_APP_ID", Name: "GH_RUNNER_APP_ID", Images: []string{avm}},
	{variable: "GITHUB_APP_INSTALLATION_ID", Name: "APP_INSTALLATION_ID"},
	{variable: "GITHUB_APP_INSTALLATION_ID", Name: "GITHUB_APP_INSTALL_ID", Images: []string{redhat}},
	{variable: "GITHUB_APP_LOGIN", Name: "APP_LOGIN", Images: []string{myoung34}},
	{variable: "GITHUB_APP_LOGIN", Name: "GH_RUNNER_APP_LOGIN", Images: []string{avm}},
	{variable: appKeyVariable, Name: "APP_PRIVATE_KEY", Images: []string{myoung34}},
	{variable: appKeyVariable, Name: "GITHUB_APP_PEM", Images: []string{redhat}},
	{variable: appKeyVariable, Name: "GH_RUNNER_APP_PRIVATE_KEY", Images: []string{avm}},

	{variable: registrationTokenVariable, Name: "ACTIONS_RUNNER_INPUT_TOKEN", Images: []string{official}},
	{variable: registrationTokenVariable, Name: "GITHUB_RUNNER_TOKEN", Images: []string{emberstack}},
	{variable: registrationTokenVariable, Name: eitherToken, Images: []string{avm, samber, homelab}},
	{variable: "RUNNER_JITCONFIG", Name: "ACTIONS_RUNNER_INPUT_JITCONFIG", Images: []string{official}},

	{variable: serverVariable, Name: "GITHUB_HOST", Images: []string{myoung34}},
	{variable: serverVariable, Name: "GITHUB_URL", Images: []string{arc}},
	{variable: serverVariable, Name: "GITHUB_DOMAIN", Images: []string{redhat}},
	{variable: apiVariable, Name: "GITHUB_API_HOST", Images: []string{myoung34}, read: apiHost},
	{variable: apiVariable, Name: "GITHUB_API_PATH", Images: []string{myoung34}, read: apiPath},
	{variable: apiVariable, Name: "GH_RUNNER_API_URL", Images: []string{avm}},

	{variable: "RUNNER_NAME", Name: "GITHUB_RUNNER_NAME", Images: []string{emberstack}, read: expanded},
	{variable: "RUNNER_NAME", Name: "GH_RUNNER_NAME", Images: []string{avm, homelab}},
	{variable: "RUNNER_NAME_SUFFIX", Name: "RANDOM_RUNNER_SUFFIX", Images: []string{myoung34}, read: randomSuffix},
	{variable: "RUNNER_LABELS", Name: "LABELS", Images: []string{myoung34, emberstack, hurb, origin}},
	{variable: "RUNNER_LABELS", Name: "GITHUB_RUNNER_LABELS", Images: []string{emberstack}},
	{variable: "RUNNER_LABELS", Name: "GH_RUNNER_LABELS", Images: []string{samber, fullstack, homelab}},
	{variable: "RUNNER_NO_DEFAULT_LABELS", Name: "NO_DEFAULT_LABELS", Images: []string{myoung34}},
	{variable: "RUNNER_GROUP", Name: "GITHUB_RUNNER_GROUP", Images: []string{emberstack}},
	{variable: "RUNNER_GROUP", Name: "GH_RUNNER_GROUP", Images: []string{avm}},

	{variable: "RUNNER_EPHEMERAL", Name: "EPHEMERAL", Images: []string{myoung34, redhat}},
	{variable: "RUNNER_EPHEMERAL", Name: "GITHUB_RUNNER_EPHEMERAL", Images: []string{emberstack}},
	{variable: "RUNNER_EPHEMERAL", Name: "GH_RUNNER_EPHEMERAL", Images: []string{homelab}},
	{variable: "RUNNER_EPHEMERAL", Name: "GH_RUNNER_MODE", Images: []string{avm}, read: mode},
	{variable: "RUNNER_DISABLE_UPDATE", Name: "DISABLE_AUTO_UPDATE", Images: []string{myoung34}},
	{variable: "RUNNER_DISABLE_UPDATE", Name: "DISABLE_RUNNER_UPDATE", Images: []string{arc}},
	{variable: "RUNNER_DISABLE_UPDATE", Name: "GH_RUNNER_DISABLEUPDATE", Images: []string{homelab}},
	{variable: "RUNNER_DEREGISTER", Name: "DISABLE_AUTOMATIC_DEREGISTRATION", Images: []string{myoung34}, yes: "false", no: "true"},

	{variable: "RUNNER_HOME", Name: "RUNNER_ROOT", Images: []string{runnerctl}},
	{variable: "RUNNER_WORKDIR", Name: "RUNNER_WORK_DIRECTORY", Images: []string{tcardonne}},
	{variable: "RUNNER_WORKDIR", Name: "GITHUB_RUNNER_WORKDIR", Images: []string{emberstack}},
	{variable: "RUNNER_WORKDIR", Name: "GH_RUNNER_WORKDIR", Images: []string{fullstack, homelab}},
	{variable: "RUNNER_USER", Name: "RUN_AS_ROOT", Images: []string{myoung34}, yes: "root"},

	{variable: "RUNNER_STOP_TIMEOUT", Name: "RUNNER_GRACEFUL_STOP_TIMEOUT", Images: []string{arc}},
	{variable: "RUNNER_START_JITTER", Name: "STARTUP_DELAY_IN_SECONDS", Images: []string{arc}},

	{variable: "RUNNER_PASS_ENV", Name: "UNSET_CONFIG_VARS", Images: []string{myoung34}, read: unsetConfigVars},

	{variable: dockerVariable, Name: "START_DOCKER_SERVICE", Images: []string{myoung34}, yes: string(DockerInside), no: string(DockerOff)},
	{variable: dockerVariable, Name: "DOCKER_ENABLED", Images: []string{arc}, read: dockerEnabled},
	{variable: mirrorsVariable, Name: "DOCKER_REGISTRY_MIRROR", Images: []string{arc}},
	{variable: poolsVariable, Name: "DOCKER_DEFAULT_ADDRESS_POOL_BASE", Images: []string{arc}, read: poolBase},
	{variable: poolsVariable, Name: "DOCKER_DEFAULT_ADDRESS_POOL_SIZE", Images: []string{arc}, read: poolSize},

	{variable: "RUNNER_LOG_LEVEL", Name: "LOG_LEVEL"},
	{variable: "RUNNER_LOG_LEVEL", Name: "DEBUG_OUTPUT", Images: []string{myoung34}, yes: "debug"},
}

// aliasesOf are the other names of one variable, which stand together in the table.
func aliasesOf(canonical string) []Alias {
	of := func(a Alias) bool { return a.variable == canonical }
	first := slices.IndexFunc(aliases, of)
	if first < 0 {
		return nil
	}
	end := first
	for end < len(aliases) && of(aliases[end]) {
		end++
	}
	return aliases[first:end:end]
}
