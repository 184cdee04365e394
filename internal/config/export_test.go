package config

// AliasesOfNothing are the aliases whose variable is not in the table.
func AliasesOfNothing() (names []string) {
	known := knownNames(Variables())
	for _, a := range aliases {
		if _, ok := known[a.variable]; !ok {
			names = append(names, a.Name)
		}
	}
	return names
}
