package token_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"m2m/internal/entra"
	"m2m/internal/token"
)

// mustAcquire returns a token and checks where it came from.
func mustAcquire(t *testing.T, c *token.Client, r token.Request, from token.Source) token.Token {
	t.Helper()
	got, err := c.Acquire(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if got.Source != from {
		t.Fatalf("the token came from %s, want %s", got.Source, from)
	}
	return got
}

// files returns the paths of the cache's files with a suffix.
func files(t *testing.T, dir, suffix string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "tokens", "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// after returns a clock that is ahead by d.
func after(d time.Duration) func() time.Time {
	return func() time.Time { return time.Now().Add(d) }
}

// TestHitNeedsNoTransport: the second client could not load its roots.
func TestHitNeedsNoTransport(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	first := mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	c := s.client(dir)
	c.Transport = token.NewTransport(token.TransportConfig{CAFile: "does-not-exist.pem"})
	second := mustAcquire(t, c, s.request(), token.SourceCache)
	if first.Access.Reveal() != second.Access.Reveal() || !first.ExpiresOn.Equal(second.ExpiresOn) || second.Type != "Bearer" {
		t.Errorf("stored %+v, read %+v", first, second)
	}
}

func TestEveryPartOfARequestHasItsOwnToken(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	const second = "Another~secret.of-the-same-client_0123456"
	s.secrets = append(s.secrets, second)
	other := issue(t, "app", nil, time.Hour)
	cert, err := token.LoadCertificate(writeFile(t, "app.pem", other.cert()+other.keyPEM(t)), entra.Secret{}, false)
	if err != nil {
		t.Fatal(err)
	}
	requests := map[string]token.Request{}
	for name, change := range map[string]func(*token.Request){
		"plain":        func(*token.Request) {},
		"scope":        withScope("api://other/.default"),
		"claims":       func(r *token.Request) { r.Claims = `{"access_token":{}}` },
		"other secret": withSecret(second),
		"other tenant": func(r *token.Request) { r.Authority.Tenant = "contoso.onmicrosoft.com" },
	} {
		r := s.request()
		change(&r)
		mustAcquire(t, s.client(dir), r, token.SourceIDP)
		requests[name] = r
	}
	for name, r := range requests {
		t.Run(name, func(t *testing.T) { mustAcquire(t, s.client(dir), r, token.SourceCache) })
	}
	r := s.request()
	r.Authority.Tenant, r.ClientID = strings.ToUpper(tenantID), strings.ToUpper(clientID)
	mustAcquire(t, s.client(dir), r, token.SourceCache)
	s.key = publicKey(t, "testdata/plain.pem")
	r.Credential = cert
	if err := acquire(t, s.client(dir), r); !errors.Is(err, token.ErrRefused) {
		t.Errorf("a certificate of another: error = %v, want a refusal", err)
	}
}

// TestWrongSecretFindsNothing: kubelogin hands out the cached token here.
func TestWrongSecretFindsNothing(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	r := s.request()
	r.Credential = token.NewClientSecret(entra.NewSecret("wrong~secret"))
	if err := acquire(t, s.client(dir), r); !errors.Is(err, token.ErrRefused) {
		t.Errorf("error = %v, want ErrRefused", err)
	}
	mustAcquire(t, s.client(dir), s.request(), token.SourceCache)
}

func TestCacheRevealsNothing(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	got := mustAcquire(t, s.client(dir), s.request(), token.SourceIDP).Access.Reveal()
	payload := strings.Split(got, ".")[1]
	claims, _ := base64.RawURLEncoding.DecodeString(payload)
	hidden := [][]byte{[]byte(got), []byte(payload), claims, []byte(secret), []byte(tenantID), []byte(clientID),
		[]byte("eyJ"), []byte(base64.StdEncoding.EncodeToString([]byte(got)))}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if path != dir && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if d.IsDir() {
			return nil
		}
		data, err := os.ReadFile(path)
		for _, h := range hidden {
			if bytes.Contains(data, h) || strings.Contains(path, string(h)) {
				t.Errorf("%s shows %q", path, h)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(files(t, dir, ".token")); n != 1 {
		t.Errorf("%d files, want 1", n)
	}
}

func TestExpiryAndWishesForANewToken(t *testing.T) {
	tests := []struct {
		name   string
		later  time.Duration
		change func(*token.Request)
		want   token.Source
		short  bool
	}{
		{"six minutes left", 54 * time.Minute, nil, token.SourceCache, false},
		{"four minutes left", 56 * time.Minute, nil, token.SourceIDP, false},
		{"expired", 2 * time.Hour, nil, token.SourceIDP, false},
		{"enough of a wish", 0, minTTL(50 * time.Minute), token.SourceCache, false},
		{"not enough of a wish", 15 * time.Minute, minTTL(50 * time.Minute), token.SourceIDP, true},
		{"more than a whole life", 0, minTTL(2 * time.Hour), token.SourceIDP, true},
		{"refresh", 0, func(r *token.Request) { r.Refresh = true }, token.SourceIDP, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, dir := newStandIn(t), t.TempDir()
			old := mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
			c, r := s.client(dir), s.request()
			c.Now = after(tt.later)
			if tt.change != nil {
				tt.change(&r)
			}
			got := mustAcquire(t, c, r, tt.want)
			if tt.want == token.SourceIDP && got.Access.Reveal() == old.Access.Reveal() {
				t.Error("the old token came again")
			}
			if tt.later == 0 && got.Short != tt.short {
				t.Errorf("Short = %v, want %v", got.Short, tt.short)
			}
			if tt.later == 0 {
				after := mustAcquire(t, s.client(dir), s.request(), token.SourceCache)
				if after.Access.Reveal() != got.Access.Reveal() {
					t.Error("the newest token was not stored")
				}
			}
		})
	}
}

func minTTL(d time.Duration) func(*token.Request) {
	return func(r *token.Request) { r.MinTTL = d }
}

func TestShortLivedTokenIsNotStored(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	s.expiresIn = "299" // a string, as v1.0 writes it
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	if n := len(files(t, dir, ".token")); n != 0 {
		t.Errorf("%d files, want none", n)
	}
}

// TestRefreshIn: past refresh_in the token is renewed, and still used while
// nobody answers, but not after a refusal.
func TestRefreshIn(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	s.expiresIn, s.refreshIn = 86399, 43199
	old := mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	if old.RefreshOn.IsZero() {
		t.Fatal("refresh_in was lost")
	}
	c := s.client(dir)
	mustAcquire(t, c, s.request(), token.SourceCache)
	c = s.client(dir)
	c.Now = after(13 * time.Hour)

	s.fault = always(status(http.StatusServiceUnavailable))
	if got := mustAcquire(t, c, s.request(), token.SourceCache); got.Access.Reveal() != old.Access.Reveal() {
		t.Error("during an outage another token came than the old one")
	}
	s.fault = always(func(w http.ResponseWriter, _ *http.Request) {
		entraError(w, "7000215: Invalid client secret provided.")
	})
	if err := acquire(t, c, s.request()); !errors.Is(err, token.ErrRefused) {
		t.Errorf("error = %v, want ErrRefused", err)
	}
	held := hold(t, dir)
	mustAcquire(t, c, s.request(), token.SourceCache)
	held()

	s.fault = nil
	mustAcquire(t, c, s.request(), token.SourceIDP)
}

// hold takes the lock of the only entry, as another process would.
func hold(t *testing.T, dir string) (release func()) {
	t.Helper()
	locks := files(t, dir, ".lock")
	if len(locks) != 1 {
		t.Fatalf("%d locks, want 1", len(locks))
	}
	lock := flock.New(locks[0])
	if ok, err := lock.TryLock(); !ok || err != nil {
		t.Fatalf("lock: %v %v", ok, err)
	}
	return func() { _ = lock.Unlock() }
}

// TestStaleLock: a process that hangs with the lock holds nobody up for good.
func TestStaleLock(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	defer hold(t, dir)()
	c, r := s.client(dir), s.request()
	c.Cache.LockWait = 30 * time.Millisecond
	r.Refresh = true
	mustAcquire(t, c, r, token.SourceIDP)
}

// TestFaultsOfTheCacheAreMisses damages the one file, or its surroundings.
func TestFaultsOfTheCacheAreMisses(t *testing.T) {
	tests := map[string]func(t *testing.T, dir, file, lock string) error{
		"empty": func(_ *testing.T, _, file, _ string) error { return os.WriteFile(file, nil, 0o600) },
		"garbage": func(_ *testing.T, _, file, _ string) error {
			return os.WriteFile(file, []byte(strings.Repeat("x", 300)), 0o600)
		},
		"huge":           func(_ *testing.T, _, file, _ string) error { return os.Truncate(file, 1<<30) },
		"truncated":      func(_ *testing.T, _, file, _ string) error { return os.Truncate(file, 40) },
		"one bit":        flipBit,
		"another's file": swap,
		"folder": func(_ *testing.T, _, file, _ string) error {
			return errors.Join(os.Remove(file), os.Mkdir(file, 0o700))
		},
		"symbolic link": func(t *testing.T, _, file, _ string) error {
			return errors.Join(os.Remove(file), os.Symlink(writeFile(t, "x", "x"), file))
		},
		"pipe": func(_ *testing.T, _, file, _ string) error { return errors.Join(os.Remove(file), makePipe(file)) },
		"lock is a folder": func(_ *testing.T, _, file, lock string) error {
			return errors.Join(os.Remove(file), os.Remove(lock), os.Mkdir(lock, 0o700))
		},
		"lock is a link": func(_ *testing.T, _, file, lock string) error {
			return errors.Join(os.Remove(file), os.Remove(lock), os.Symlink("/etc/nowhere/x", lock))
		},
		"no access": func(_ *testing.T, dir, _, _ string) error { return os.Chmod(filepath.Join(dir, "tokens"), 0) },
		"folder is a file": func(_ *testing.T, dir, _, _ string) error {
			return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600))
		},
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			s, dir := newStandIn(t), filepath.Join(t.TempDir(), "m2m")
			mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
			if err := damage(t, dir, files(t, dir, ".token")[0], files(t, dir, ".lock")[0]); err != nil {
				t.Skip(err)
			}
			t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "tokens"), 0o700) })
			got, err := s.client(dir).Acquire(t.Context(), s.request())
			if err != nil || got.Access.IsZero() {
				t.Fatalf("no token: %v", err)
			}
			if name != "no access" && got.Source != token.SourceIDP { // root reads everything
				t.Error("a damaged file was believed")
			}
		})
	}
}

func flipBit(_ *testing.T, _, file, _ string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	data[len(data)/2] ^= 1
	return os.WriteFile(file, data, 0o600)
}

// swap puts the file under the name of another credential's.
func swap(t *testing.T, dir, file, _ string) error {
	s := newStandIn(t)
	other := s.request()
	other.Scope = "api://other/.default"
	mustAcquire(t, s.client(dir), other, token.SourceIDP)
	for _, f := range files(t, dir, ".token") {
		if f != file {
			return os.Rename(f, file)
		}
	}
	return fmt.Errorf("no second file")
}

func TestOpenFolderIsClosed(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	folder := filepath.Join(dir, "tokens")
	if err := errors.Join(os.Mkdir(folder, 0o755), os.Chmod(folder, 0o755)); err != nil {
		t.Fatal(err)
	}
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, %v; want 0700", info.Mode(), err)
	}
}

func TestForeignFolderIsNotUsed(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	folder := filepath.Join(dir, "tokens")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(folder, 65534, 65534); err != nil {
		t.Skip("needs root: " + err.Error())
	}
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	if left, _ := os.ReadDir(folder); len(left) != 0 {
		t.Error("the folder of another user was used")
	}
}

func TestClearRemovesTheCachesOwnFiles(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	if n, err := (&token.Cache{Dir: dir}).Clear(); n != 0 || err != nil {
		t.Errorf("an absent cache: %d, %v", n, err)
	}
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	r := s.request()
	r.Scope = "api://other/.default"
	mustAcquire(t, s.client(dir), r, token.SourceIDP)
	foreign := filepath.Join(dir, "tokens", "notes.token")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := (&token.Cache{Dir: dir}).Clear(); n != 2 || err != nil {
		t.Errorf("cleared %d, %v; want 2", n, err)
	}
	left, _ := os.ReadDir(filepath.Join(dir, "tokens"))
	if len(left) != 1 || left[0].Name() != "notes.token" {
		t.Errorf("left %v, want only the file that is not the cache's", left)
	}
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
}

func TestOldFilesAreSweptAway(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	r := s.request()
	r.Scope = "api://other/.default"
	mustAcquire(t, s.client(dir), r, token.SourceIDP)
	digest := strings.TrimSuffix(filepath.Base(files(t, dir, ".token")[0]), ".token")
	if err := os.WriteFile(filepath.Join(dir, "tokens", digest+".tmp-1"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := s.client(dir)
	c.Now = after(-time.Hour) // the client's clock is not what files are dated by
	mustAcquire(t, c, s.request(), token.SourceIDP)
	if n := len(files(t, dir, "")); n != 5 {
		t.Errorf("%d files, want 5: nothing is old", n)
	}
	old := time.Now().Add(-31 * time.Hour)
	for _, f := range files(t, dir, "") {
		if err := os.Chtimes(f, old, old); err != nil {
			t.Fatal(err)
		}
	}
	r.Scope = "api://third/.default"
	mustAcquire(t, s.client(dir), r, token.SourceIDP)
	if n := len(files(t, dir, "")); n != 2 {
		t.Errorf("%d files, want 2: the new token and its lock", n)
	}
}
