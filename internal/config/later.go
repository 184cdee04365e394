package config

// A later variable belongs to a feature that this version does not have. Who sets it counts on that feature, so it is
// refused, not overlooked, unless its value says that the feature is off.
type later struct {
	feature string
	names   []string
	off     func(value string) bool
	instead string
}

var laters = []later{
	{feature: "several runners in one container", names: []string{"RUNNER_COUNT"}, off: isOne, instead: "start one container per runner"},
}

// refuseLater notes a problem for each variable of a feature that this version lacks.
func (r *reading) refuseLater() {
	for _, l := range laters {
		for _, name := range l.names {
			if value := r.read(name, false); value != "" && !l.off(value) {
				r.problem(refuse(l.instead, "%s is not supported by this version", l.feature), name)
			}
		}
	}
}

func isOne(value string) bool { return value == "1" }

func isOff(value string) bool {
	set, err := parseBool(value)
	return err == nil && !set
}
