// Package testreport writes the results of tests in the forms that CI systems
// read.
package testreport
