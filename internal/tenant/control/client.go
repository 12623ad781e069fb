package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/mint"
	"m2m/internal/transport"
)

const (
	clientTimeout = 30 * time.Second
	// maxAnswer bounds an answer in bytes; a token is the longest.
	maxAnswer = 1 << 20
)

// ErrAddress means that an address is not https on loopback: the key must not
// leave this machine.
var ErrAddress = errors.New("not an https address of this machine")

// StrangeError means that what answers is not the control endpoint of this version
// of m2m.
type StrangeError struct {
	URL    string
	Status int
}

// Error names the address and the status.
func (e *StrangeError) Error() string {
	return fmt.Sprintf("what answers at %s is not a local tenant of this version of m2m: HTTP %d", e.URL, e.Status)
}

// Client asks a running local tenant for what no Entra does. Make one with
// NewClient.
type Client struct {
	access Access
	http   *http.Client
}

// NewClient returns a client of one tenant. trace, which may be nil, receives
// every exchange. The error is ErrAddress.
func NewClient(access Access, trace func(transport.Exchange)) (*Client, error) {
	u, err := url.Parse(access.URL)
	if err != nil || u.Scheme != "https" || !transport.Loopback(u.Hostname()) {
		return nil, ErrAddress
	}
	return &Client{access, &http.Client{
		Transport:     transport.New(transport.Config{CAFile: access.CAFile, Trace: trace}),
		Timeout:       clientTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Mint asks for a token, however wrong. The errors are *Error for what the tenant
// refuses, *transport.Error where it does not answer, *StrangeError, and those of
// ctx.
func (c *Client) Mint(ctx context.Context, asked mint.Request) (entra.Secret, error) {
	var minted Minted
	err := c.post(ctx, "mint", asked, &minted)
	return entra.NewSecret(minted.Token), err
}

// SetFaults changes the faults of the tenant, all of them or, if one is
// misspelt, none, and returns its state. The errors are those of Mint.
func (c *Client) SetFaults(ctx context.Context, asked FaultsRequest) (state State, err error) {
	err = c.post(ctx, "faults", asked, &state)
	return state, err
}

// State returns the state of the tenant. The errors are those of Mint.
func (c *Client) State(ctx context.Context) (state State, err error) {
	err = c.exchange(ctx, http.MethodGet, "state", nil, &state)
	return state, err
}

// post sends a request to one path of the endpoint and reads the answer.
func (c *Client) post(ctx context.Context, path string, asked, answer any) error {
	body, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	return c.exchange(ctx, http.MethodPost, path, body, answer)
}

func (c *Client) exchange(ctx context.Context, method, path string, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.access.URL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.access.Key)
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return unreachable(err)
	}
	defer response.Body.Close()
	received, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return unreachable(err)
	}
	refused := &Error{Status: response.StatusCode}
	switch {
	case response.StatusCode == http.StatusOK && json.Unmarshal(received, answer) == nil:
		return nil
	case response.StatusCode != http.StatusOK && json.Unmarshal(received, refused) == nil && refused.Word != "":
		return refused
	}
	return &StrangeError{c.access.URL, response.StatusCode}
}

func unreachable(err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	return transport.Diagnose("", err)
}
