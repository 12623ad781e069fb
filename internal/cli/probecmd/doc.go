// Package probecmd sends forged tokens to an API and reports what it lets in.
// Before that it asks whether an API on another machine may be probed.
package probecmd
