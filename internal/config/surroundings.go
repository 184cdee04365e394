package config

import "slices"

// surroundings are the platforms' own variables that we go by and that are no credentials. Jobs may not see them all.
var surroundings = []string{
	"ECS_AGENT_URI", "ECS_CONTAINER_METADATA_URI_V4", "AWS_EXECUTION_ENV", "AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
}

// protectors are those of the platforms that can be asked for protection.
var protectors = []string{"ECS_AGENT_URI"}

// checkProtect: who insists on protection has to be where there is one.
func (r *reading) checkProtect(c Config) {
	const variable = "RUNNER_PROTECT"
	there := slices.ContainsFunc(protectors, func(name string) bool { return r.environ[name] != "" })
	if c.Protect == ProtectAlways && !there {
		r.refuse(variable, refuse("use auto, which protects jobs where that is possible", "nothing here can be asked for protection: this is no task of ECS"))
	}
}
