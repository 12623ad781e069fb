// Package testcmd runs the requests of a suite's file and reports which were
// answered as expected: in a table, JSON and JUnit.
package testcmd
