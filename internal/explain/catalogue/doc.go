// Package catalogue holds what is known about the errors of APIs, gateways and
// frameworks, as data: services.json says by which marks a service is recognised,
// errors.json what an error means and how it is fixed, each row with its source.
//
// A row stands here only where the other side's own words mislead, or lack the
// cause or the fix. Rows are tried in their order, the most specific first.
package catalogue
