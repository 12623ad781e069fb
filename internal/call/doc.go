// Package call sends one request to a protected API, or a suite of them, holds
// each answer against what was expected, and explains a refusal.
//
// A bearer token goes to the origin that the request names and nowhere else:
// redirects are reported, and followed only on request and only inside that
// origin; plain http is for loopback unless the caller says otherwise.
//
//	client := &call.Client{Transport: transport, Now: time.Now}
//	answer, err := client.Do(ctx, request)   // err: *AddressError, *UnreachableError, …
//	defer answer.Close()
//	err = answer.WriteBody(os.Stdout)        // streams, binary safe
//	if err := answer.Judge().Err(); err != nil {
//		explanation := call.Explain(answer, call.Context{Token: request.Token, …})
//	}
//
// A suite is a file: ParseSuite reads it, Suite.Plan puts its variables in and
// checks where its requests go, and a SuiteRunner sends them.
//
// The package returns data and prints nothing. It never judges a token: what
// an explanation says of one is read from the token itself, unverified.
package call
