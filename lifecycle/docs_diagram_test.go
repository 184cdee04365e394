package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// diagram draws every way from one phase to another that the walk has found.
func diagram(t *testing.T) string {
	t.Helper()
	type way struct{ from, to Phase }
	events := map[way][]string{}
	for _, ephemeral := range []bool{true, false} {
		k := walk{came: map[world]step{}, visit: func(w world, e Event, next world) {
			way, name := way{w.Phase, next.Phase}, label(e)
			if way.from != way.to && !overtaken(w, e) && !slices.Contains(events[way], name) {
				events[way] = append(events[way], name)
			}
		}}
		if err := k.from(Begin(ephemeral)); err != nil {
			t.Fatal(err)
		}
	}
	var drawn strings.Builder
	fmt.Fprint(&drawn, "```mermaid\nstateDiagram-v2\n    [*] --> booting\n")
	for _, from := range Phases() {
		for _, to := range Phases() {
			if names := events[way{from, to}]; len(names) > 0 {
				slices.Sort(names)
				fmt.Fprintf(&drawn, "    %s --> %s : %s\n", from, to, strings.Join(names, ", "))
			}
		}
	}
	fmt.Fprint(&drawn, "    exited --> [*]\n```\n")
	return drawn.String()
}

// label is what stands at an arrow: a timer by its own name, any other event without its variant.
func label(e Event) string {
	if e, ok := e.(Expired); ok {
		return timerNames[e.Timer]
	}
	return bare(e)
}

// overtaken says that a Launch fails after something else has happened. The machine bears it, but the loop lets a
// failure come first, so it would only clutter the drawing.
func overtaken(w world, e Event) bool {
	_, failed := e.(Failed)
	return failed && w.Phase > Starting
}
