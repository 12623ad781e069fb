// Package minttest makes tokens for tests, from the claims of a published
// capture, in which any claim can be changed. They live from 11:30 to 12:30 on
// 1 June 2026.
package minttest
