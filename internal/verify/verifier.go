package verify

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	gojwt "github.com/golang-jwt/jwt/v5"

	"m2m/internal/jwks"
	"m2m/internal/jwt"
)

// Options are the settings of a [Verifier] that are not policy.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// CacheBytes bounds the memory in which Verify remembers valid tokens;
	// 0 means no cache. DefaultCacheBytes holds more than 10,000 tokens.
	CacheBytes int
}

// Verifier checks tokens against one policy and one key source. It is safe for
// concurrent use.
type Verifier struct {
	policy    Policy
	keys      jwks.Source
	now       func() time.Time
	validator *gojwt.Validator
	rules     []rule
	perCall   []rule // of rules: those that a remembered token must pass again
	cache     *cache // nil: none
	hits      atomic.Uint64
	misses    atomic.Uint64
	pool      sync.Pool
}

// New makes a verifier. An incomplete policy, or keys == nil, is not an error:
// checks that cannot be decided are then unknown, and no token is valid; see
// [Policy.Complete]. The error is ErrLeeway, ErrMaxLifetime, ErrTenantName,
// ErrEmptyEntry or ErrPlainIssuer.
func New(p Policy, keys jwks.Source, o Options) (*Verifier, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	v := &Verifier{policy: p.withDefaults(), keys: keys, now: o.Now, rules: rules()}
	v.perCall = slices.DeleteFunc(slices.Clone(v.rules), func(r rule) bool { return r.lasts })
	v.pool.New = func() any { return &evaluation{reader: new(jwt.Reader)} }
	if v.now == nil {
		v.now = time.Now
	}
	v.validator = gojwt.NewValidator(
		gojwt.WithTimeFunc(v.now), gojwt.WithLeeway(v.policy.Leeway),
		gojwt.WithExpirationRequired(), gojwt.WithNotBeforeRequired(), gojwt.WithIssuedAt(),
	)
	if o.CacheBytes > 0 {
		v.cache = newCache(o.CacheBytes)
	}
	return v, nil
}

// Verify returns a valid token, or an *Error. Tokens that are invalid whoever
// signed them cause no key to be fetched.
func (v *Verifier) Verify(ctx context.Context, token string) (*jwt.Token, error) {
	if v.cache == nil {
		return v.verify(ctx, token, nil)
	}
	id := v.cache.digest(token)
	now := v.now()
	if e, ok := v.cache.get(id, now); ok && v.keys.Trusts(e.token.Version, e.key) {
		v.hits.Add(1)
		return v.fromCache(e, now)
	}
	v.misses.Add(1)
	return v.verify(ctx, token, &id)
}

func (v *Verifier) verify(ctx context.Context, token string, id *digest) (*jwt.Token, error) {
	h := v.begin(token)
	defer v.end(h)
	if err := v.precheck(h); err != nil {
		return nil, err
	}
	h.resolveKey(ctx)
	if err := h.decide(v.rules); err != nil {
		return nil, err
	}
	if id != nil {
		v.cache.put(*id, entry{token: h.Token, key: h.key, stored: h.now})
	}
	return h.Token, nil
}

// begin starts the evaluation of a token; end must follow.
func (v *Verifier) begin(token string) *evaluation {
	h := v.pool.Get().(*evaluation)
	*h = v.evaluation(h.reader, v.now())
	h.Parsed, h.fault = h.reader.Parse(token)
	return h
}

func (v *Verifier) evaluation(r *jwt.Reader, now time.Time) evaluation {
	return evaluation{reader: r, policy: &v.policy, keys: v.keys, validator: v.validator, rules: v.rules, now: now}
}

// end puts an evaluation back for the next token, without anything of this one.
func (v *Verifier) end(h *evaluation) {
	h.reader.Wipe()
	v.release(h)
}

// release is end for an evaluation that has read no token.
func (v *Verifier) release(h *evaluation) {
	*h = evaluation{reader: h.reader}
	v.pool.Put(h)
}

// precheck rejects what is invalid whoever signed it, before any key is looked up:
// tokens of other tenants and expired ones must not make us call the issuer. It
// accepts nothing, and stops no forger.
func (v *Verifier) precheck(h *evaluation) error {
	for _, r := range v.rules {
		if r.isForbidden() {
			continue // 403 is for tokens that are valid otherwise
		}
		if o := r.decide(h); !o.allows() && !o.isPending() {
			return h.error(r, o)
		}
	}
	return nil
}

// isForbidden reports whether a token that fails only here is valid, and may not be
// used: 403, not 401.
func (r rule) isForbidden() bool { return r.check == CheckClient || r.check == CheckPermission }

// decide runs the rules once the key is looked up. Only a pass, or a check that the
// policy switches off, accepts a token.
func (h *evaluation) decide(rules []rule) error {
	for _, r := range rules {
		if o := r.decide(h); !o.allows() {
			return h.error(r, o)
		}
	}
	return nil
}

// error says why a rule does not accept the token. Where another check explains it,
// that one is named, as in a report.
func (h *evaluation) error(r rule, o outcome) error {
	if by, blocked := h.blockedBy(r, o); blocked {
		r = h.rules[slices.IndexFunc(h.rules, func(n rule) bool { return n.check == by })]
		o = r.decide(h)
	}
	e := &Error{Check: r.check, Outcome: ErrInvalid, Reason: o.reason}
	switch {
	case o.reason.isUnverifiable(): // by anybody but its audience or issuer
	case o.status != Fail:
		e.Outcome, e.RetryAfter, e.cause = ErrUndecided, h.retryAfter(), h.keyErr
	case r.isForbidden():
		e.Outcome = ErrForbidden
	}
	e.Expected, e.Found = r.describe(h)
	return e
}
