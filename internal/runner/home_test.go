package runner

import (
	"slices"
	"testing"
)

// Jobs of a user whom the image does not know have a home, which they can write to.
func TestHome(t *testing.T) {
	for name, c := range map[string]struct {
		user *User
		had  []string
		want []string
	}{
		"its own":            {nil, []string{"HOME=/home/me", "A=b"}, []string{"HOME=/home/me", "A=b"}},
		"none":               {nil, []string{"A=b"}, []string{"A=b", "HOME=/runner"}},
		"an empty one":       {nil, []string{"HOME=", "A=b"}, []string{"HOME=/runner", "A=b"}},
		"that of nobody":     {nil, []string{"HOME=/", "JAVA_HOME=/"}, []string{"HOME=/runner", "JAVA_HOME=/"}},
		"another user's":     {&User{Name: "job", Home: "/home/job"}, []string{"HOME=/root"}, []string{"HOME=/home/job", "USER=job", "LOGNAME=job"}},
		"a number as a user": {&User{Name: "4711", Home: "/"}, []string{"HOME=/root"}, []string{"HOME=/runner", "USER=4711", "LOGNAME=4711"}},
	} {
		r := &Runner{Root: "/runner", User: c.user, Environ: slices.Clone(c.had)}
		if got := r.command(t.Context(), "run", nil).Env; !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
		if !slices.Equal(r.Environ, c.had) {
			t.Errorf("%s: the environment of the next one has become %q", name, r.Environ)
		}
	}
}
