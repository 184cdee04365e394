package config

import (
	"fmt"
	"log/slog"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Suffix says what is appended to a runner's name.
type Suffix string

// The ways to complete a name.
const (
	SuffixAuto     Suffix = "auto"     // random after a prefix, none after a name
	SuffixAlways   Suffix = "always"   // random after both
	SuffixNever    Suffix = "never"    // none
	SuffixHostname Suffix = "hostname" // the host's name
)

func (Suffix) choices() []Suffix {
	return []Suffix{SuffixAuto, SuffixAlways, SuffixNever, SuffixHostname}
}

// UnmarshalText accepts any case.
func (s *Suffix) UnmarshalText(text []byte) (err error) {
	*s, err = choose(string(text), s.choices())
	return err
}

// Registration says how a runner is registered.
type Registration string

// The ways to register.
const (
	RegistrationAuto  Registration = "auto"  // jit where it is possible
	RegistrationJIT   Registration = "jit"   // GitHub makes the runner and sends its configuration: one call
	RegistrationToken Registration = "token" // the runner registers itself with a registration token
)

func (Registration) choices() []Registration {
	return []Registration{RegistrationAuto, RegistrationJIT, RegistrationToken}
}

// UnmarshalText accepts any case.
func (r *Registration) UnmarshalText(text []byte) (err error) {
	*r, err = choose(string(text), r.choices())
	return err
}

// Format is the form of the log.
type Format string

// The forms of the log. FormatAuto is text on a terminal and JSON elsewhere.
const (
	FormatAuto Format = ""
	FormatJSON Format = "json"
	FormatText Format = "text"
)

func (Format) choices() []Format { return []Format{FormatJSON, FormatText} }

// UnmarshalText accepts any case.
func (f *Format) UnmarshalText(text []byte) (err error) {
	*f, err = choose(string(text), f.choices())
	return err
}

// Diag says what of the runner's diagnostic logs goes into ours.
type Diag string

// The ways to show diagnostic logs.
const (
	DiagOff    Diag = "off"    // nothing
	DiagTail   Diag = "tail"   // the end, when the runner failed
	DiagFollow Diag = "follow" // every line, as it is written
)

func (Diag) choices() []Diag { return []Diag{DiagOff, DiagTail, DiagFollow} }

// UnmarshalText accepts any case.
func (d *Diag) UnmarshalText(text []byte) (err error) {
	*d, err = choose(string(text), d.choices())
	return err
}

// Protect says whether the platform is asked not to take us away while a job runs.
type Protect string

// The ways to ask for protection.
const (
	ProtectAuto   Protect = "auto"   // where the platform can
	ProtectAlways Protect = "always" // it has to
	ProtectOff    Protect = "off"    // never
)

func (Protect) choices() []Protect { return []Protect{ProtectAuto, ProtectAlways, ProtectOff} }

// UnmarshalText accepts any case.
func (p *Protect) UnmarshalText(text []byte) (err error) {
	*p, err = choose(string(text), p.choices())
	return err
}

// Spot says whether notices about spot instances are watched for.
type Spot string

// The ways to watch.
const (
	SpotAuto Spot = "auto" // where the machine is one of EC2
	SpotOn   Spot = "on"   // wherever a metadata service answers
	SpotOff  Spot = "off"  // never
)

func (Spot) choices() []Spot { return []Spot{SpotAuto, SpotOn, SpotOff} }

// UnmarshalText accepts any case.
func (s *Spot) UnmarshalText(text []byte) (err error) {
	*s, err = choose(string(text), s.choices())
	return err
}

// Docker says which Docker daemon is for jobs.
type Docker string

// The choices of a daemon.
const (
	DockerOff    Docker = "off"  // none of ours
	DockerInside Docker = "dind" // one inside the container
)

func (Docker) choices() []Docker { return []Docker{DockerOff, DockerInside} }

// UnmarshalText accepts any case.
func (d *Docker) UnmarshalText(text []byte) (err error) {
	*d, err = choose(string(text), d.choices())
	return err
}

// Level is the least severe level that is logged. It is a slog.Leveler.
type Level slog.Level

func (Level) choices() []string { return []string{"debug", "info", "warn", "error"} }

// Level is the level as log/slog has it.
func (l Level) Level() slog.Level { return slog.Level(l) }

func (l Level) String() string { return strings.ToLower(slog.Level(l).String()) }

// UnmarshalText accepts any case, and the names that other programs have for the four levels: the alias LOG_LEVEL is
// often set for one of those.
func (l *Level) UnmarshalText(text []byte) error {
	name := strings.ToLower(string(text))
	for theirs, ours := range map[string]string{"trace": "debug", "notice": "info", "warning": "warn", "err": "error", "fatal": "error", "critical": "error"} {
		if name == theirs {
			name = ours
		}
	}
	if _, err := choose(name, l.choices()); err != nil {
		_, err = choose(string(text), l.choices())
		return err
	}
	return (*slog.Level)(l).UnmarshalText([]byte(name))
}

// choose returns the choice that text means, whatever its case.
func choose[T ~string](text string, choices []T) (T, error) {
	for _, c := range choices {
		if strings.EqualFold(text, string(c)) {
			return c, nil
		}
	}
	return "", refuse("use "+inWords(choices, "or"), "%q is not one of the choices", text)
}

// inWords lists words: auto, jit or token.
func inWords[T ~string](words []T, last string) string {
	var b strings.Builder
	for i, w := range words {
		switch i {
		case 0:
		case len(words) - 1:
			b.WriteString(" " + last + " ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// parsers read the types that have no UnmarshalText.
func parsers() map[reflect.Type]env.ParserFunc {
	return map[reflect.Type]env.ParserFunc{
		reflect.TypeFor[bool]():          func(v string) (any, error) { return parseBool(v) },
		reflect.TypeFor[time.Duration](): func(v string) (any, error) { return ParseDuration(v) },
	}
}

func parseBool(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "1", "true", "yes", "on":
		return true, nil
	case "0", "false", "no", "off":
		return false, nil
	}
	return false, refuse("use true or false (or 1 and 0, yes and no, on and off)", "%q is neither true nor false", value)
}

// ParseDuration reads 90s, 1m30s, or 90: a bare number is seconds, as in docker stop -t, ECS's stopTimeout and
// Kubernetes' terminationGracePeriodSeconds.
func ParseDuration(value string) (time.Duration, error) {
	text := value
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, refuse("use a number of seconds, or a duration such as 90s, 2m or 1h30m", "%q is not a duration", value)
	}
	return d, nil
}

// show is a parsed value as a person would write it into the environment.
func show(v any) string {
	switch v := v.(type) {
	case []string:
		return strings.Join(v, ",")
	case time.Duration:
		return shortDuration(v)
	}
	return fmt.Sprint(v)
}

// shortDuration is d without the zeros that String has: 2m, not 2m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
