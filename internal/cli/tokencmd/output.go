package tokencmd

import (
	"cmp"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/text"
	"m2m/internal/token"
)

// output says how the token is printed.
type output struct {
	form string // one of forms
	file string // the PATH of --output-file; empty for stdout
	mask bool
	// maskPrefix begins the line that masks the token; check sets it.
	maskPrefix string
	// execVersion is the apiVersion of -o exec-credential; check sets it.
	execVersion string
}

func (o *output) add(flags *pflag.FlagSet) {
	flags.StringVarP(&o.form, "output", "o", "raw", "output `FORMAT`: raw, json, header, curl or exec-credential")
	flags.StringVar(&o.file, "output-file", "", "write to `PATH` instead of stdout, whole or not at all, readable only by you")
	flags.BoolVar(&o.mask, "mask", false, "have GitHub Actions or Azure Pipelines hide the token in the job's log")
}

// check finds what cannot work before a token is requested.
func (o *output) check(env *cli.Env) (err error) {
	if err := cli.CheckForm(o.form, forms); err != nil {
		return err
	}
	if o.mask {
		if o.maskPrefix, err = maskPrefix(env); err != nil {
			return err
		}
	}
	if o.form == "exec-credential" {
		o.execVersion, err = execVersion(env)
	}
	return err
}

// The versions of client-go's protocol of credential plugins. The answer must have the
// one that was asked for.
// Source: kubernetes.io/docs/reference/access-authn-authz/authentication.
const (
	execV1      = "client.authentication.k8s.io/v1"
	execV1beta1 = "client.authentication.k8s.io/v1beta1"
)

// execVersion returns the apiVersion that KUBERNETES_EXEC_INFO asks for; v1 without
// that variable.
func execVersion(env *cli.Env) (string, error) {
	info, given := env.Lookup("KUBERNETES_EXEC_INFO")
	if !given || info == "" {
		return execV1, nil
	}
	var asked struct {
		APIVersion string `json:"apiVersion"`
	}
	if json.Unmarshal([]byte(info), &asked) != nil {
		return "", exit.Usagef("KUBERNETES_EXEC_INFO is not JSON").Hint("leave KUBERNETES_EXEC_INFO as kubectl sets it, or unset it")
	}
	switch asked.APIVersion {
	case execV1, execV1beta1:
		return asked.APIVersion, nil
	}
	return "", exit.Usagef("KUBERNETES_EXEC_INFO asks for %s, which m2m does not speak", text.QuoteGiven(asked.APIVersion)).
		Hint("set apiVersion: " + execV1 + " (or " + execV1beta1 + ") under users[].user.exec of the kubeconfig")
}

// print writes the token to w and, before it, with --mask the line that masks
// it: a token that is not masked is not printed.
//
// That line goes to stderr, because stdout holds the token alone and CI runners
// read both. It is the only token m2m ever writes to a log: a runner hides what
// it was shown, and leaves this line out. It starts with the prefix, as runners
// require, and a token has no character that they treat specially (RFC 6750
// section 2.1, checked when it was acquired).
func (o output) print(stderr, w io.Writer, t issuedToken) error {
	if o.mask {
		if err := cli.WriteLine(stderr, o.maskPrefix+t.Access.Reveal()); err != nil {
			return err
		}
	}
	return t.write(w, o)
}

// maskPrefix returns the beginning of the command by which the CI runner that
// reads the log masks a value. Runners announce themselves by a variable:
//
//   - GitHub Actions: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
//   - Azure Pipelines: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
func maskPrefix(env *cli.Env) (string, error) {
	isTrue := func(name string) bool {
		value, _ := env.Lookup(name)
		return strings.EqualFold(value, "true")
	}
	switch {
	case isTrue("GITHUB_ACTIONS"):
		return "::add-mask::", nil
	case isTrue("TF_BUILD"):
		return "##vso[task.setsecret]", nil
	}
	return "", exit.Usagef("--mask is for a job of GitHub Actions or Azure Pipelines, and neither GITHUB_ACTIONS nor TF_BUILD is true").
		Hint(
			"leave --mask out: anywhere else the token would be printed in the clear",
			"in a container of a job, pass GITHUB_ACTIONS or TF_BUILD on to it",
		)
}

// forms are the values of -o, the default first.
var forms = []string{"raw", "json", "header", "curl", "exec-credential"}

// issuedToken is a token with the settings it was acquired with.
type issuedToken struct {
	token.Token
	tenant, clientID, scope string
}

// document is the JSON of `token -o json`. Its keys are stable.
type document struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresOn   int64  `json:"expires_on"`
	ExpiresAt   string `json:"expires_at"`
	TenantID    string `json:"tenant_id,omitempty"`
	ClientID    string `json:"client_id,omitempty"`
	Scope       string `json:"scope,omitempty"`
	// Resource is what a managed identity endpoint says that the token is for.
	Resource string       `json:"resource,omitempty"`
	Source   token.Source `json:"source"`
}

// execCredential is the answer of a credential plugin of kubectl and other users
// of client-go.
type execCredential struct {
	APIVersion string               `json:"apiVersion"`
	Kind       string               `json:"kind"`
	Status     execCredentialStatus `json:"status"`
}

type execCredentialStatus struct {
	ExpirationTimestamp string `json:"expirationTimestamp"`
	Token               string `json:"token"`
}

// write prints the token in one of forms, and nothing else.
func (t issuedToken) write(w io.Writer, o output) error {
	bearer := t.Access.Reveal()
	switch o.form {
	case "json":
		return cli.WriteJSON(w, t.document())
	case "header":
		return cli.WriteLine(w, "Authorization: Bearer "+bearer)
	case "curl":
		return cli.WriteLine(w, `header = "Authorization: Bearer `+bearer+`"`)
	case "exec-credential":
		return cli.WriteJSON(w, execCredential{
			APIVersion: o.execVersion,
			Kind:       "ExecCredential",
			Status:     execCredentialStatus{t.ExpiresOn.UTC().Format(time.RFC3339), bearer},
		})
	}
	return cli.WriteLine(w, bearer)
}

func (t issuedToken) document() document {
	return document{
		AccessToken: t.Access.Reveal(),
		TokenType:   t.Type,
		ExpiresOn:   t.ExpiresOn.Unix(),
		ExpiresAt:   t.ExpiresOn.UTC().Format(time.RFC3339),
		TenantID:    t.tenant,
		ClientID:    cmp.Or(t.ClientID, t.clientID),
		Scope:       t.scope,
		Resource:    t.Resource,
		Source:      t.Source,
	}
}
