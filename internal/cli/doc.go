// Package cli is what the commands of m2m share: the streams, environment and
// clock they run with (Env), the command line they are found on (Main, Commands),
// and how they print data, errors and hints. A command is a package below it.
package cli
