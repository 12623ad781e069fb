package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/issuer"
	"m2m/internal/settings"
	"m2m/internal/text"
	"m2m/internal/transport"
)

const (
	controlTimeout = 30 * time.Second
	// maxControlAnswer bounds an answer in bytes; a token is the longest.
	maxControlAnswer = 1 << 20
)

// controlClient asks things of a running local tenant that no Entra would do.
// Make one with openControl.
type controlClient struct {
	access controlAccess
	http   *http.Client
}

// openControl returns a client for the tenant of the environment, as COMMAND under
// serve --local has it, else for the one that runs on this machine. With none
// running the error is the exit.Error of --local.
func openControl(env *cli.Env, cmd *cobra.Command) (*controlClient, error) {
	access, err := controlAccessOf(env, cmd)
	if err != nil {
		return nil, err
	}
	if err := checkControlURL(access.URL); err != nil {
		return nil, err
	}
	// No proxy: what is asked is on this machine, and the key goes with it.
	config := transport.Config{CAFile: access.CAFile}
	if env.Debug {
		config.Trace = func(e transport.Exchange) { env.Say("debug: %s", e) }
	}
	return &controlClient{access, &http.Client{
		Transport:     transport.New(config),
		Timeout:       controlTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func controlAccessOf(env *cli.Env, cmd *cobra.Command) (controlAccess, error) {
	address, _ := env.Lookup(controlURLVariable)
	key, _ := env.Lookup(controlKeyVariable)
	switch {
	case address != "" && key != "":
		ca, _ := env.Lookup("M2M_CA_FILE")
		return controlAccess{address, key, ca}, nil
	case address != "" || key != "":
		return controlAccess{}, exit.Usagef("%s and %s go together, but only one is set", controlURLVariable, controlKeyVariable).
			Hint("take both as serve --local -- COMMAND gave them, or neither")
	}
	return runningControl(inputFor(env, cmd, settings.Uses{}))
}

// checkControlURL keeps the key on this machine, whatever the environment says.
func checkControlURL(address string) error {
	u, err := url.Parse(address)
	if err == nil {
		ip := net.ParseIP(u.Hostname())
		if u.Scheme == "https" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()) {
			return nil
		}
	}
	return exit.Usagef("%s is no https address of this machine: %s", controlURLVariable, text.Quote(address)).
		Hint("take it as serve --local -- COMMAND gave it")
}

// mint asks for a token, however wrong. What the tenant refuses is an exit.Error.
func (c *controlClient) mint(ctx context.Context, asked issuer.MintRequest) (entra.Secret, error) {
	var minted issuer.Minted
	if err := c.post(ctx, "mint", asked, &minted); err != nil {
		return entra.Secret{}, err
	}
	return entra.NewSecret(minted.Token), nil
}

// post sends a request to one path of the endpoint and reads the answer.
func (c *controlClient) post(ctx context.Context, path string, asked, answer any) error {
	body, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	return c.do(ctx, http.MethodPost, path, bytes.NewReader(body), answer)
}

func (c *controlClient) do(ctx context.Context, method, path string, body io.Reader, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.access.URL+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.access.Key)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return c.unreachable(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxControlAnswer))
	if err != nil {
		return c.unreachable(err)
	}
	if response.StatusCode != http.StatusOK {
		return c.refused(response.StatusCode, text)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return c.strange(response.StatusCode)
	}
	return nil
}

// unreachable is a tenant that gave no answer: it ended, mostly.
func (c *controlClient) unreachable(err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	fault := transport.Diagnose("", err)
	return exit.Errorf(exit.Unknown, "the local tenant gave no answer: %v", fault).
		Hint("see whether m2m serve --local still runs").
		Wrap(fault)
}

// refused makes a mistake of the caller's of what the tenant refused.
func (c *controlClient) refused(status int, answer []byte) error {
	refused := &issuer.ControlError{Status: status}
	if json.Unmarshal(answer, refused) != nil || refused.Word == "" {
		return c.strange(status)
	}
	var hints []string // beside those of refused
	if refused.Word == "wrong_key" {
		hints = []string{"the key belongs to another tenant, or to one that has ended: leave " + controlKeyVariable + " as serve --local -- COMMAND set it"}
	}
	return exit.Usagef("the local tenant refused: %s", text.OneLine(refused.Reason, 400)).Hint(hints...).Wrap(refused)
}

func (c *controlClient) strange(status int) error {
	return exit.Errorf(exit.Unknown, "what answers at %s is no local tenant of this m2m: HTTP %d", c.access.URL, status).
		Hint("stop m2m serve --local and start it again with this version")
}
