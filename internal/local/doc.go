// Package local runs a local tenant on this machine, next to the API that its
// tokens are for, and finds the one that runs already.
//
// Open listens for both and makes the tenant; Server.Serve runs them. The settings
// of its clients go one of two ways: into the environment of a child command
// (Server.CommandEnvironment, Server.RunWithChild), or into files of the user's
// state directory (Claim, Server.WriteFiles), where RunningSettings and
// RunningControl find them as long as the tenant runs. Both listen on loopback
// only.
package local
