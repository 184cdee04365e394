package runner

import (
	"os"
	"slices"
	"strings"
)

// inputPrefix marks environment variables that are arguments. Every one is taken out of the environment, so that no
// child has it; /proc/PID/environ of the listener itself still shows it, as with the official runner.
const inputPrefix = "ACTIONS_RUNNER_INPUT_"

// everywhere are the flags of every command (CommandSettings.cs).
var everywhere = []string{"help", "version", "commit", "check"}

// known are the flags and arguments of the commands.
var known = map[string]struct{ flags, args []string }{
	"configure": {
		[]string{"unattended", "replace", "ephemeral", "disableupdate", "no-default-labels", "generateserviceconfig", "runasservice"},
		[]string{"url", "token", "pat", "name", "labels", "runnergroup", "work", "auth", "monitorsocketaddress", "username", "windowslogonaccount", "windowslogonpassword"},
	},
	"remove": {[]string{"local"}, []string{"token", "pat"}},
	"run":    {[]string{"once"}, []string{"jitconfig", "startuptype"}},
	"warmup": {},
}

// arguments is a command line and the environment that stands behind it. Names are lower case.
type arguments struct {
	command string
	extra   []string // further words before the first option
	flags   []string
	values  map[string]string
	input   map[string]string
}

// parseArguments follows CommandLineParser.cs: words before the first --option are commands and the first counts,
// "--name value" pairs, no "--name=value", the first value wins, and a value that starts with a dash is dropped.
func parseArguments(argv []string) *arguments {
	a := &arguments{values: map[string]string{}}
	option := ""
	for _, word := range argv {
		name, isOption := strings.CutPrefix(word, "--")
		switch {
		case isOption:
			option = strings.ToLower(name)
			a.flags = append(a.flags, option)
		case option == "" && a.command == "":
			a.command = strings.ToLower(word)
		case option == "":
			a.extra = append(a.extra, word)
		case strings.HasPrefix(word, "-"):
		default:
			if _, given := a.values[option]; !given {
				a.values[option] = word
			}
		}
	}
	a.flags = slices.DeleteFunc(a.flags, func(f string) bool { _, isArgument := a.values[f]; return isArgument })
	a.input = takeInput()
	return a
}

// takeInput removes the variables that are arguments from the environment and returns them by lower-case name.
func takeInput() map[string]string {
	input := map[string]string{}
	for _, entry := range os.Environ() {
		key, value, _ := strings.Cut(entry, "=")
		if len(key) > len(inputPrefix) && strings.EqualFold(key[:len(inputPrefix)], inputPrefix) {
			input[strings.ToLower(key[len(inputPrefix):])] = strings.TrimSpace(value)
			os.Unsetenv(key)
		}
	}
	return input
}

// flag is true when the command line has it or the environment says "true", which only that word does.
func (a *arguments) flag(name string) bool {
	return slices.Contains(a.flags, name) || strings.EqualFold(a.input[name], "true")
}

// value is the argument's, or "".
func (a *arguments) value(name string) string {
	if v := a.values[name]; v != "" {
		return v
	}
	return a.input[name]
}

// unknown returns what on the command line the command does not understand.
func (a *arguments) unknown() []string {
	k, isCommand := known[a.command]
	if a.command != "" && !isCommand {
		return []string{a.command}
	}
	strange := slices.Clone(a.extra)
	for _, f := range a.flags {
		if !slices.Contains(everywhere, f) && !slices.Contains(k.flags, f) && !slices.Contains(k.args, f) {
			strange = append(strange, f)
		}
	}
	for v := range a.values {
		if !slices.Contains(k.args, v) {
			strange = append(strange, v)
		}
	}
	slices.Sort(strange)
	return strange
}

// isTrue is StringUtil.cs's idea of a true value.
func isTrue(text string) bool {
	return text == "1" || strings.EqualFold(text, "true") || strings.EqualFold(text, "$true")
}
