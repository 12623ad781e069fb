package verify

import (
	"strconv"
	"time"
)

// inWords says a length of time as people do, in two units at the most: "3
// minutes", "2 hours 5 minutes", "12 days".
func inWords(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return count(d.Round(time.Second), time.Second, "second")
	case d < time.Hour:
		return twoUnits(d.Round(time.Second), time.Minute, "minute", time.Second, "second")
	case d < 2*day:
		return twoUnits(d.Round(time.Minute), time.Hour, "hour", time.Minute, "minute")
	}
	return count(d, day, "day")
}

func twoUnits(d, large time.Duration, largeName string, small time.Duration, smallName string) string {
	words := count(d, large, largeName)
	if rest := d % large; rest >= small {
		words += " " + count(rest, small, smallName)
	}
	return words
}

func count(d, unit time.Duration, name string) string {
	n := strconv.FormatInt(int64(d/unit), 10)
	if n == "1" {
		return "1 " + name
	}
	return n + " " + name + "s"
}
