package exposition

import (
	"slices"
	"sync/atomic"
	"time"
)

// Histogram counts durations.
type Histogram struct {
	upper   []time.Duration
	buckets []atomic.Uint64 // one for each bound, and one for what is above
	sum     atomic.Int64    // nanoseconds
}

// NewHistogram makes one with the upper ends of its buckets, in order.
func NewHistogram(upper []time.Duration) Histogram {
	return Histogram{upper: upper, buckets: make([]atomic.Uint64, len(upper)+1)}
}

// Observe counts one duration.
func (h *Histogram) Observe(d time.Duration) {
	i, _ := slices.BinarySearch(h.upper, d)
	h.buckets[i].Add(1)
	h.sum.Add(int64(max(d, 0)))
}
