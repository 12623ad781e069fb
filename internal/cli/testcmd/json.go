package testcmd

import (
	"time"

	"m2m/internal/call"
	"m2m/internal/cli"
	"m2m/internal/explain"
	"m2m/internal/suite"
)

// document is the JSON of `test -o json` with one file. Its keys are stable.
type document struct {
	Suite      string            `json:"suite"`
	OK         bool              `json:"ok"` // every request passed
	StartedAt  time.Time         `json:"started_at"`
	DurationMS float64           `json:"duration_ms"`
	Passed     int               `json:"passed"`
	Failed     int               `json:"failed"`
	Unknown    int               `json:"unknown"`
	Skipped    int               `json:"skipped"`
	LatencyMS  *latencyDocument  `json:"latency_ms"` // null without a response
	Requests   []requestDocument `json:"requests"`
}

// documents is the JSON of several files.
type documents struct {
	OK     bool       `json:"ok"` // every request of every suite passed
	Suites []document `json:"suites"`
}

type latencyDocument struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	Max float64 `json:"max"`
}

// requestDocument is one request, in the order of the file.
type requestDocument struct {
	Name         string             `json:"name"`
	Line         int                `json:"line"`
	Tags         []string           `json:"tags"`
	As           string             `json:"as"`
	Method       string             `json:"method,omitempty"` // absent for a request that was not sent
	URL          string             `json:"url"`              // as in the file
	Outcome      suite.Verdict      `json:"outcome"`
	Status       *int               `json:"status"` // null without a response
	Attempts     int                `json:"attempts"`
	DurationMS   float64            `json:"duration_ms"`
	Expectations []call.Expectation `json:"expectations"`
	Explanation  *explain.Diagnosis `json:"explanation"`
	Reason       string             `json:"reason,omitempty"` // why there is no response, or no request
	Hints        []string           `json:"hints"`
}

// writeJSON prints the results of one file, or those of several as a list.
func writeJSON(env *cli.Env, runs []*suiteRun) error {
	if len(runs) == 1 {
		return cli.WriteJSON(env.Out, runs[0].document())
	}
	all := documents{OK: true}
	for _, r := range runs {
		all.OK = all.OK && r.passed()
		all.Suites = append(all.Suites, r.document())
	}
	return cli.WriteJSON(env.Out, all)
}

func (r *suiteRun) document() document {
	counts := countVerdicts(r.results)
	document := document{
		Suite: r.name(), OK: r.passed(),
		StartedAt: r.started.UTC(), DurationMS: inMilliseconds(r.elapsed),
		Passed: counts[suite.Passed], Failed: counts[suite.Failed],
		Unknown: counts[suite.Unknown], Skipped: counts[suite.Skipped],
	}
	if l := suite.LatencyOf(r.results); l.Count > 0 {
		document.LatencyMS = &latencyDocument{inMilliseconds(l.P50), inMilliseconds(l.P95), inMilliseconds(l.Max)}
	}
	document.Requests = []requestDocument{} // a file may be left without requests by tags
	for _, result := range r.results {
		document.Requests = append(document.Requests, requestOf(result))
	}
	return document
}

func requestOf(result suite.Result) requestDocument {
	q := result.Request
	document := requestDocument{
		Name: q.Name, Line: q.Line, Tags: orEmpty(q.Tags), As: q.As, Method: result.Method, URL: q.URL,
		Outcome: result.Verdict, Attempts: result.Attempts, DurationMS: inMilliseconds(result.Duration),
		Expectations: orEmpty(result.Expectations), Explanation: result.Explanation,
		Reason: result.Reason, Hints: orEmpty(result.Hints),
	}
	if result.Status > 0 {
		document.Status = &result.Status
	}
	return document
}

// orEmpty makes JSON write [] for a nil list.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func inMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
