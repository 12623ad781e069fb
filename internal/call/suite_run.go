package call

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"
)

// SuiteVerdict says what became of a request of a suite.
type SuiteVerdict string

// The verdicts.
const (
	SuitePassed  SuiteVerdict = "passed"  // the answer is as expected
	SuiteFailed  SuiteVerdict = "failed"  // an answer came, and is not as expected
	SuiteUnknown SuiteVerdict = "unknown" // no answer came, or not all of it
	SuiteSkipped SuiteVerdict = "skipped" // it was not sent, or given up
)

// SuiteResult is what became of one request. All of its texts may be shown: they
// hold neither tokens nor values of variables. Those of its Request do: Text, File
// and Request.
type SuiteResult struct {
	Request SuiteRequest
	Verdict SuiteVerdict
	// Method and Status are those of the answer; Status is 0 where none came.
	Method string
	Status int
	// Attempts counts how often the request was begun.
	Attempts int
	// Duration is how long the last exchange took, to the end of the body.
	Duration time.Duration
	// Expectations lists each one, the status first; none where no answer came.
	Expectations []Expectation
	// Explanation says why the answer is not as expected; nil where nothing is known.
	Explanation *Explanation
	// Reason says in one clause why there is no verdict, and Hints what to do.
	Reason string
	Hints  []string
	// Err is what Reason says, for errors.Is and never to be shown.
	Err error
}

// Unmet returns the expectations that were not met.
func (r SuiteResult) Unmet() []Expectation {
	var unmet []Expectation
	for _, e := range r.Expectations {
		if !e.Met {
			unmet = append(unmet, e)
		}
	}
	return unmet
}

// SuiteRunner sends the requests of a suite. The zero value of each field but
// Client is usable.
type SuiteRunner struct {
	Client *Client
	// Jobs is how many requests are under way at once; less than 1 means 1, and
	// then they go out in the order of the file.
	Jobs int
	// FailFast starts no request after one that did not pass. Those under way end.
	FailFast bool
	// Known tells what is known about a request beside its answer.
	Known func(SuiteRequest) Context
	// Started and Finished are told of each request, never two at a time.
	Started  func(SuiteRequest)
	Finished func(SuiteResult)
}

// Run sends the requests of a plan and returns what became of each, in the order
// of the plan. When ctx ends, requests under way are given up and the rest is
// skipped.
func (r *SuiteRunner) Run(ctx context.Context, plan *SuitePlan) []SuiteResult {
	run := &suiteRun{SuiteRunner: r, plan: plan, results: make([]SuiteResult, len(plan.Requests))}
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

// suiteRun is one run of a plan.
type suiteRun struct {
	*SuiteRunner
	plan    *SuitePlan
	results []SuiteResult

	mu      sync.Mutex
	stopped string // why nothing more is started; empty while it is
}

func (r *suiteRun) one(ctx context.Context, i int) {
	q := r.plan.Requests[i]
	if why := r.begin(ctx, q); why != "" {
		r.results[i] = SuiteResult{Request: q, Verdict: SuiteSkipped, Reason: why}
		return
	}
	result := r.send(ctx, q)
	if ctx.Err() != nil && result.Verdict == SuiteUnknown {
		result = SuiteResult{Request: q, Verdict: SuiteSkipped, Reason: "given up: the run was stopped"}
	}
	r.results[i] = result
	r.end(result)
}

// begin says why a request is not started; empty if it is.
func (r *suiteRun) begin(ctx context.Context, q SuiteRequest) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() != nil {
		return "not sent: the run was stopped"
	}
	if r.stopped == "" && r.Started != nil {
		r.Started(q)
	}
	return r.stopped
}

func (r *suiteRun) end(result SuiteResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.FailFast && result.Verdict != SuitePassed && r.stopped == "" {
		r.stopped = "not sent: an earlier request did not pass"
	}
	if r.Finished != nil {
		r.Finished(result)
	}
}

// send makes one request and holds its answer against what is expected.
func (r *suiteRun) send(ctx context.Context, q SuiteRequest) SuiteResult {
	if q.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, q.Timeout)
		defer cancel()
	}
	clean := r.clean(q)
	result := SuiteResult{Request: q, Method: clean(q.Request.method()), Attempts: 1}
	answer, err := r.Client.Do(ctx, q.Request)
	if err != nil {
		return r.untold(result, err)
	}
	defer answer.Close()
	// The whole body is read, expected or not: an answer that breaks off is none,
	// and its time is that of its end.
	err = answer.WriteBody(io.Discard)
	result.Method, result.Status, result.Attempts = clean(answer.Method), answer.Status, answer.Attempts
	result.Duration = answer.Timing.Total
	if err != nil {
		return r.untold(result, err)
	}
	return r.judge(result, answer)
}

func (r *suiteRun) judge(result SuiteResult, answer *Answer) SuiteResult {
	clean := r.clean(result.Request)
	outcome := answer.Judge()
	for _, e := range outcome.Expectations {
		e.Expected, e.Found = clean(e.Expected), clean(e.Found)
		result.Expectations = append(result.Expectations, e)
	}
	if result.Verdict = SuitePassed; outcome.OK() {
		return result
	}
	result.Verdict = SuiteFailed
	known := Context{}
	if r.Known != nil {
		known = r.Known(result.Request)
	}
	known.Situation = SuiteFile
	result.Explanation = r.explain(result.Request, Explain(answer, known))
	return result
}

// explain makes an explanation fit a suite, in whose requests a client of the
// suite's own may call. A command would act as the default one.
func (r *suiteRun) explain(q SuiteRequest, x *Explanation) *Explanation {
	if x = x.Map(r.clean(q)); x == nil {
		return nil
	}
	if sendsToken := !strings.Contains(x.Command, "--no-token"); q.As != AsDefault && (sendsToken || q.As != AsNone) {
		x.Command = ""
	}
	x.Command = r.plan.hidden.quoted(x.Command)
	return x
}

func (r *suiteRun) untold(result SuiteResult, err error) SuiteResult {
	clean := r.clean(result.Request)
	result.Verdict, result.Err, result.Reason = SuiteUnknown, err, clean(err.Error())
	if u := (*UnreachableError)(nil); errors.As(err, &u) {
		result.Attempts = u.Attempts()
		result.Hints = hideAll(clean, append(Hints(u, SuiteFile), u.Cause.Hints()...))
	}
	return result
}

// clean takes out of a text what must not be shown.
func (r *suiteRun) clean(q SuiteRequest) func(string) string {
	return func(s string) string { return r.plan.Hide(withoutToken(s, q.Request.Token)) }
}

func hideAll(clean func(string) string, texts []string) []string {
	var out []string
	for _, s := range texts {
		out = append(out, clean(s))
	}
	return out
}
