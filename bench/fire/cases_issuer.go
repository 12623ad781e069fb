package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"bench/stage"
)

func downAtStart(_ context.Context, t *trial) (string, error) {
	c := oneConnection()
	answers := each(50, 8, func(int) int {
		response, err := t.server.get(c, "/secure-data", t.token)
		if err != nil {
			return 0
		}
		defer response.Body.Close()
		if response.Header.Get("Retry-After") == "" {
			return -response.StatusCode
		}
		return response.StatusCode
	})
	ready, _ := t.server.status(c, "/readyz", "")
	alive, _ := t.server.status(c, "/healthz", "")
	if err := t.issuer.Start(); err != nil {
		return "", err
	}
	began := time.Now()
	for status := 0; status != http.StatusOK && time.Since(began) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
		status, _ = t.server.ask(c, t.token)
		if status != http.StatusOK {
			answers[status]++
		}
	}
	took := time.Since(began)
	seen := fmt.Sprintf("%s; /healthz %d, /readyz %d; let in after %.1f s", answers, alive, ready, took.Seconds())
	err := answers.only(http.StatusServiceUnavailable)
	if ready != http.StatusServiceUnavailable || alive != http.StatusOK || took > 2*time.Second {
		err = errors.Join(err, errors.New("not as promised"))
	}
	return seen, err
}

// a step of a roll lasts long enough for thousands of requests.
const step = time.Second

func rollUnderLoad(_ context.Context, t *trial) (string, error) {
	first := t.issuer.Current()
	second, err := stage.NewKey()
	if err != nil {
		return "", err
	}
	third, err := stage.NewKey()
	if err != nil {
		return "", err
	}
	tokens, before := []string{t.token}, t.issuer.Fetches()
	l := startLoad(t.server, 32, tokens...)
	for _, set := range [][]*stage.Signer{{first, second}, {second}, {third}} {
		time.Sleep(step)
		t.issuer.Publish(set...)
		tokens = append(tokens, t.issuer.Tokens(10)...)
		l.use(slices.Clone(tokens)...)
	}
	time.Sleep(step)
	answers, fetched := l.stop(), t.issuer.Fetches()-before
	seen := fmt.Sprintf("%s; %d fetches for 2 new keys", answers, fetched)
	return seen, errors.Join(answers.only(http.StatusOK), atMost(fetched, 2))
}

var errFetches = errors.New("too many key fetches")

func atMost(fetched, most int) error {
	if fetched > most {
		return fmt.Errorf("%w: %d, expected at most %d", errFetches, fetched, most)
	}
	return nil
}

func flappingSets(_ context.Context, t *trial) (string, error) {
	first := t.issuer.Current()
	second, err := stage.NewKey()
	if err != nil {
		return "", err
	}
	before := t.issuer.Fetches()
	l := startLoad(t.server, 32, t.token)
	lacking, having := []*stage.Signer{first}, []*stage.Signer{first, second}
	if before%2 == 1 { // so that the next answer lacks it
		lacking, having = having, lacking
	}
	t.issuer.Disagree(second, lacking, having)
	l.use(append(t.issuer.Tokens(20), t.token)...)
	time.Sleep(3 * step)
	answers, fetched := l.stop(), t.issuer.Fetches()-before
	seen := fmt.Sprintf("%s; %d fetches", answers, fetched)
	return seen, errors.Join(answers.only(http.StatusOK), atMost(fetched, 2))
}

func randomKeyIDs(_ context.Context, t *trial) (string, error) {
	before := t.issuer.Fetches()
	good := startLoad(t.server, 4, t.token)
	c := keepAlive(28)
	defer c.CloseIdleConnections()
	bad := each(10_000, 28, func(int) int {
		status, _ := t.server.ask(c, t.issuer.Forged())
		return status
	})
	answers, fetched := good.stop(), t.issuer.Fetches()-before
	seen := fmt.Sprintf("forged: %s; good: %s; %d fetches", bad, answers, fetched)
	return seen, errors.Join(bad.only(http.StatusUnauthorized), answers.only(http.StatusOK), atMost(fetched, 4))
}
