// Package suite runs files of requests and of what is expected of their answers.
//
//	s, err := suite.Parse("smoke.yaml", data)      // err: *Error, with all faults
//	plan, err := s.Plan(suite.Context{…})          // variables put in, addresses checked
//	results := (&suite.Runner{Client: c}).Run(ctx, plan)
//
// A suite may come from somebody else: it sends only to the addresses that the caller
// allows, its secrets are variables, and no result shows the value of one.
package suite
