package testcmd

import (
	"time"

	"m2m/internal/call"
	"m2m/internal/cli"
	"m2m/internal/explain"
	"m2m/internal/suite"
)

// document is the JSON of `call --suite -o json`. Its keys are stable.
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

type latencyDocument struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	Max float64 `json:"max"`
}

// requestDocument is one request, in the order of the file.
type requestDocument struct {
	Name         string               `json:"name"`
	Line         int                  `json:"line"`
	Tags         []string             `json:"tags"`
	As           string               `json:"as"`
	Method       string               `json:"method"`
	URL          string               `json:"url"` // as in the file
	Outcome      suite.Verdict        `json:"outcome"`
	Status       *int                 `json:"status"` // null without a response
	Attempts     int                  `json:"attempts"`
	DurationMS   float64              `json:"duration_ms"`
	Expectations []call.Expectation   `json:"expectations"`
	Explanation  *explain.Explanation `json:"explanation"`
	Reason       string               `json:"reason"` // why there is no response, or no request
	Hints        []string             `json:"hints"`
}

func (r *run) document(results []suite.Result) document {
	counts := countVerdicts(results)
	document := document{
		Suite: cli.FileName(r.o.file), OK: counts[suite.Passed] == len(results),
		StartedAt: r.started.UTC(), DurationMS: inMilliseconds(r.env.Now().Sub(r.started)),
		Passed: counts[suite.Passed], Failed: counts[suite.Failed],
		Unknown: counts[suite.Unknown], Skipped: counts[suite.Skipped],
	}
	if l := suite.LatencyOf(results); l.Count > 0 {
		document.LatencyMS = &latencyDocument{inMilliseconds(l.P50), inMilliseconds(l.P95), inMilliseconds(l.Max)}
	}
	for _, result := range results {
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
