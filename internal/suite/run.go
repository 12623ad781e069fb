package suite

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"m2m/internal/jq"

	"m2m/internal/call"
	"m2m/internal/explain"
)

// Verdict says what became of a request of a suite.
type Verdict string

// The verdicts.
const (
	Passed  Verdict = "passed"  // the answer is as expected
	Failed  Verdict = "failed"  // an answer came, and is not as expected
	Unknown Verdict = "unknown" // no answer came, or not all of it
	Skipped Verdict = "skipped" // it was not sent, or given up
)

// Result is what became of one request. All of its texts may be shown: they
// hold neither tokens nor values of variables. Those of its Request do: Text, File
// and Request.
type Result struct {
	Request Request
	Verdict Verdict
	// Method and Status are those of the answer; Status is 0 where none came.
	Method string
	Status int
	// Attempts counts how often the request was begun.
	Attempts int
	// Duration is how long the last exchange took, to the end of the body.
	Duration time.Duration
	// Expectations lists each one, the status first; none where no answer came.
	Expectations []call.Expectation
	// Explanation says why the answer is not as expected; nil where nothing is known.
	Explanation *explain.Explanation
	// Reason says in one clause why there is no verdict, and Hints what to do.
	Reason string
	Hints  []string
	// Err is what Reason says, for errors.Is and never to be shown.
	Err error
}

// Unmet returns the expectations that were not met.
func (r Result) Unmet() []call.Expectation {
	var unmet []call.Expectation
	for _, e := range r.Expectations {
		if !e.Met {
			unmet = append(unmet, e)
		}
	}
	return unmet
}

// Runner sends the requests of a suite. The zero value of each field but
// Client is usable.
type Runner struct {
	Client *call.Client
	// Jobs is how many requests are under way at once; less than 1 means 1, and
	// then they go out in the order of the file.
	Jobs int
	// FailFast starts no request after one that did not pass. Those under way end.
	FailFast bool
	// Known returns what is known about a request in addition to its answer.
	Known func(Request) explain.Context
	// Observer follows the run; nil is none.
	Observer Observer
}

// Observer is called for each request when it starts and when it is finished, for
// one at a time.
type Observer interface {
	Started(Request)
	Finished(Result)
}

// Run sends the requests of a plan and returns what became of each, in the order
// of the plan. When ctx ends, requests under way are given up and the rest is
// skipped.
func (r *Runner) Run(ctx context.Context, plan *Plan) []Result {
	run := &run{Runner: r, plan: plan, results: make([]Result, len(plan.Requests))}
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(max(r.Jobs, 1), len(plan.Requests)) {
		workers.Go(func() {
			for i := range next {
				run.one(ctx, i)
			}
		})
	}
	for i := range plan.Requests {
		next <- i
	}
	close(next)
	workers.Wait()
	return run.results
}

// run is one run of a plan.
type run struct {
	*Runner
	plan    *Plan
	results []Result

	mu      sync.Mutex
	stopped string // why nothing more is started; empty while it is
}

func (r *run) one(ctx context.Context, i int) {
	q := r.plan.Requests[i]
	if why := r.begin(ctx, q); why != "" {
		r.results[i] = Result{Request: q, Verdict: Skipped, Reason: why}
		return
	}
	result := r.send(ctx, q)
	if ctx.Err() != nil && result.Verdict == Unknown {
		result = Result{Request: q, Verdict: Skipped, Reason: "given up: the run was stopped"}
	}
	r.results[i] = result
	r.end(result)
}

// begin says why a request is not started; empty if it is.
func (r *run) begin(ctx context.Context, q Request) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() != nil {
		return "not sent: the run was stopped"
	}
	if r.stopped == "" && r.Observer != nil {
		r.Observer.Started(q)
	}
	return r.stopped
}

func (r *run) end(result Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.stopped != "":
	case errors.Is(result.Err, jq.ErrMemory):
		r.stopped = "not sent: m2m stopped to free memory"
	case r.FailFast && result.Verdict != Passed:
		r.stopped = "not sent: an earlier request did not pass"
	}
	if r.Observer != nil {
		r.Observer.Finished(result)
	}
}

// send makes one request and checks its answer against what is expected.
func (r *run) send(ctx context.Context, q Request) Result {
	if q.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, q.Timeout)
		defer cancel()
	}
	clean := r.redactor(q)
	result := Result{Request: q, Method: clean(q.Request.EffectiveMethod()), Attempts: 1}
	answer, err := r.Client.Do(ctx, q.Request)
	if err != nil {
		return r.unanswered(result, err)
	}
	defer answer.Close()
	// The whole body is read, expected or not: an answer that breaks off does not count,
	// and its time is that of its end.
	err = answer.WriteBody(io.Discard)
	result.Method, result.Status, result.Attempts = clean(answer.Method), answer.Status, answer.Attempts
	result.Duration = answer.Timing.Total
	if err != nil {
		return r.unanswered(result, err)
	}
	return r.evaluate(result, answer)
}

func (r *run) evaluate(result Result, answer *call.Answer) Result {
	clean := r.redactor(result.Request)
	outcome := answer.Evaluate()
	if outcome.Fault != nil {
		return r.unanswered(result, outcome.Fault)
	}
	for _, e := range outcome.Expectations {
		e.Expected, e.Found = clean(e.Expected), clean(e.Found)
		result.Expectations = append(result.Expectations, e)
	}
	if result.Verdict = Passed; outcome.OK() {
		return result
	}
	result.Verdict = Failed
	known := explain.Context{}
	if r.Known != nil {
		known = r.Known(result.Request)
	}
	known.Situation = explain.SuiteFile
	switch result.Request.As {
	case AsDefault:
	case AsNone:
		known.Caller = explain.AnonymousCaller
	default:
		known.Caller = explain.OtherCaller
	}
	if x := explain.Explain(answer, known).Map(clean); x != nil {
		x.Command = r.plan.hidden.Expand(x.Command)
		result.Explanation = x
	}
	return result
}

func (r *run) unanswered(result Result, err error) Result {
	clean := r.redactor(result.Request)
	result.Verdict, result.Err, result.Reason = Unknown, err, clean(err.Error())
	if u := (*call.UnreachableError)(nil); errors.As(err, &u) {
		result.Attempts = u.Attempts()
		result.Hints = mapTexts(clean, explain.SuiteFile.Hints(err))
	}
	return result
}

// redactor takes out of a text what must not be shown.
func (r *run) redactor(q Request) func(string) string {
	return func(s string) string { return r.plan.Hide(call.Redact(s, q.Request.Token)) }
}

func mapTexts(clean func(string) string, texts []string) []string {
	var out []string
	for _, s := range texts {
		out = append(out, clean(s))
	}
	return out
}

// Latency sums up how long answers took. The zero value is that of no answer.
type Latency struct {
	// Count is how many answers it is about.
	Count int
	// P50 and P95 are percentiles by nearest rank: each is a time that was measured.
	P50, P95, Max time.Duration
}

// LatencyOf sums up the results that have an answer.
func LatencyOf(results []Result) Latency {
	var times []time.Duration
	for _, r := range results {
		if r.Verdict == Passed || r.Verdict == Failed {
			times = append(times, r.Duration)
		}
	}
	if len(times) == 0 {
		return Latency{}
	}
	slices.Sort(times)
	return Latency{Count: len(times), P50: percentile(times, 50), P95: percentile(times, 95), Max: times[len(times)-1]}
}

// percentile returns the smallest time that at least p percent of them do not
// exceed.
func percentile(sorted []time.Duration, p int) time.Duration {
	rank := (len(sorted)*p + 99) / 100
	return sorted[max(rank, 1)-1]
}
