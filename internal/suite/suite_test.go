package suite_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"m2m/internal/suite"
)

func TestParseSuite(t *testing.T) {
	for name, text := range goodSuites() {
		if _, err := suite.Parse("smoke.yaml", []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, tt := range badSuites() {
		_, err := suite.Parse("smoke.yaml", []byte(tt.text))
		var faults *suite.Error
		if !errors.As(err, &faults) || !errors.Is(err, suite.ErrNotRunnable) {
			t.Errorf("%s: got %v, want a *SuiteError", name, err)
			continue
		}
		if got, _, _ := strings.Cut(err.Error(), "\n"); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
		if strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%s: a secret is repeated: %v", name, err)
		}
	}
}

// TestParseSuiteTellsAll: nobody wants to mend a file one run at a time.
func TestParseSuiteTellsAll(t *testing.T) {
	text := "requests:\n"
	for i := range 30 {
		text += fmt.Sprintf("- {name: r%d, url: /, expct: 1}\n", i)
	}
	_, err := suite.Parse("smoke.yaml", []byte(text))
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 21 || !strings.HasPrefix(lines[19], "smoke.yaml:21:23: ") || lines[20] != "and 10 more" {
		t.Errorf("got %d lines, the last ones %q", len(lines), lines[max(0, len(lines)-2):])
	}
}

// TestParseSuiteTellsOnce: defaults are one place, however many requests there are.
func TestParseSuiteTellsOnce(t *testing.T) {
	const defaults = "defaults: {as: x, timeout: 10, expect: {status: 600}}\n"
	for text, want := range map[string]string{
		defaults: "16: there is no client \"x\"\n28: expected a time such as 500ms, 10s or 1m30s, found \"10\"\n" +
			"49: the expectation cannot be read: expected a status such as 200, 2xx or 200-204, found \"600\"",
	} {
		_, err := suite.Parse("smoke.yaml", []byte(text+with("- {name: b, url: /b}\n- {name: c, url: /c}\n")))
		if got := strings.ReplaceAll(fmt.Sprint(err), "smoke.yaml:1:", ""); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// TestParseSuiteBombs are files that cost their reader more than they are long.
func TestParseSuiteBombs(t *testing.T) {
	laughs := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		laughs += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1,
			c-1)
	}
	for name, text := range map[string]string{
		"a billion laughs": laughs,
		"deep lists":       strings.Repeat("[", 200_000),
		"deep mappings":    strings.Repeat("{a: ", 60_000),
		"deep blocks":      strings.Repeat("- ", 120_000),
		"deep keys":        strings.Repeat("? ", 120_000),
		"too long":         with("  body: " + strings.Repeat("x", suite.MaxFile)),
		"many requests":    "requests:\n" + strings.Repeat("- {name: a}\n", 2001),
		"many commas":      "[" + strings.Repeat(",", 200_000),
	} {
		began := time.Now()
		if _, err := suite.Parse("smoke.yaml", []byte(text)); !errors.Is(err, suite.ErrNotRunnable) {
			t.Errorf("%s: got %v", name, err)
		} else if len(err.Error()) > 4000 {
			t.Errorf("%s: the message has %d bytes", name, len(err.Error()))
		}
		t.Logf("%s: %v", name, time.Since(began))
	}
}

func TestSelect(t *testing.T) {
	suite, err := suite.Parse("smoke.yaml", []byte(`requests:
- {name: one, url: /, tags: [fast, read]}
- {name: two, url: /, tags: [slow, read]}
- {name: three, url: /}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(suite.Tags()); got != "[fast read slow]" {
		t.Errorf("the tags are %s", got)
	}
	for _, tt := range []struct{ tags, skip, want string }{
		{"", "", "[one two three]"},
		{"read", "", "[one two]"},
		{"fast slow", "", "[one two]"},
		{"read", "slow", "[one]"},
		{"", "read", "[three]"},
		{"Read", "", "[]"},
	} {
		got := fmt.Sprint(suite.Select(strings.Fields(tt.tags), strings.Fields(tt.skip)).Names())
		if got != tt.want {
			t.Errorf("tags %q without %q: got %s, want %s", tt.tags, tt.skip, got, tt.want)
		}
	}
}
