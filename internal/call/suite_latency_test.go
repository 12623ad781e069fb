package call_test

import (
	"testing"
	"time"

	"m2m/internal/call"
)

func TestLatencyOf(t *testing.T) {
	answered := func(times ...time.Duration) []call.SuiteResult {
		var results []call.SuiteResult
		for i, d := range times {
			verdict := call.SuitePassed
			if i%2 == 1 {
				verdict = call.SuiteFailed
			}
			results = append(results, call.SuiteResult{Verdict: verdict, Duration: d})
		}
		return results
	}
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(100-i))
	}
	silent := []call.SuiteResult{{Verdict: call.SuiteUnknown, Duration: 50}, {Verdict: call.SuiteSkipped}}
	for name, tt := range map[string]struct {
		results []call.SuiteResult
		want    call.Latency
	}{
		"none":           {nil, call.Latency{}},
		"no answers":     {silent, call.Latency{}},
		"one":            {answered(7), call.Latency{Count: 1, P50: 7, P95: 7, Max: 7}},
		"two":            {answered(9, 1), call.Latency{Count: 2, P50: 1, P95: 9, Max: 9}},
		"three":          {append(answered(3, 1, 2), silent...), call.Latency{Count: 3, P50: 2, P95: 3, Max: 3}},
		"nineteen of 20": {answered(hundred[:20]...), call.Latency{Count: 20, P50: 90, P95: 99, Max: 100}},
		"a hundred":      {answered(hundred...), call.Latency{Count: 100, P50: 50, P95: 95, Max: 100}},
	} {
		if got := call.LatencyOf(tt.results); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
	}
}
