// An unmodified Go MCP client behind m2m serve --local --upstream: it finds metadata and
// scope, acquires a token, lists the tools, calls one, and holds a stream.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/auth/extauth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	handler, err := extauth.NewClientCredentialsHandler(&extauth.ClientCredentialsHandlerConfig{
		Credentials: &oauthex.ClientCredentials{
			ClientID: os.Getenv("CLIENT_ID"), ClientSecretAuth: &oauthex.ClientSecretAuth{ClientSecret: os.Getenv("CLIENT_SECRET")},
		},
	})
	if err != nil {
		return err
	}
	var seen []string
	client := mcp.NewClient(&mcp.Implementation{Name: "shown", Version: "1.0.0"}, &mcp.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, r *mcp.ProgressNotificationClientRequest) {
			seen = append(seen, fmt.Sprint(r.Params.Progress))
		},
	})
	session, err := client.Connect(ctx, &mcp.StreamableClientTransport{Endpoint: os.Getenv("API_URL") + "/mcp", OAuthHandler: handler}, nil)
	if err != nil {
		return err
	}
	defer session.Close()
	list, err := session.ListTools(ctx, nil)
	if err != nil {
		return err
	}
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
	}
	slices.Sort(names)
	fmt.Println("tools:", strings.Join(names, " "))
	sum, err := session.CallTool(ctx, &mcp.CallToolParams{Name: "add", Arguments: map[string]any{"a": 40, "b": 2}})
	if err != nil {
		return err
	}
	fmt.Println("add:", sum.Content[0].(*mcp.TextContent).Text)
	params := &mcp.CallToolParams{Name: "count", Arguments: map[string]any{}}
	params.SetProgressToken("count")
	counted, err := session.CallTool(ctx, params)
	if err != nil {
		return err
	}
	fmt.Println("count:", strings.Join(seen, " "), counted.Content[0].(*mcp.TextContent).Text)
	return nil
}
