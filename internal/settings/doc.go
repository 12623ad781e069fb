// Package settings finds the settings of a command: what each is called as a
// flag and as a variable, which of the places that give one counts, and which
// values may be used together.
//
// The places, highest first, are flags, the settings of a running local tenant
// (--local), the environment, and a .env in the working directory or one that
// --env-file names. Rows is the table of all settings, Resolve finds their
// values. A .env may come from somebody else, so rules in trust.go keep it from
// sending the user's secret elsewhere.
package settings
