package call

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"m2m/internal/text"
)

// StatusSet is a set of status codes. The zero value stands for 2xx.
type StatusSet struct{ ranges []statusRange }

// statusRange holds the codes from low to high, both included.
type statusRange struct{ low, high int }

// ParseStatusSet reads a comma list of codes ("200"), classes ("2xx") and
// ranges ("200-204"). The error wraps ErrExpectSyntax.
func ParseStatusSet(s string) (StatusSet, error) {
	var set StatusSet
	for part := range strings.SplitSeq(s, ",") {
		r, ok := parseStatusRange(strings.TrimSpace(part))
		if !ok {
			return StatusSet{}, fmt.Errorf("%w: expected a status such as 200, 2xx or 200-204, found %q", ErrExpectSyntax, text.Bound(s, 40))
		}
		set.ranges = append(set.ranges, r)
	}
	return set, nil
}

func parseStatusRange(s string) (statusRange, bool) {
	if class, ok := strings.CutSuffix(strings.ToLower(s), "xx"); ok {
		low, ok := parseStatus(class + "00")
		return statusRange{low, low + 99}, ok
	}
	first, last, isRange := strings.Cut(s, "-")
	low, ok := parseStatus(first)
	if !ok || !isRange {
		return statusRange{low, low}, ok
	}
	high, ok := parseStatus(last)
	return statusRange{low, high}, ok && low <= high
}

// parseStatus reads a code of three digits, from 100 to 599.
func parseStatus(s string) (int, bool) {
	code, err := strconv.ParseUint(s, 10, 16)
	return int(code), err == nil && len(s) == 3 && 100 <= code && code <= 599
}

// Union returns the set of the codes of both; an s without any adds none.
func (s StatusSet) Union(other StatusSet) StatusSet {
	return StatusSet{slices.Concat(s.ranges, other.ranges)}
}

// Contains reports whether a status is in the set.
func (s StatusSet) Contains(status int) bool {
	for _, r := range s.orDefault() {
		if r.low <= status && status <= r.high {
			return true
		}
	}
	return false
}

// String returns the set as ParseStatusSet reads it.
func (s StatusSet) String() string {
	var parts []string
	for _, r := range s.orDefault() {
		parts = append(parts, r.String())
	}
	return strings.Join(parts, ",")
}

func (s StatusSet) orDefault() []statusRange {
	if len(s.ranges) == 0 {
		return []statusRange{{200, 299}}
	}
	return s.ranges
}

func (r statusRange) isClass() bool { return r.low%100 == 0 && r.high == r.low+99 }

func (r statusRange) String() string {
	switch {
	case r.low == r.high:
		return strconv.Itoa(r.low)
	case r.isClass():
		return fmt.Sprintf("%dxx", r.low/100)
	}
	return fmt.Sprintf("%d-%d", r.low, r.high)
}

// phrase says what is expected: "a 2xx status", "status 200 or 404".
func (s StatusSet) phrase() string {
	ranges := s.orDefault()
	if len(ranges) == 1 && ranges[0].isClass() {
		return "a " + s.String() + " status"
	}
	list := strings.Split(s.String(), ",")
	last := len(list) - 1
	if last == 0 {
		return "status " + list[0]
	}
	return "status " + strings.Join(list[:last], ", ") + " or " + list[last]
}
