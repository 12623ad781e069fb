// Package call sends one request to a protected API and checks the answer against
// what was expected.
//
// A bearer token goes to the origin that the request names and nowhere else:
// redirects are reported, and followed only on request and only inside that
// origin; plain http is for loopback unless the caller says otherwise.
//
//	client := &call.Client{Transport: transport, Now: time.Now}
//	answer, err := client.Do(ctx, request)   // err: *AddressError, *UnreachableError, …
//	defer answer.Close()
//	err = answer.WriteBody(os.Stdout)        // streams, binary safe
//	err = answer.Evaluate().Err()               // an *ExpectationError
//
// The package returns data and prints nothing.
package call
