package token

import (
	"context"
	"errors"
	"time"

	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/token/cache"
)

// cacheKey is the key under which the token of a request is stored. secret is the
// credential's lasting one.
func (r Request) cacheKey(secret entra.Secret) cache.Key {
	return cache.Key{
		Authority: r.Authority.Origin, Tenant: r.Authority.Tenant, ClientID: r.ClientID, Agent: r.Agent,
		Scope: r.Scope, Claims: r.Claims, Region: r.Region, Credential: r.Credential.Kind(), Secret: secret,
	}
}

// livesFor reports whether a token from the cache lives long enough for a request.
func (c *Client) livesFor(e *cache.Entry, wanted time.Duration) bool {
	return e.Lives(c.now(), max(leastTTL, wanted))
}

// fromEntry is the token in an entry of the cache.
func fromEntry(e *cache.Entry) Token {
	return Token{
		Access: entra.NewSecret(e.Access), Type: e.Type,
		ExpiresOn: e.ExpiresOn.UTC(), RefreshOn: e.RefreshOn.UTC(), Source: SourceCache,
	}
}

// throughCache returns the token in the slot, or requests one and puts it there.
// Of several processes that miss, one requests it and the others wait.
func (c *Client) throughCache(ctx context.Context, s *cache.Slot, r Request) (Token, error) {
	start := c.now()
	old, err := s.Read(c.now())
	switch {
	case err != nil:
		c.debug("cache: miss: " + err.Error())
	case r.Refresh:
		c.debug("cache: passed over, a new token is wanted")
	case !c.livesFor(old, r.MinTTL):
		c.debug("cache: the token there expires too soon, at " + text.Time(old.ExpiresOn))
	case !old.Due(c.now()):
		c.debug("cache: hit")
		return fromEntry(old), nil
	default:
		return c.renew(ctx, s, r, old)
	}
	fresh := func(e *cache.Entry) bool {
		if !e.AskedAt.Before(start) {
			return c.livesFor(e, 0) // none can be newer, whatever was wished
		}
		return !r.Refresh && c.livesFor(e, r.MinTTL)
	}
	return c.fill(ctx, s, r, fresh)
}

// fill requests a token under the slot's lock and stores it. A token that another
// process stored meanwhile is taken instead, if it is fresh.
func (c *Client) fill(ctx context.Context, s *cache.Slot, r Request, fresh func(*cache.Entry) bool) (Token, error) {
	if err := s.Prepare(); err != nil {
		c.debug("cache: not used: " + err.Error())
		return c.request(ctx, r)
	}
	unlock, found, err := s.Lock(ctx, func() *cache.Entry {
		if e, err := s.Read(c.now()); err == nil && fresh(e) {
			return e
		}
		return nil
	})
	if err != nil {
		c.debug("cache: asking without a lock: " + err.Error())
	}
	defer unlock()
	if found != nil {
		c.debug("cache: hit, stored by another process")
		return fromEntry(found), nil
	}
	return c.requestAndStore(ctx, s, r)
}

// renew requests the successor of a token that still works but that Entra advised
// to replace (refresh_in). One process does; the others, and that one too if
// there is no answer, use the old one.
func (c *Client) renew(ctx context.Context, s *cache.Slot, r Request, old *cache.Entry) (Token, error) {
	c.debug("cache: the token there should be renewed since " + text.Time(old.RefreshOn))
	unlock, locked, err := s.TryLock()
	if err == nil && !locked {
		c.debug("cache: hit, another process renews it")
		return fromEntry(old), nil
	}
	defer unlock()
	if e, err := s.Read(c.now()); err == nil && c.livesFor(e, r.MinTTL) && !e.Due(c.now()) {
		return fromEntry(e), nil
	}
	token, err := c.requestAndStore(ctx, s, r)
	if errors.Is(err, ErrUnavailable) {
		c.debug("cache: hit, the token could not be renewed: " + err.Error())
		return fromEntry(old), nil
	}
	return token, err
}

// requestAndStore requests a token and puts it into the slot, unless it expires so
// soon that it would never be used from there.
func (c *Client) requestAndStore(ctx context.Context, s *cache.Slot, r Request) (Token, error) {
	asked := c.now()
	token, err := c.request(ctx, r)
	if err != nil {
		return Token{}, err
	}
	e := &cache.Entry{
		Access: token.Access.Reveal(), Type: token.Type,
		ExpiresOn: token.ExpiresOn, RefreshOn: token.RefreshOn, AskedAt: asked,
	}
	if !c.livesFor(e, 0) {
		c.debug("cache: not stored, the token lives less than " + leastTTL.String())
		return token, nil
	}
	if err := s.Write(e); err != nil {
		c.debug("cache: not stored: " + err.Error())
	}
	s.Sweep(c.now())
	return token, nil
}
