// Package transport says how the requests of m2m go out, and why one of them
// got no answer.
//
// A [Transport] is the one http.RoundTripper of a command: roots of the system
// and of a CA file, proxies, time limits, and a trace without secrets.
// [Diagnose] turns an error of net/http into an [Error], which names one [Fault]
// and says it in a sentence. Advice is for the caller to give.
//
// [Loopback] is what every command means by "this machine": a token may go there
// in clear, and the local tenant listens nowhere else. [Retry], [Backoff],
// [RetryAfter] and [Sleep] say when a request is sent again, and [Fetch] gets one
// document of bounded size in bounded time.
package transport
