package suite_test

import (
	"testing"
	"time"

	"m2m/internal/suite"
)

func TestLatencyOf(t *testing.T) {
	answered := func(times ...time.Duration) []suite.Result {
		var results []suite.Result
		for i, d := range times {
			verdict := suite.Passed
			if i%2 == 1 {
				verdict = suite.Failed
			}
			results = append(results, suite.Result{Verdict: verdict, Duration: d})
		}
		return results
	}
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(100-i))
	}
	silent := []suite.Result{{Verdict: suite.Unknown, Duration: 50}, {Verdict: suite.Skipped}}
	for name, tt := range map[string]struct {
		results []suite.Result
		want    suite.Latency
	}{
		"none":           {nil, suite.Latency{}},
		"no answers":     {silent, suite.Latency{}},
		"one":            {answered(7), suite.Latency{Count: 1, P50: 7, P95: 7, Max: 7}},
		"two":            {answered(9, 1), suite.Latency{Count: 2, P50: 1, P95: 9, Max: 9}},
		"three":          {append(answered(3, 1, 2), silent...), suite.Latency{Count: 3, P50: 2, P95: 3, Max: 3}},
		"nineteen of 20": {answered(hundred[:20]...), suite.Latency{Count: 20, P50: 90, P95: 99, Max: 100}},
		"a hundred":      {answered(hundred...), suite.Latency{Count: 100, P50: 50, P95: 95, Max: 100}},
	} {
		if got := suite.LatencyOf(tt.results); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
	}
}
