package text

import (
	"strconv"
	"strings"
	"time"
)

// Duration returns d in Go's form without zero parts, rounded to two units:
// "1h21m", "45s", "1.5s", "300ms", "52µs". From 48 hours on it counts days,
// "12d4h", because nobody divides 9891h by 24; no flag reads those back.
func Duration(d time.Duration) string {
	const day = 24 * time.Hour
	if d < 0 {
		if d == -d { // the smallest Duration has no positive counterpart
			d++
		}
		return "-" + Duration(-d)
	}
	d = d.Round(precision(d))
	if d < 2*day {
		return withoutZeros(d.String())
	}
	days := strconv.FormatInt(int64(d/day), 10) + "d"
	if hours := d % day / time.Hour; hours != 0 {
		return days + strconv.FormatInt(int64(hours), 10) + "h"
	}
	return days
}

// precision returns the unit that a length of time is rounded to.
func precision(d time.Duration) time.Duration {
	switch {
	case d >= 48*time.Hour:
		return time.Hour
	case d >= time.Hour:
		return time.Minute
	case d >= 10*time.Second:
		return time.Second
	case d >= time.Second:
		return 100 * time.Millisecond
	case d >= 10*time.Millisecond:
		return time.Millisecond
	case d >= time.Millisecond:
		return 100 * time.Microsecond
	case d >= time.Microsecond:
		return time.Microsecond
	}
	return 1
}

// withoutZeros removes "0s" after minutes and "0m" after hours.
func withoutZeros(s string) string {
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Time returns t in UTC to the second: "2026-11-30 12:45:27 UTC".
func Time(t time.Time) string { return string(AppendTime(nil, t)) }

// AppendTime appends what Time returns to dst.
func AppendTime(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, "2006-01-02 15:04:05 UTC")
}

// Plural returns the number and the noun, with an s unless n is 1: "1 request",
// "2 requests".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// ShellQuote returns s as one word for a POSIX shell, in quotes only where they
// are needed.
func ShellQuote(s string) string {
	special := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("@%_+=:,./-", r))
	}
	if s != "" && !strings.ContainsFunc(s, special) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
