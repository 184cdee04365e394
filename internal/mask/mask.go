// Package mask takes secrets out of text that is about to be printed: as they are, escaped, quoted or encoded as others
// may write them, line by line, and also what is left of one that was cut off. It guards the last step before the world;
// that a secret never gets so far is everybody's own business.
//
// It refuses to guess what a secret looks like: it knows those that it was told of, and nothing else.
package mask

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"
)

// Redacted is what is printed in place of a secret.
const Redacted = "[redacted]"

// Mask knows secrets. The zero value, and nil, know none. Any goroutine may use it at any time.
type Mask struct {
	index atomic.Pointer[index]

	mu     sync.Mutex
	kept   []string // told at the start
	passed []string // told later, oldest first
}

// maxPassed is how many of the secrets that are told later are known at a time: they are tokens that live for an hour,
// of which a runner that lives for months gets many.
const maxPassed = 32

// New returns a Mask that knows these secrets for ever.
func New(secrets ...string) *Mask {
	m := &Mask{kept: secrets}
	m.rebuild()
	return m
}

// Add makes one more secret known, in place of the oldest of many. It returns all that were added and are known.
func (m *Mask) Add(secret string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if secret != "" && !slices.Contains(m.passed, secret) {
		m.passed = append(m.passed[max(0, len(m.passed)-maxPassed+1):], secret)
		m.rebuild()
	}
	return slices.Clone(m.passed)
}

func (m *Mask) rebuild() { m.index.Store(newIndex(slices.Concat(m.kept, m.passed))) }

// Bytes returns a text without the secrets: the very text that it was given, if it holds none.
func (m *Mask) Bytes(text []byte) []byte {
	if m == nil {
		return text
	}
	found := m.index.Load().spans(text)
	if len(found) == 0 {
		return text
	}
	var clean bytes.Buffer
	from := 0
	for _, s := range found {
		clean.Write(text[from:s.begin])
		clean.WriteString(Redacted)
		from = s.end
	}
	clean.Write(text[from:])
	return clean.Bytes()
}

// String is Bytes for a string.
func (m *Mask) String(text string) string { return string(m.Bytes([]byte(text))) }

// index finds secrets in one pass over a text, however many there are. Of each form of each secret it knows the seeds,
// eight bytes at regular distances; where one is found, the text is compared with the form in both directions. So what
// was cut off on the left or on the right is found too.
type index struct {
	forms  []string
	seeds  []seed      // by key
	filter [256]uint64 // a bit for each hash of a key
}

type seed struct {
	key      uint64
	form, at int32
}

const (
	seedSize = 8
	// shortest is how much of a secret has to be there to be taken for it; less is nobody's secret.
	shortest = 16
	// long forms have their seeds far apart: what can be left of one after two cuts is no use.
	long, distance = 1 << 10, 32
)

func newIndex(secrets []string) *index {
	x := &index{forms: forms(secrets)}
	for i, form := range x.forms {
		step := seedSize
		if len(form) > long {
			step = distance
		}
		own := map[uint64]bool{} // one seed of a kind is enough, or a form of one letter would be compared for ever
		for at := 0; at+seedSize <= len(form); at += step {
			key := binary.LittleEndian.Uint64([]byte(form[at : at+seedSize]))
			if own[key] {
				continue
			}
			own[key] = true
			x.seeds = append(x.seeds, seed{key, int32(i), int32(at)})
			x.filter[hash(key)>>6] |= 1 << (hash(key) & 63)
		}
	}
	slices.SortFunc(x.seeds, func(a, b seed) int { return cmp.Compare(a.key, b.key) })
	return x
}

// hash is 14 bits of a key, by Fibonacci's method.
func hash(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 >> 50 }

// span is a piece of a text.
type span struct{ begin, end int }

// spans returns where the secrets are, in order; those that touch are one.
func (x *index) spans(text []byte) (found []span) {
	if x == nil || len(x.seeds) == 0 {
		return nil
	}
	var covered map[int32]int // form to the end of what was found of it
	for at := 0; at+seedSize <= len(text); at++ {
		key := binary.LittleEndian.Uint64(text[at:])
		if h := hash(key); x.filter[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		first, _ := slices.BinarySearchFunc(x.seeds, key, func(s seed, key uint64) int { return cmp.Compare(s.key, key) })
		for _, s := range x.seeds[first:] {
			if s.key != key {
				break
			}
			if at+seedSize <= covered[s.form] {
				continue
			}
			form := x.forms[s.form]
			if hit := extend(text, form, at, int(s.at)); hit.end-hit.begin >= min(shortest, len(form)) {
				found = append(found, hit)
				if covered == nil {
					covered = map[int32]int{}
				}
				covered[s.form] = hit.end
			}
		}
	}
	return merge(found)
}

// extend returns how much of the text around a seed is the form.
func extend(text []byte, form string, at, in int) span {
	s := span{at, at + seedSize}
	for left := in; s.begin > 0 && left > 0 && text[s.begin-1] == form[left-1]; left-- {
		s.begin--
	}
	for right := in + seedSize; s.end < len(text) && right < len(form) && text[s.end] == form[right]; right++ {
		s.end++
	}
	return s
}

func merge(found []span) []span {
	slices.SortFunc(found, func(a, b span) int { return a.begin - b.begin })
	merged := found[:0]
	for _, s := range found {
		if last := len(merged) - 1; last >= 0 && s.begin <= merged[last].end {
			merged[last].end = max(merged[last].end, s.end)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}
