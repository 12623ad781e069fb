package text_test

import (
	"math"
	"testing"
	"time"

	"m2m/internal/text"
)

func TestDuration(t *testing.T) {
	for _, tt := range []struct {
		in   time.Duration
		want string
	}{
		{0, "0s"},
		{1, "1ns"},
		{999, "999ns"},
		{52 * time.Microsecond, "52µs"},
		{52400, "52µs"},
		{4560 * time.Microsecond, "4.6ms"},
		{4 * time.Millisecond, "4ms"},
		{9960 * time.Microsecond, "10ms"},
		{300 * time.Millisecond, "300ms"},
		{999_600 * time.Microsecond, "1s"},
		{1500 * time.Millisecond, "1.5s"},
		{9960 * time.Millisecond, "10s"},
		{45*time.Second + 400*time.Millisecond, "45s"},
		{59*time.Second + 600*time.Millisecond, "1m"},
		{3 * time.Minute, "3m"},
		{20*time.Minute + 5*time.Second, "20m5s"},
		{59*time.Minute + 59*time.Second + 700*time.Millisecond, "1h"},
		{time.Hour + 20*time.Minute + 40*time.Second, "1h21m"},
		{10 * time.Hour, "10h"},
		{47*time.Hour + 59*time.Minute + 40*time.Second, "2d"},
		{76 * time.Hour, "3d4h"},
		{-90 * time.Second, "-1m30s"},
		{math.MaxInt64, "106751d23h"}, // Round saturates
		{math.MinInt64, "-106751d23h"},
	} {
		if got := text.Duration(tt.in); got != tt.want {
			t.Errorf("Duration(%v) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestTime(t *testing.T) {
	for _, tt := range []struct {
		in   time.Time
		want string
	}{
		{time.Date(2026, 11, 30, 13, 45, 27, 999, time.FixedZone("", 3600)), "2026-11-30 12:45:27 UTC"},
		{time.Time{}, "0001-01-01 00:00:00 UTC"},
	} {
		if got := text.Time(tt.in); got != tt.want {
			t.Errorf("Time(%v) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestPlural(t *testing.T) {
	for n, want := range map[int]string{0: "0 requests", 1: "1 request", 2: "2 requests"} {
		if got := text.Plural(n, "request"); got != want {
			t.Errorf("Plural(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{
		"":                    "''",
		"plain":               "plain",
		"api://x/.default,+=": "api://x/.default,+=",
		"two words":           "'two words'",
		"it's":                `'it'\''s'`,
		"$HOME":               "'$HOME'",
		"~":                   "'~'",
		"é":                   "'é'",
		"a\nb":                "'a\nb'",
	} {
		if got := text.ShellQuote(in); got != want {
			t.Errorf("ShellQuote(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestHang(t *testing.T) {
	for _, tt := range []struct {
		label, in     string
		indent, width int
		want          string
	}{
		{"a", "one two three", 4, 12, "a   one two\n    three"},
		{"", "one", 4, 12, "    one"},
		{"longer", "one two", 4, 10, "longer one\n    two"},
		{"a", "a-word-that-is-longer-than-a-line x", 2, 10, "a\na-word-that-is-longer-than-a-line\n  x"},
		{"a", "ééé ééé", 2, 9, "a ééé ééé"},
		{"a", "", 4, 10, "a"},
		{"a", "one two three", 4, 0, "a   one two three"}, // not a terminal
		{"a", "one  two", 2, 12, "a one  two"},            // columns of a text stay
		{"", "a-word-of-twelve", 8, 20, "    a-word-of-twelve"},
		{"hint:", "run m2m verify @token.txt now", 2, 24, "hint: run\n  m2m verify @token.txt\n  now"},
		{"", "use m2m token --scope api://orders/.default, then", 0, 20,
			"use\nm2m token --scope api://orders/.default,\nthen"},
		{"", "has 'Data Read' there", 0, 12, "has\n'Data Read'\nthere"},
		{"", "m2m serve --local -- m2m call /x | jq .a; then", 0, 10,
			"m2m serve --local -- m2m call /x | jq .a;\nthen"},
		{"名", "漢字 漢字", 3, 8, "名 漢字\n   漢字"},
		{"", "e\u0301e\u0301 e\u0301", 0, 4, "e\u0301e\u0301 e\u0301"},
		{"", "顧客データを取得できませんでした。権限がありません。", 0, 30, "顧客データを取得できませんでし\nた。権限がありません。"},
	} {
		if got := text.Hang(tt.label, tt.in, tt.indent, tt.width); got != tt.want {
			t.Errorf("Hang(%q, %q, %d, %d) = %q, want %q", tt.label, tt.in, tt.indent, tt.width, got, tt.want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, tt := range []struct {
		in      string
		columns int
		want    string
	}{
		{"éxact", 5, "éxact"},
		{"longer", 5, "long…"},
		{"", 1, ""},
		{"漢字漢字", 5, "漢字…"},
		{"漢字漢字", 6, "漢字…"},
		{"👩‍👩‍👧 family", 4, "👩‍👩‍👧 …"},
	} {
		if got := text.Fit(tt.in, tt.columns); got != tt.want {
			t.Errorf("Fit(%q, %d) = %q, want %q", tt.in, tt.columns, got, tt.want)
		}
	}
}

func TestNearest(t *testing.T) {
	keys := []string{"method", "url", "expect", "headers", "ab", "Orders API"}
	for in, want := range map[string]string{
		"methdo":                    "method", // two letters swapped are one change
		"METHOD":                    "method",
		"expcet":                    "expect",
		"orders api":                "Orders API",
		"header":                    "headers",
		"uri":                       "url",
		"xyz":                       "",
		"c":                         "",
		"a":                         "ab",
		"":                          "",
		"something quite different": "",
	} {
		if got := text.Nearest(in, keys); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", in, got, want)
		}
	}
	if got := text.Nearest("b", []string{"c", "d", "bb", "bc"}); got != "bb" {
		t.Errorf("of equally near words Nearest returns %q", got)
	}
}
