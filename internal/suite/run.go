package suite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jq"
	"m2m/internal/text"
	"m2m/internal/transport"

	"m2m/internal/call"
	"m2m/internal/explain"
)

// Verdict is the result of a request of a suite.
type Verdict string

// The verdicts.
const (
	Passed  Verdict = "passed"  // the answer is as expected
	Failed  Verdict = "failed"  // an answer came, and is not as expected
	Unknown Verdict = "unknown" // no answer came, or not all of it
	Skipped Verdict = "skipped" // it was not sent, or given up
)

// Result is the result of one request. All of its texts may be shown: they
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
	Explanation *explain.Diagnosis
	// Reason says in one clause why there is no verdict, and Hints what to do.
	Reason string
	Hints  []string
	// Err is what Reason says, for errors.Is and never to be shown.
	Err error

	isAwaited bool // the answer is what the poll waits for
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
	// Tokens gives the requests their tokens; nil sends none.
	Tokens Tokens
	// Known returns what is known about a request in addition to its answer.
	Known func(Request) explain.Context
	// Observer follows the run; nil means none.
	Observer Observer
	// Now and Sleep are the clock; nil is the system's.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
}

// Tokens are the tokens of the clients of a suite. It is safe for concurrent use.
type Tokens interface {
	// Token returns the token of a client, one that does not expire at once.
	Token(ctx context.Context, client string) (entra.Secret, error)
	// Renew returns a token of the client other than the one given, which the API
	// has rejected, if that one has expired; else ok is false.
	Renew(ctx context.Context, client string, rejected entra.Secret) (token entra.Secret, ok bool, err error)
}

// Observer is called for each request when it starts and when it is finished, for
// one at a time.
type Observer interface {
	Started(Request)
	Finished(Result)
}

// teardownTime bounds the teardown of a run that was stopped.
const teardownTime = 30 * time.Second

// Run sends the requests of a plan and returns the result of each, in the order
// of the plan. A request that needs a captured value waits for it. When ctx ends,
// requests under way are given up and the rest is skipped, but for the teardown.
func (r *Runner) Run(ctx context.Context, plan *Plan) []Result {
	run := &run{Runner: r, plan: plan, results: make([]Result, len(plan.Requests)), values: map[string]string{}}
	run.done = make([]chan struct{}, len(plan.Requests))
	phases := map[Phase][]int{}
	for i, q := range plan.Requests {
		run.done[i] = make(chan struct{})
		phases[q.Phase] = append(phases[q.Phase], i)
	}
	run.phase(ctx, phases[Setup], 1)
	if slices.ContainsFunc(phases[Setup], func(i int) bool { return run.results[i].Verdict != Passed }) {
		run.stop("not sent: the setup did not pass")
	}
	run.phase(ctx, phases[Main], r.Jobs)
	if ctx.Err() != nil {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), teardownTime)
		defer cancel()
		ctx = late
	}
	run.phase(ctx, phases[Teardown], 1)
	return run.results
}

// run is one run of a plan.
type run struct {
	*Runner
	plan    *Plan
	results []Result
	done    []chan struct{} // closed when a request is finished

	mu      sync.Mutex
	stopped string // why nothing more is started but the teardown; empty while it is
	ending  string // why nothing more is started at all
	values  map[string]string
}

// phase sends requests, some of them in parallel. A request is taken only after all
// before it, so that what it waits for is under way.
func (r *run) phase(ctx context.Context, requests []int, jobs int) {
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(max(jobs, 1), len(requests)) {
		workers.Go(func() {
			for i := range next {
				r.one(ctx, i)
				close(r.done[i])
			}
		})
	}
	for _, i := range requests {
		next <- i
	}
	close(next)
	workers.Wait()
}

func (r *run) stop(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = cmp.Or(r.stopped, why)
}

func (r *run) one(ctx context.Context, i int) {
	q := r.plan.Requests[i]
	why := r.await(q)
	if why == "" {
		why = r.begin(ctx, q)
	}
	if why != "" {
		r.results[i] = Result{Request: q, Verdict: Skipped, Reason: why}
		return
	}
	result := Result{Request: q, Method: r.redactor(q)(q.Request.EffectiveMethod()), Verdict: Unknown}
	filled, err := r.fill(i)
	if err != nil {
		result.Err, result.Reason = err, r.plan.Hide(err.Error())
	} else {
		result = r.repeat(ctx, filled)
	}
	if ctx.Err() != nil && result.Verdict == Unknown {
		result = Result{Request: q, Verdict: Skipped, Reason: "given up: the run was stopped"}
	}
	r.results[i] = result
	r.end(result)
}

// await waits for the requests whose values q needs, and says why it cannot be sent.
func (r *run) await(q Request) string {
	for _, need := range q.needs {
		<-r.done[need.from]
		r.mu.Lock()
		_, there := r.values[need.name]
		r.mu.Unlock()
		if !there {
			return "not sent: there is no value for " + need.name + ", because " + text.Quote(r.plan.Requests[need.from].Name) + " did not pass"
		}
	}
	return ""
}

// fill puts captured values into a request that needs some.
func (r *run) fill(i int) (Request, error) {
	q := r.plan.Requests[i]
	if len(q.needs) == 0 {
		return q, nil
	}
	r.mu.Lock()
	values := maps.Clone(r.values)
	r.mu.Unlock()
	return r.plan.fill(i, values)
}

// begin says why a request is not started; empty if it is.
func (r *run) begin(ctx context.Context, q Request) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	why := r.ending
	if q.Phase != Teardown {
		why = cmp.Or(why, r.stopped)
	}
	switch {
	case ctx.Err() != nil:
		return "not sent: the run was stopped"
	case why == "" && r.Observer != nil:
		r.Observer.Started(q)
	}
	return why
}

func (r *run) end(result Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case errors.Is(result.Err, jq.ErrMemory):
		r.ending = "not sent: m2m stopped to free memory"
	case r.FailFast && result.Verdict != Passed:
		r.stopped = cmp.Or(r.stopped, "not sent: an earlier request did not pass")
	}
	if r.Observer != nil {
		r.Observer.Finished(result)
	}
}

// repeat sends a request until its poll ends, or once.
func (r *run) repeat(ctx context.Context, q Request) Result {
	if q.Poll == nil {
		return r.send(ctx, q)
	}
	begun := r.now()
	for polls := 1; ; polls++ {
		result := r.send(ctx, q)
		left := q.Poll.For - r.now().Sub(begun)
		if result.isAwaited || ctx.Err() != nil || errors.Is(result.Err, jq.ErrMemory) {
			return result
		}
		if left < q.Poll.Every {
			result.Reason = fmt.Sprintf("not as awaited within %s, in %s",
				text.Duration(q.Poll.For), text.Plural(polls, "request"))
			return result
		}
		if err := r.sleep(ctx, q.Poll.Every); err != nil {
			return result
		}
	}
}

func (r *run) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}

func (r *run) sleep(ctx context.Context, d time.Duration) error {
	if r.Sleep == nil {
		return transport.Sleep(ctx, d)
	}
	return r.Sleep(ctx, d)
}

// send makes one request and checks its answer against what is expected.
func (r *run) send(ctx context.Context, q Request) Result {
	if q.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, q.Timeout)
		defer cancel()
	}
	result := Result{Request: q, Method: r.redactor(q)(q.Request.EffectiveMethod()), Attempts: 1}
	if r.Tokens != nil && q.As != AsNone {
		token, err := r.Tokens.Token(ctx, q.As)
		if err != nil {
			result.Verdict, result.Err, result.Reason = Unknown, err, r.plan.Hide(err.Error())
			return result
		}
		result.Request.Request.Token = token
	}
	result, answer := r.exchange(ctx, result)
	if answer != nil && answer.Status == http.StatusUnauthorized && r.Tokens != nil && q.As != AsNone {
		token, ok, err := r.Tokens.Renew(ctx, q.As, result.Request.Request.Token)
		if err == nil && ok {
			answer.Close()
			result.Request.Request.Token = token
			result, answer = r.exchange(ctx, result)
		}
	}
	if answer == nil {
		return result
	}
	defer answer.Close()
	return r.evaluate(result, answer)
}

// exchange sends the request of a result and reads the answer, which is nil if none
// came. The whole body is read, expected or not: an answer that breaks off does not
// count, and its time is that of its end.
func (r *run) exchange(ctx context.Context, result Result) (Result, *call.Answer) {
	clean := r.redactor(result.Request)
	request := result.Request.Request
	if p := result.Request.Poll; p != nil {
		request.Expect = request.Expect.With(p.Until)
	}
	answer, err := r.Client.Do(ctx, request)
	if err != nil {
		return r.unanswered(result, err), nil
	}
	err = answer.WriteBody(io.Discard)
	result.Method, result.Status, result.Attempts = clean(answer.Method), answer.Status, answer.Attempts
	result.Duration = answer.Timing.Total
	if err != nil {
		answer.Close()
		return r.unanswered(result, err), nil
	}
	return result, answer
}

func (r *run) evaluate(result Result, answer *call.Answer) Result {
	q := result.Request
	outcome := answer.Check(q.Request.Expect)
	if q.Poll != nil {
		until := answer.Check(q.Poll.Until)
		if result.isAwaited = until.OK(); !result.isAwaited {
			outcome = until
		}
	}
	if outcome.Fault != nil {
		return r.unanswered(result, outcome.Fault)
	}
	isMet := outcome.OK()
	if isMet {
		values, missing := q.values(answer)
		outcome.Expectations = append(outcome.Expectations, missing...)
		isMet = len(missing) == 0
		r.keep(values)
	}
	clean := r.redactor(q)
	for _, e := range outcome.Expectations {
		e.Expected, e.Found = clean(e.Expected), clean(e.Found)
		result.Expectations = append(result.Expectations, e)
	}
	if result.Verdict = Passed; isMet {
		return result
	}
	result.Verdict = Failed
	known := explain.Context{}
	if r.Known != nil {
		known = r.Known(q)
	}
	known.Situation = explain.SuiteFile
	switch q.As {
	case AsDefault:
	case AsNone:
		known.Caller = explain.AnonymousCaller
	default:
		known.Caller = explain.OtherCaller
	}
	if x := explain.Explain(answer, known).Map(clean); x != nil {
		x.Command = r.plan.expand(x.Command)
		result.Explanation = x
	}
	return result
}

// keep notes captured values. From now on they are hidden in everything that is
// printed, as variables are.
func (r *run) keep(values map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.Copy(r.values, values)
	r.plan.hide(values)
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
