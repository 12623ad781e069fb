package exposition_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/serve/exposition"
)

func TestText(t *testing.T) {
	h := exposition.NewHistogram([]time.Duration{time.Millisecond, time.Second})
	for _, d := range []time.Duration{-time.Second, time.Microsecond, time.Millisecond, 2 * time.Millisecond, time.Minute} {
		h.Observe(d)
	}
	var text exposition.Text
	text.One("up", "gauge", "Whether it is up.", 1)
	text.Family("took_seconds", "histogram", "How long it took.")
	text.Histogram("took_seconds", &h, "route", "a \"b\"\n\\")
	want := `# HELP up Whether it is up.
# TYPE up gauge
up 1
# HELP took_seconds How long it took.
# TYPE took_seconds histogram
took_seconds_bucket{route="a \"b\"\n\\",le="0.001"} 3
took_seconds_bucket{route="a \"b\"\n\\",le="1"} 4
took_seconds_bucket{route="a \"b\"\n\\",le="+Inf"} 5
took_seconds_sum{route="a \"b\"\n\\"} 60.003001
took_seconds_count{route="a \"b\"\n\\"} 5
`
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Error(diff)
	}
}

// TestProcess: dashboards find the families that they expect of every process.
func TestProcess(t *testing.T) {
	var text exposition.Text
	text.Process()
	if got := text.String(); got != "" {
		for _, name := range []string{"cpu_seconds_total", "resident_memory_bytes", "open_fds", "max_fds", "start_time_seconds"} {
			if !strings.Contains(got, "\nprocess_"+name+" ") {
				t.Errorf("no process_%s in:\n%s", name, got)
			}
		}
	}
}
