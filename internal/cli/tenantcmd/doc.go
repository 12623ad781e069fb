// Package tenantcmd has the commands that act on the local tenant: they print a
// token of it (mint), make it misbehave (fault) and print or check the file that
// describes it (tenant-file).
package tenantcmd
