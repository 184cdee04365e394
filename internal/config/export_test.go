package config

// LostAliases are those that no variable has: their variable is not in the table, or they do not stand with the others of
// theirs.
func LostAliases() (names []string) {
	found := map[string]bool{}
	for _, v := range Variables() {
		for _, a := range v.Aliases {
			found[a.Name] = true
		}
	}
	for _, a := range aliases {
		if !found[a.Name] {
			names = append(names, a.Name)
		}
	}
	return names
}

// LaterFeatures are those whose variables are refused.
func LaterFeatures() (features []string) {
	for _, l := range laters {
		features = append(features, l.feature)
	}
	return features
}
