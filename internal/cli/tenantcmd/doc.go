// Package tenantcmd has the commands of the local tenant: they run it (run), print what
// it has and did (status) and tokens of it (mint), make it misbehave (fault), and print
// or check the file that describes it (init, check, schema).
package tenantcmd
