package suite

import (
	"slices"
	"time"
)

// Latency sums up how long answers took. The zero value is that of no answer.
type Latency struct {
	// Count is how many answers it is about.
	Count int
	// P50 and P95 are percentiles by nearest rank: each is a time that was measured.
	P50, P95, Max time.Duration
}

// LatencyOf sums up the results that have an answer.
func LatencyOf(results []Result) Latency {
	var times []time.Duration
	for _, r := range results {
		if r.Verdict == Passed || r.Verdict == Failed {
			times = append(times, r.Duration)
		}
	}
	if len(times) == 0 {
		return Latency{}
	}
	slices.Sort(times)
	return Latency{Count: len(times), P50: percentile(times, 50), P95: percentile(times, 95), Max: times[len(times)-1]}
}

// percentile returns the smallest time that at least p percent of them do not
// exceed.
func percentile(sorted []time.Duration, p int) time.Duration {
	rank := (len(sorted)*p + 99) / 100
	return sorted[max(rank, 1)-1]
}
