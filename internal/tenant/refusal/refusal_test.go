package refusal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
)

// Values of a client are quoted, bounded and escaped; those known to be harmless stand
// as they are.
func TestWith(t *testing.T) {
	for _, c := range []struct {
		got  *Refusal
		want string
	}{
		{MissingField.With("scope"), "form field 'scope' is missing"},
		{UnknownApp.With("a\x1b[31m'b\n", "tenant"), `no app 'a\x1b[31m\'b\n' in tenant tenant; check the client ID and the tenant`},
		{UnknownApp.With(`"x"`, "t"), `no app '"x"' in tenant t; check the client ID and the tenant`},
		{FederatedSubject.With("repo:a/b", "; more"), "no federated credential of this app has subject 'repo:a/b'; more"},
	} {
		if diff := cmp.Diff(c.want, c.got.Reason); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	long := UnknownApp.With(strings.Repeat("é", 1000), "t").Reason
	if len(long) > 300 || !strings.Contains(long, "…") {
		t.Errorf("a long value is repeated as %q", long)
	}
}

func TestPolicy(t *testing.T) {
	r := Policy("8d5e2a71-c4f0-4b96-a3d8-60f1e7b92c45")
	want := `{"access_token":{"capolids":{"essential":true,"values":["8d5e2a71-c4f0-4b96-a3d8-60f1e7b92c45"]}}}`
	if r.Suberror != "message_only" || r.Claims != want || r.Code != 53003 {
		t.Errorf("%+v", r)
	}
}

// What was seen is not inferred, and the other way round.
func TestInferred(t *testing.T) {
	for _, row := range []Row{WrongSecret, FederatedSubject, FederatedEndpoint, FederatedKeys, UnknownApp} {
		if row.Inferred() {
			t.Errorf("AADSTS%d was seen", row.Code)
		}
	}
	for _, row := range []Row{
		ResourceMismatch, FederatedSubjectCase, FederatedKeyUnknown, FederatedUnreachable, FederatedTokenChained,
		FederationForbidden, FMIPathNeeded, BlueprintForItself, TLSCertificateMismatch, ProofOfPossession,
	} {
		if !row.Inferred() {
			t.Errorf("AADSTS%d has not been seen with status and word", row.Code)
		}
	}
}

// Every row of rows.go is in the catalogue, agrees with what was seen, and has one
// placeholder for each value.
func TestRowsAgreeWithTheCatalogue(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "rows.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 2 {
			return true
		}
		code, isCode := call.Args[0].(*ast.BasicLit)
		name, isName := call.Fun.(*ast.Ident)
		if !isCode || !isName {
			return true
		}
		rows++
		number, _ := strconv.Atoi(code.Value)
		known, found := entra.LookupAADSTS(number)
		status := map[string]int{"request": http.StatusBadRequest, "credential": http.StatusUnauthorized}[name.Name]
		if !found || known.Wire.Basis == entra.WireSeen && known.Wire.Status != status {
			t.Errorf("AADSTS%d: known %t, seen with HTTP %d, here HTTP %d", number, found, known.Wire.Status, status)
		}
		return true
	})
	if rows < 60 {
		t.Errorf("found %d rows", rows)
	}
}
