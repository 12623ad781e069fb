// Package fault makes a local tenant fail on request: throttling, server
// errors, slow and broken answers, wrong clocks, key sets that lack a key. A
// fault has a text form, such as token:429,retry-after=2,times=3, which Parse
// reads.
//
// A List holds the faults that answer requests and puts them before the
// handlers of the endpoints. The faults of keys and clock are for the tenant to
// carry out: they change what its handlers answer.
package fault
