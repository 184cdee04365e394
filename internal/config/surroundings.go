package config

// surroundings are the platforms' own variables that we go by and that are no credentials. Jobs may not see them all.
var surroundings = []string{
	"ECS_AGENT_URI", "ECS_CONTAINER_METADATA_URI_V4", "AWS_EXECUTION_ENV", "AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
	kubernetesHost, "KUBERNETES_SERVICE_PORT", podName, "POD_NAMESPACE", "POD_UID",
}

// A pod finds its API server by the first, and its manifest fills the second one in.
const (
	kubernetesHost = "KUBERNETES_SERVICE_HOST"
	podName        = "POD_NAME"
)

// checkProtect: who insists on protection has to be where there is one.
func (r *reading) checkProtect(c Config) {
	const variable = "RUNNER_PROTECT"
	const none = "nothing here can be asked for protection: "
	switch inPod := r.environ[kubernetesHost] != ""; {
	case c.Protect != ProtectAlways || r.environ["ECS_AGENT_URI"] != "" || inPod && r.environ[podName] != "":
	case inPod:
		r.refuse(variable, refuse("fill POD_NAME, POD_NAMESPACE and POD_UID in from the downward API, as deploy/kubernetes does", none+"POD_NAME does not say which pod this is"))
	default:
		r.refuse(variable, refuse("use auto, which protects jobs where that is possible", none+"this is no task of ECS, and no pod of Kubernetes"))
	}
}
