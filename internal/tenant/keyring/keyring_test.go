package keyring

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func published(t *testing.T, r *Ring) []*Key {
	t.Helper()
	keys, err := r.Published()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func ids(keys []*Key) (list []string) {
	for _, k := range keys {
		list = append(list, k.ID)
	}
	return list
}

// A key is like one of Entra: its ID is the SHA-1 thumbprint of its certificate.
func TestKeyIsLikeEntras(t *testing.T) {
	key := published(t, New(noon()))[0]
	public := key.Public()
	der, err := base64.StdEncoding.DecodeString(public.Certificates[0])
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum(der)
	if id := base64.RawURLEncoding.EncodeToString(sum[:]); public.KeyID != id || public.Thumbprint != id {
		t.Errorf("kid %s, x5t %s, thumbprint %s", public.KeyID, public.Thumbprint, id)
	}
	if certificate.Subject.CommonName != certificateHolder || !certificate.NotAfter.Equal(noon().AddDate(5, 0, 0)) ||
		key.PublicKey().N.BitLen() != 2048 || public.Exponent != "AQAB" {
		t.Errorf("certificate of %s until %s, %d bits, e %s", certificate.Subject, certificate.NotAfter,
			key.PublicKey().N.BitLen(), public.Exponent)
	}
}

func TestRollAndWithdraw(t *testing.T) {
	r := New(noon())
	first := ids(published(t, r))
	if err := r.Roll(noon()); err != nil {
		t.Fatal(err)
	}
	rolled := ids(published(t, r))
	if diff := cmp.Diff(first, rolled[1:]); len(rolled) != 3 || diff != "" {
		t.Errorf("rolled: %d keys, the old ones (-want +got):\n%s", len(rolled), diff)
	}
	r.Withdraw()
	if diff := cmp.Diff(rolled[:1], ids(published(t, r))); diff != "" {
		t.Errorf("withdrawn (-want +got):\n%s", diff)
	}
	current, err := r.Current()
	withdrawn, withdrawnErr := r.Withdrawn()
	if err != nil || withdrawnErr != nil || current.ID != rolled[0] || withdrawn.ID != first[0] {
		t.Errorf("current %v (%v), withdrawn %v (%v)", current.ID, err, withdrawn.ID, withdrawnErr)
	}
	want := []State{{rolled[0], true, true}, {first[0], false, false}, {first[1], false, false}}
	if diff := cmp.Diff(want, r.State()); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	stranger, err := r.Stranger()
	if again, _ := r.Stranger(); err != nil || stranger != again || slices.Contains(rolled, stranger.ID) {
		t.Errorf("the stranger's key is not always the same, or one of the tenant's (error %v)", err)
	}
}

// Answers have the newest key or not, as the mode says, and are whole again after so
// many.
func TestModes(t *testing.T) {
	r := New(noon())
	count := func(times int) (counts []int) {
		for range times {
			keys, err := r.Answer()
			if err != nil {
				t.Fatal(err)
			}
			counts = append(counts, len(keys))
		}
		return counts
	}
	for _, c := range []struct {
		mode  Mode
		limit int
		want  []int
	}{
		{Whole, 0, []int{2, 2, 2}}, {Flapping, 0, []int{1, 2, 1, 2}}, {Empty, 0, []int{0, 0}},
		{Empty, 2, []int{0, 0, 2}}, {Flapping, 1, []int{1, 2, 2}},
	} {
		r.SetMode(c.mode, c.limit)
		if diff := cmp.Diff(c.want, count(len(c.want))); diff != "" {
			t.Errorf("%s for %d (-want +got):\n%s", c.mode, c.limit, diff)
		}
		if mode, _, _ := r.Mode(); c.limit > 0 && mode != Whole {
			t.Errorf("%s for %d is %s afterwards", c.mode, c.limit, mode)
		}
	}
}

func TestSign(t *testing.T) {
	key := published(t, New(noon()))[0]
	input := []byte("header.payload")
	digest := sha256.Sum256(input)
	for _, algorithm := range Algorithms {
		signature, err := key.Sign(algorithm, input)
		if err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
		switch {
		case algorithm == "RS256":
			err = rsa.VerifyPKCS1v15(key.PublicKey(), crypto.SHA256, digest[:], signature)
		case algorithm == "PS256":
			err = rsa.VerifyPSS(key.PublicKey(), crypto.SHA256, digest[:], signature, nil)
		case algorithm == "none" && len(signature) > 0, algorithm == "ES256" && len(signature) != 64,
			strings.HasPrefix(algorithm, "HS") && len(signature)*8 < 256:
			t.Errorf("%s: a signature of %d bytes", algorithm, len(signature))
		}
		if err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
}
