package verify_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"m2m/internal/entra"
	"m2m/internal/verify"
)

func TestDecode(t *testing.T) {
	got, err := verify.Decode(good())
	if err != nil {
		t.Fatal(err)
	}
	want := &verify.Token{
		Version: entra.V2, VersionClaim: "2.0", Kind: verify.App, Type: "JWT", Has: verify.Members{Alg: true, Typ: true, Aud: true},
		IssuedAt: noon.Add(-30 * 60 * second), NotBefore: noon.Add(-30 * 60 * second), ExpiresAt: noon.Add(30 * 60 * second),
		KeyID: kid, Algorithm: "RS256", Issuer: issuerV2, Audience: api, TenantID: tenant, ClientID: client,
		ObjectID: object, Subject: object, Roles: []string{"Data.Read"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(verify.Token{}), cmpopts.IgnoreFields(verify.Token{}, "Header", "Claims")); diff != "" {
		t.Error(diff)
	}
	for _, part := range []struct {
		want members
		got  verify.Object
	}{{header(), got.Header}, {claimsV2(), got.Claims}} {
		if diff := cmp.Diff([]verify.Member(part.want), slices.Collect(part.got.All())); diff != "" {
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
		claims members
		want   verify.Kind
	}{
		{"app", claimsV2(), verify.App}, {"app v1.0", claimsV1(), verify.App},
		{"user", userClaims(), verify.User}, {"user with idtyp", userClaims().str("idtyp", "user"), verify.User},
		{"id", idClaims(), verify.ID}, {"id without nonce", idClaims().del("nonce"), verify.ID},
		{"app that says user", claimsV2().str("idtyp", "user"), verify.Other},
		{"nothing", members{}, verify.Other}, {"no client", claimsV2().del("azp"), verify.Other},
		{"app with scp", claimsV2().str("idtyp", "app").str("scp", "x"), verify.Other},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token, err := verify.Decode(mint(header(), tt.claims))
			if err != nil || token.Kind != tt.want {
				t.Errorf("want %s, got %+v, %v", tt.want, token, err)
			}
		})
	}
}

// TestDecodePartly: a token that is malformed still shows what can be read.
func TestDecodePartly(t *testing.T) {
	parts := strings.Split(good(), ".")
	tests := []struct {
		name           string
		token          string
		want           error
		header, claims int
	}{
		{"no signature", parts[0] + "." + parts[1] + ".", verify.ErrSegmentEmpty, 3, 16},
		{"signature cut off", parts[0] + "." + parts[1], verify.ErrSegments, 3, 16},
		{"header unreadable", "e30x." + parts[1] + "." + parts[2], verify.ErrTrailingData, 0, 16},
		{"claims twice", sign(pairs()[0], header().json(), `{"aud":"a","iss":"b","aud":"c"}`), verify.ErrNameDuplicate, 3, 2},
		{"too many claims", mint(header(), filled(claimsV2(), 1000)), verify.ErrMembers, 3, 0},
		{"nothing to see", "a.b.c", verify.ErrBase64, -1, -1},
		{"hello", "hello", verify.ErrSegments, -1, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := verify.Decode(tt.token)
			if !errors.Is(err, tt.want) || !errors.As(err, new(*verify.Fault)) {
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
