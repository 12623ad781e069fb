package forge

// Severity says how bad a finding is.
type Severity string

// The severities, the worst first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

// Risk is what a hole means: who can use it, and what it gives.
type Risk string

// The risks. Their severities and reasons are in the table that [Risks] returns.
const (
	AnybodyIn     Risk = "anybody_in"
	AnyTenant     Risk = "any_tenant"
	AnybodyRuns   Risk = "anybody_runs"
	AnybodyAims   Risk = "anybody_fetches"
	AnyApp        Risk = "any_app"
	OldToken      Risk = "old_token"
	NamedServer   Risk = "named_server"
	FoundToken    Risk = "found_token"
	ForgedName    Risk = "forged_name"
	AnybodyBreaks Risk = "anybody_breaks"
	OwnToken      Risk = "own_token"
	IssuerOnly    Risk = "issuer_only"
)

// RiskRow says how bad a risk is, and why.
type RiskRow struct {
	Risk     Risk
	Severity Severity
	// Who can use the hole, and what it Gives them: a clause each.
	Who, Gives string
}

// risks is the table, the worst first. What only the issuer can sign, and does
// not issue, is never critical.
var risks = []RiskRow{
	{AnybodyIn, Critical, "anyone who reaches the API, without an account", "the content, and the rights of any caller"},
	{
		AnyTenant, Critical, "anybody: a tenant of one's own costs nothing, and Entra signs for all tenants with the same keys",
		"the content, and the roles that the caller's own tenant puts into the token",
	},
	{
		AnybodyRuns, High, "anyone who reaches the API, without an account",
		"a handler that runs without a token, and the head of its answer; critical if the content comes with it",
	},
	{AnybodyAims, High, "anyone who reaches the API, without an account", "requests from the API's own network to any address"},
	{
		AnyApp, High, "any app or user of the same tenant, and every API that one of them sends its token to",
		"the content, with a token that Entra issues for something else",
	},
	{
		OldToken, High, "anyone who has a token or session ID that was valid once or elsewhere, such as one from a log",
		"the content, as the caller of that token",
	},
	{
		NamedServer, High, "the operator of the server that the API names",
		"the tokens of clients that follow it, and their secrets where those send one",
	},
	{
		FoundToken, Medium, "anyone who reads logs, links or cookies, once callers send their tokens there",
		"the token, and so the content as its caller",
	},
	{
		ForgedName, Medium, "anyone who gets a forged host name into an answer that others are given too, as through a cache",
		"clients that follow it to another server",
	},
	{
		AnybodyBreaks, Medium, "anyone who reaches the API, without an account",
		"nothing but errors or delays, for themselves and perhaps for others",
	},
	{
		OwnToken, Low, "a caller who has a valid token anyway",
		"another spelling of it, for which a proxy, a cache or a list of revoked tokens may not know it",
	},
	{
		IssuerOnly, Low, "no one today: only the issuer can sign such a token, and it issues none",
		"the content, if the issuer ever does; it shows that a check is missing",
	},
}

// Risks returns the table, the worst first.
func Risks() []RiskRow { return risks }

// Row returns the row of the risk; the zero row for none.
func (r Risk) Row() RiskRow {
	for _, row := range risks {
		if row.Risk == r {
			return row
		}
	}
	return RiskRow{}
}

// Severity says how bad the risk is; empty for none.
func (r Risk) Severity() Severity { return r.Row().Severity }
