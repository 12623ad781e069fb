package testreport

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteGitHub writes a workflow command of GitHub Actions for each case that did not
// pass, so that the runner shows it at its line of the file.
// Source: docs.github.com, Workflow commands for GitHub Actions.
func (r Report) WriteGitHub(w io.Writer) error {
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	return r.annotate(w, func(c Case) string {
		return fmt.Sprintf("::error file=%s,line=%d,title=%s::%s\n",
			property.Replace(c.File), c.Line, property.Replace(c.Name), message.Replace(c.annotation()))
	})
}

// WriteAzure does the same with a logging command of Azure Pipelines.
// Source: learn.microsoft.com, Logging commands.
func (r Report) WriteAzure(w io.Writer) error {
	escape := strings.NewReplacer("%", "%AZP25", ";", "%3B", "\r", "%0D", "\n", "%0A", "]", "%5D")
	return r.annotate(w, func(c Case) string {
		return fmt.Sprintf("##vso[task.logissue type=error;sourcepath=%s;linenumber=%s]%s\n",
			escape.Replace(c.File), strconv.Itoa(c.Line), escape.Replace(c.Name+": "+c.annotation()))
	})
}

func (r Report) annotate(w io.Writer, line func(Case) string) error {
	for _, s := range r.shown().Suites {
		for _, c := range s.Cases {
			if c.Outcome != Failed && c.Outcome != Errored {
				continue
			}
			if _, err := io.WriteString(w, line(c)); err != nil {
				return err
			}
		}
	}
	return nil
}

// annotation is what is shown at the line: all that is known, else the message.
func (c Case) annotation() string {
	if c.Detail != "" {
		return c.Detail
	}
	return c.Message
}
