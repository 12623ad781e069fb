package verify

import (
	"testing"
	"time"
)

func TestInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                               "0 seconds",
		time.Second:                     "1 second",
		59*time.Second + 400e6:          "59 seconds",
		time.Minute:                     "1 minute",
		3*time.Minute + 5*time.Second:   "3 minutes 5 seconds",
		time.Hour:                       "1 hour",
		29 * time.Hour:                  "29 hours",
		90*time.Minute + 20*time.Second: "1 hour 30 minutes",
		48*time.Hour + time.Minute:      "2 days",
	} {
		if got := inWords(d); got != want {
			t.Errorf("%s: want %q, got %q", d, want, got)
		}
	}
}
