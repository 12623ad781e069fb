// Package probe tests whether an API really verifies its tokens. It sends the
// requests of package forge and evaluates the answers.
//
// A run begins with a baseline: the valid token must get a 2xx answer and no
// token a rejection, else nothing can be decided and the run stops. The baseline
// is checked again along the way, so that an expired token, an API that went down
// or a rate limit is not taken for an API that rejects forgeries.
//
//	report, err := probe.Run(ctx, probe.Config{Target: url, Token: token, …})
//	for _, result := range report.Results {
//		if result.Outcome == probe.Finding { … }
//	}
//
// A case is a finding if the API answers 2xx, if it answers with the content
// that the valid token gets, if it answers 5xx or not at all where the baseline
// still holds, if it takes ten times as long as the baseline, and if it fetches
// an address that the token names. Protected resource metadata is a finding if it
// leads clients to another server. For a server of the Model Context Protocol each
// case is sent twice, as initialize and as tools/list.
//
// Each request goes over a plain connection of its own, because net/http would
// not send some of them. Redirects are never followed, and nothing is sent
// anywhere but to the host of the target. The package prints nothing.
package probe
