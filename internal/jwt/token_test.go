package jwt_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"m2m/internal/entra"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/jwt"
)

func TestDecode(t *testing.T) {
	got, err := jwt.Decode(issuertest.Valid())
	if err != nil {
		t.Fatal(err)
	}
	want := &jwt.Token{
		Version: entra.V2, VersionClaim: "2.0", Kind: jwt.App, Type: "JWT", Has: jwt.Members{Alg: true, Typ: true, Aud: true},
		IssuedAt: issuertest.Noon.Add(-30 * 60 * time.Second), NotBefore: issuertest.Noon.Add(-30 * 60 * time.Second),
		ExpiresAt: issuertest.Noon.Add(30 * 60 * time.Second),
		KeyID:     issuertest.KeyID, Algorithm: "RS256", Issuer: issuertest.IssuerV2, Audience: issuertest.API,
		TenantID: issuertest.Tenant, ClientID: issuertest.Client,
		ObjectID: issuertest.Object, Subject: issuertest.Object, Roles: []string{"Data.Read"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(jwt.Token{}),
		cmpopts.IgnoreFields(jwt.Token{}, "Header", "Claims")); diff != "" {
		t.Error(diff)
	}
	for _, part := range []struct {
		want issuertest.Members
		got  jwt.Object
	}{{issuertest.Header(), got.Header}, {issuertest.ClaimsV2(), got.Claims}} {
		if diff := cmp.Diff([]jwt.Member(part.want), slices.Collect(part.got.All())); diff != "" {
			t.Error(diff)
		}
	}
	if raw, ok := got.Claim("roles"); !ok || raw != `["Data.Read"]` {
		t.Errorf("want the claim as it was written, got %q", raw)
	}
	if _, ok := got.Claim("ROLES"); ok {
		t.Error("want names matched exactly")
	}
}

func TestKinds(t *testing.T) {
	tests := []struct {
		name   string
		claims issuertest.Members
		want   jwt.Kind
	}{
		{"app", issuertest.ClaimsV2(), jwt.App}, {"app v1.0", issuertest.ClaimsV1(), jwt.App},
		{"user", issuertest.UserClaims(), jwt.User},
		{"user with idtyp", issuertest.UserClaims().Str("idtyp", "user"), jwt.User},
		{"id", issuertest.IDClaims(), jwt.ID}, {"id without nonce", issuertest.IDClaims().Del("nonce"), jwt.ID},
		{"app that says user", issuertest.ClaimsV2().Str("idtyp", "user"), jwt.User},
		{"nothing", issuertest.Members{}, jwt.Other}, {"no client", issuertest.ClaimsV2().Del("azp"), jwt.Other},
		{"app with scp", issuertest.ClaimsV2().Str("idtyp", "app").Str("scp", "x"), jwt.Other},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token, err := jwt.Decode(issuertest.Mint(issuertest.Header(), tt.claims))
			if err != nil || token.Kind != tt.want {
				t.Errorf("want %s, got %+v, %v", tt.want, token, err)
			}
		})
	}
}

// TestDecodePartly: a token that is malformed still shows what can be read.
func TestDecodePartly(t *testing.T) {
	parts := strings.Split(issuertest.Valid(), ".")
	tests := []struct {
		name           string
		token          string
		want           error
		header, claims int
	}{
		{"no signature", parts[0] + "." + parts[1] + ".", jwt.ErrSegmentEmpty, 3, 16},
		{"signature cut off", parts[0] + "." + parts[1], jwt.ErrTruncated, 3, 16},
		{"header unreadable", "e30x." + parts[1] + "." + parts[2], jwt.ErrTrailingData, 0, 16},
		{"claims twice",
			issuertest.Sign(issuertest.Pairs()[0], issuertest.Header().JSON(), `{"aud":"a","iss":"b","aud":"c"}`),
			jwt.ErrNameDuplicate, 3, 2},
		{"too many claims", issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Fill(1000)), jwt.ErrMembers, 3, 0},
		{"nothing to see", "a.b.c", jwt.ErrBase64, -1, -1},
		{"hello", "hello", jwt.ErrSegments, -1, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := jwt.Decode(tt.token)
			if !errors.Is(err, tt.want) || !errors.As(err, new(*jwt.Fault)) {
				t.Fatalf("want %v, got %v", tt.want, err)
			}
			if tt.header < 0 {
				if got != nil {
					t.Errorf("want nothing, got %+v", got)
				}
				return
			}
			if got == nil || got.Header.Len() != tt.header || got.Claims.Len() != tt.claims {
				t.Errorf("want %d and %d members, got %+v", tt.header, tt.claims, got)
			}
		})
	}
}
