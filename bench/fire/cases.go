package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"bench/stage"
)

// trouble is one case. What it returns is what was seen; an error is a promise
// that was broken.
type trouble struct {
	name, promise string
	make          func(context.Context, *trial) (seen string, err error)
	// descriptors limits the server's; 0 is the limit of this process.
	descriptors int
	// tls starts the server with a certificate of its own.
	tls bool
	// streams starts the server in front of an upstream whose streams are silent; the case
	// itself ends the server.
	streams bool
	// most is the bar for its memory in MiB; 0 is mostMemory.
	most float64
	// down starts the server while its issuer cannot be reached.
	down bool
}

// trial is a case while it is tried.
type trial struct {
	issuer *stage.Issuer
	server *server
	token  string
}

// mostMemory is the bar for every case, in MiB.
const mostMemory = 96

const stalledPromise = "2,000 connections without a token stop half-way; /healthz answers within 50 ms"

func cases() []trouble {
	return []trouble{
		{name: "issuer down at start", make: downAtStart, down: true,
			promise: "503 with Retry-After, never 401; alive, not ready; good tokens are let in within 2 s of its return, without a restart"},
		{name: "key roll under load", make: rollUnderLoad,
			promise: "published as it first signs, withdrawn, replaced at once: no valid request is rejected; one fetch for each new key"},
		{name: "flapping sets", make: flappingSets,
			promise: "every other key set lacks the new key: no valid request is rejected; at most two fetches more"},
		{name: "10,000 random key ids", make: randomKeyIDs,
			promise: "each is 401; at most four fetches; good tokens are let in meanwhile"},
		{name: "2,000 connections, 10,000 tokens", make: manyConnections,
			promise: "each request is answered 200"},
		{name: "slowloris", make: slowloris,
			promise: "500 connections that drip their headers are each closed within 6 s; good requests are answered meanwhile"},
		{name: "stalled in headers of 16 KiB", make: stalled(plain, header(16<<10)), promise: stalledPromise},
		{name: "stalled in headers of 32 KiB", make: stalled(plain, header(32<<10-64)), promise: stalledPromise, most: 128},
		{name: "stalled in bodies", make: stalled(plain, body("")), promise: stalledPromise},
		{name: "stalled in forms", make: stalled(plain, body("Content-Type: application/x-www-form-urlencoded\r\n")), promise: stalledPromise},
		{name: "stalled over TLS, headers of 16 KiB", make: stalled(encrypted("http/1.1"), header(16<<10)), promise: stalledPromise,
			tls: true, most: 192},
		{name: "stalled over HTTP/2, headers of 16 KiB", make: stalled(encrypted("h2"), frames(16<<10)), promise: stalledPromise,
			tls: true, most: 256},
		{name: "10,000 idle streams", make: idleStreamsOpen, tls: true, streams: true,
			promise: "silent event streams are not cut, and SIGTERM ends each of them in order"},
		{name: "headers of 1 MB", make: hugeHeaders,
			promise: "each is 431"},
		{name: "oversized and endless bodies", make: endlessBodies,
			promise: "1 GB announced is 413; a body without an end is cut for any caller"},
		{name: "clients gone mid-request", make: clientsGone,
			promise: "2,000 resets at every place of a request cost the next caller nothing"},
		{name: "descriptors exhausted", make: descriptorsExhausted, descriptors: fewDescriptors,
			promise: "the process lives, connections it has are answered, new ones within 2 s of there being room; a line or two a second in the log"},
	}
}

// try runs one case and then looks for what it left behind.
func (c trouble) try(ctx context.Context, dir string) (seen string, err error) {
	i, err := stage.NewIssuer(dir)
	if err != nil {
		return "", err
	}
	defer i.Stop()
	if c.down {
		i.Stop()
	}
	var upstream []string
	if c.streams {
		address, stop, err := silentUpstream()
		if err != nil {
			return "", err
		}
		defer stop()
		upstream = []string{"--upstream", address}
	}
	s, err := start(ctx, dir, i, c, upstream...)
	if err != nil {
		return "", err
	}
	defer s.stop()
	t := &trial{issuer: i, server: s, token: i.Token()}
	if !c.down {
		if err := t.want(http.StatusOK, t.token); err != nil {
			return "", fmt.Errorf("before it began: %w", err)
		}
	}
	before := s.descriptors()
	if seen, err = c.make(ctx, t); err != nil {
		return seen, err
	}
	if c.streams {
		return seen, nil
	}
	if err := t.want(http.StatusOK, t.token); err != nil {
		return seen, fmt.Errorf("after it was over: %w", err)
	}
	left, err := s.left(before, cmp.Or(c.most, mostMemory))
	return seen + "; " + left, err
}

// want sends one request over a connection of its own.
func (t *trial) want(status int, token string) error {
	got, err := t.server.ask(oneConnection(), token)
	if err == nil && got != status {
		err = fmt.Errorf("HTTP %d, expected %d", got, status)
	}
	return err
}
