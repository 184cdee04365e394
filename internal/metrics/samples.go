package metrics

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
)

// samples are the time series of one family, by the names that they have in the exposition.
type samples struct {
	mu     sync.Mutex
	counts map[string]uint64
	asked  map[string]func() float64 // whoever looks is told what it is then
}

func (s *samples) count(series string, n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[series] += n
}

func (s *samples) ask(series string, value func() float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked[series] == nil {
		s.asked[series] = value
	}
}

func (s *samples) write(w io.Writer) {
	s.mu.Lock()
	counts, asked := maps.Clone(s.counts), maps.Clone(s.asked)
	s.mu.Unlock()
	for _, series := range slices.Sorted(maps.Keys(counts)) {
		sample(w, series, float64(counts[series]))
	}
	for _, series := range slices.Sorted(maps.Keys(asked)) {
		sample(w, series, asked[series]())
	}
}

// sample writes a line of the exposition.
func sample(w io.Writer, series string, value float64) {
	fmt.Fprintf(w, "%s %s\n", series, strconv.FormatFloat(value, 'f', -1, 64))
}
