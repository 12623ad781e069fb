package tenantcmd

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/tenant/control"
	"m2m/internal/text"
)

const statusLong = `Prints what the running local tenant has: its apps, managed identities and agent identities,
the faults in force, and the last 50 token requests with their outcome and an explanation.
"(inferred)" marks a rejection whose HTTP status or error word no published answer of Entra
shows. --follow goes on and prints each token request as it comes.`

const statusExamples = `  m2m tenant status             apps, faults and the last token requests
  m2m tenant status --follow    and every token request from now on
  m2m tenant status -o json     the same for programs`

// followPause is how often --follow asks for new requests.
const followPause = 300 * time.Millisecond

// newStatus makes the command that prints the state of the running local tenant.
func newStatus(env *cli.Env) *cobra.Command {
	var form string
	var follow bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Print the apps, faults and last token requests of the running local tenant",
		Long:  statusLong, Example: statusExamples,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			env.JSONErrors = form == "json"
			if err := cli.CheckForm(form, []string{"text", "json"}); err != nil {
				return err
			}
			tenant, err := cli.OpenControl(env, cmd)
			if err != nil {
				return err
			}
			state, err := tenant.State(cmd.Context())
			if err != nil {
				return cli.ControlFault(err)
			}
			if err := printState(env, state, form, follow); err != nil || !follow {
				return err
			}
			return followRequests(cmd.Context(), env, tenant, state, form)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&follow, "follow", false, "print each token request as it comes, until Ctrl-C; with -o json one a line")
	flags.StringVarP(&form, "output", "o", "text", "output `FORMAT`: text or json")
	return cmd
}

// indent is the column where what follows the first word of a line begins.
const indent = len("identity ")

func printState(env *cli.Env, state control.State, form string, follow bool) error {
	switch {
	case form == "json" && follow:
		for _, r := range state.Requests {
			if err := cli.WriteJSONLine(env.Out, r); err != nil {
				return err
			}
		}
		return nil
	case form == "json":
		return cli.WriteJSON(env.Out, state)
	}
	width := cli.Width(env.Stdout)
	var b strings.Builder
	line := func(label, s string) { b.WriteString(text.Hang(label, s, indent, width) + "\n") }
	line("tenant", fmt.Sprintf("%s at %s, clock %s", strings.Join(state.Tenants, ", "), state.Origin, clockInWords(state.Clock)))
	for _, app := range state.Apps {
		line(shortKind(app.Kind), app.ID+"  "+text.OneLine(app.Name, 60)+detailsOf(app))
	}
	for _, f := range state.Faults {
		line("fault", fmt.Sprintf("%s, answered %d", f.Fault, f.Answered))
	}
	if len(state.Requests) == 0 {
		b.WriteString("no token request yet\n")
	}
	for _, r := range state.Requests {
		b.WriteString(requestLine(r, width))
	}
	_, err := io.WriteString(env.Out, b.String())
	return err
}

func clockInWords(offset string) string {
	switch {
	case offset == "0s" || offset == "":
		return "right"
	case strings.HasPrefix(offset, "-"):
		return offset[1:] + " behind"
	}
	return offset + " ahead"
}

func shortKind(kind control.AppKind) string {
	switch kind {
	case control.KindAPI:
		return "API"
	case control.KindSystemIdentity, control.KindUserIdentity:
		return "identity"
	case control.KindAgent:
		return "agent"
	}
	return string(kind)
}

// detailsOf says what is particular about an app, in brackets.
func detailsOf(app control.App) string {
	var parts []string
	switch app.Kind {
	case control.KindSystemIdentity:
		parts = append(parts, "system-assigned")
	case control.KindUserIdentity:
		parts = append(parts, "user-assigned")
	case control.KindAgent:
		parts = append(parts, "blueprint "+app.Blueprint)
	}
	parts = slices.Concat(parts, app.URIs, app.Roles)
	if len(parts) == 0 {
		return ""
	}
	return "  (" + text.OneLine(strings.Join(parts, ", "), 120) + ")"
}

// requestLine is one token request: when, who, for what, and the outcome with its
// explanation, in lines of at most width columns.
func requestLine(r control.TokenRequest, width int) string {
	who := cmp.Or(r.ClientName, r.ClientID, "no client")
	if r.Agent != "" {
		who += " for agent " + r.Agent
	}
	outcome := "issued"
	if !r.Issued() {
		outcome = fmt.Sprintf("HTTP %d", r.Status)
		if r.Code != 0 {
			outcome += fmt.Sprintf(" %s AADSTS%d", r.Error, r.Code)
		}
		outcome += ": " + text.OneLine(r.Reason, 400)
		if r.Inferred {
			outcome += " (inferred)"
		}
	}
	line := fmt.Sprintf("%s, %s, %s: %s", text.OneLine(who, 130), r.Credential, text.OneLine(cmp.Or(r.Resource, "no resource"), 130), outcome)
	return text.Hang(r.Time.UTC().Format(time.TimeOnly), line, indent, width) + "\n"
}

// followRequests prints requests as they come until ctx ends.
func followRequests(ctx context.Context, env *cli.Env, tenant *control.Client, state control.State, form string) error {
	last := 0
	for {
		for _, r := range state.Requests {
			last = max(last, r.Number)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(followPause):
		}
		next, err := tenant.State(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return cli.ControlFault(err)
		}
		for _, r := range next.Requests {
			switch {
			case r.Number <= last:
				continue
			case form == "json":
				err = cli.WriteJSONLine(env.Out, r)
			default:
				_, err = io.WriteString(env.Out, requestLine(r, cli.Width(env.Stdout)))
			}
			if err != nil {
				return err
			}
		}
		state.Requests = append(state.Requests, next.Requests...)[max(0, len(state.Requests)+len(next.Requests)-control.MaxRequests):]
	}
}
