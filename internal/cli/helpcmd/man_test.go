package helpcmd

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

func TestManPage(t *testing.T) {
	root := &cobra.Command{Use: "m2m", Run: func(*cobra.Command, []string) {}}
	root.PersistentFlags().Bool("debug", false, "log")
	cmd := &cobra.Command{
		Use: "call URL", Short: "Call it", Long: "First\n.line, it's \\ odd.\n\n  fixed   text", Example: "  m2m call -X 'A' /x",
		Run: func(*cobra.Command, []string) {},
	}
	cmd.Flags().StringP("output", "o", "body", "output `FORMAT`: body or json")
	root.AddCommand(cmd)
	page, _, _ := strings.Cut(manPage(cmd), ".SH EXIT STATUS")
	_, page, _ = strings.Cut(page, "\n") // the version
	want := `.SH NAME
m2m\-call \- Call it
.SH SYNOPSIS
.B m2m call URL [flags]
.SH DESCRIPTION
First
\&.line, it\(aqs \e odd.
.PP
.nf
  fixed   text
.fi
.SH EXAMPLES
.nf
  m2m call \-X \(aqA\(aq /x
.fi
.SH FLAGS
.TP
\fB\-o\fR, \fB\-\-output\fR \fIFORMAT\fR
output FORMAT: body or json (default body)
.SH FLAGS OF EVERY COMMAND
.TP
\fB\-\-debug\fR
log
`
	if diff := cmp.Diff(want, page); diff != "" {
		t.Errorf("the page differs (-want +got):\n%s", diff)
	}
}

// TestGroffReadsManPage: groff warns of nothing in a page.
func TestGroffReadsManPage(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff here")
	}
	cmd := &cobra.Command{Use: "m2m", Short: "s", Long: ExitCodes, Example: "  m2m 'x' `y` ~ ^ \\", Run: func(*cobra.Command, []string) {}}
	run := exec.Command(groff, "-man", "-ww", "-z", "-Tutf8")
	run.Stdin = strings.NewReader(manPage(cmd))
	if out, err := run.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
