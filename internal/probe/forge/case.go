package forge

import "context"

// Family is a kind of forgery.
type Family string

// The families, in the order in which they are tried.
const (
	NoToken      Family = "no token" // found by the baseline, never tried as a case
	Cache        Family = "cache"
	NoAlgorithm  Family = "no algorithm"
	Signature    Family = "signature"
	Content      Family = "changed content"
	KeyConfusion Family = "key confusion"
	WeakSecret   Family = "weak secret"
	ForeignKey   Family = "foreign key"
	NamedKey     Family = "key named by token"
	KeyID        Family = "key ID"
	Header       Family = "header"
	Form         Family = "form"
	Size         Family = "size"
	Place        Family = "place of the token"
	Identity     Family = "trusted headers"
	Method       Family = "method"
	Path         Family = "path"
	Metadata     Family = "metadata"
	Issued       Family = "wrong tokens"
)

// Case is one request that a probe sends.
type Case struct {
	// Name is stable: a-z, 0-9 and hyphens.
	Name   string
	Family Family
	// Tries says what is sent, as one clause.
	Tries string
	// Safe says what a safe API answers.
	Safe string
	// Risk and Fix are those of an API that accepts the request. Fix is one clause
	// without a full stop.
	Risk Risk
	Fix  string
	// Allows is what a safe API may answer instead of a rejection.
	Allows Allowance
	// InLog says that the valid token, or one that differs from it by a bit, is in
	// the address of the request, which servers and proxies write to their logs.
	InLog bool
	// Flaw says, of an answer in which not the content counts, what is wrong with
	// it; empty for nothing. It is nil for most cases.
	Flaw func(*Kit, Answer) string
	// MayClose allows the connection to be closed without an answer.
	MayClose bool

	build func(context.Context, *Kit) (Request, error)
}

// Request makes the request of the case. The error says why it cannot be made; it
// is ErrKeysAbsent if the issuer's public key is missing.
func (c Case) Request(ctx context.Context, k *Kit) (Request, error) { return c.build(ctx, k) }

// Allowance is what a safe API may answer instead of a rejection.
type Allowance int

const (
	Rejection Allowance = iota // 401, 400 or another rejection alone
	Anything                   // the request is legal, or harmless: a 2xx answer is fine
	OtherPage                  // a 2xx answer is fine if any address of the API gets one
	Preflight                  // a 2xx answer is fine if its content is not the protected one
	NoMethod                   // a rejection, or 501: the method is not known
)

// safeAnswers are the words of Case.Safe where a case has none of its own.
var safeAnswers = [...]string{
	Rejection: "401 or 400",
	Anything:  "the content, or a rejection",
	OtherPage: "401 or 404",
	Preflight: "anything but the content",
	NoMethod:  "401, 405 or 501",
}

// forgery is a case that sends a token as any client would.
type forgery struct {
	name, tries string
	token       func(*Kit) (string, error)
}

// tokenCases makes cases of forgeries that share family, risk and fix.
func tokenCases(family Family, risk Risk, fix string, forgeries ...forgery) []Case {
	cases := make([]Case, len(forgeries))
	for i, f := range forgeries {
		cases[i] = Case{
			Name: f.name, Family: family, Tries: f.tries, Safe: safeAnswers[Rejection], Risk: risk, Fix: fix,
			build: func(_ context.Context, k *Kit) (Request, error) {
				token, err := f.token(k)
				if err != nil {
					return Request{}, err
				}
				return k.base.WithToken(token), nil
			},
		}
	}
	return cases
}

// placement is a case that sends the valid token, or none, in an unusual way.
type placement struct {
	name, tries string
	request     func(k *Kit, token string) Request
}

// placementCases makes cases of placements that share all but their request.
func placementCases(family Family, risk Risk, fix string, allows Allowance, placements ...placement) []Case {
	cases := make([]Case, len(placements))
	for i, p := range placements {
		cases[i] = Case{
			Name: p.name, Family: family, Tries: p.tries, Safe: safeAnswers[allows], Risk: risk, Fix: fix, Allows: allows,
			build: func(_ context.Context, k *Kit) (Request, error) { return p.request(k, k.valid.Reveal()), nil },
		}
	}
	return cases
}
