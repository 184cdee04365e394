package metrics

import (
	"io"
	"strconv"
	"sync"
	"time"
)

// bounds are the upper bounds of the buckets for the length of a job, in seconds: GitHub ends one after 6 h unless it is
// told otherwise, and after 5 days in any case.
var bounds = [...]float64{5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 86400, 432000}

// histogram has buckets as Prometheus knows them.
type histogram struct {
	mu      sync.Mutex
	buckets [len(bounds)]uint64 // cumulative
	count   uint64
	sum     float64
}

func (h *histogram) observe(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, bound := range bounds {
		if d.Seconds() <= bound {
			h.buckets[i]++
		}
	}
	h.count++
	h.sum += d.Seconds()
}

func (h *histogram) write(w io.Writer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, bound := range bounds {
		le := strconv.FormatFloat(bound, 'f', -1, 64)
		sample(w, duration.Name+`_bucket{le="`+le+`"}`, float64(h.buckets[i]))
	}
	sample(w, duration.Name+`_bucket{le="+Inf"}`, float64(h.count))
	sample(w, duration.Name+"_sum", h.sum)
	sample(w, duration.Name+"_count", float64(h.count))
}
