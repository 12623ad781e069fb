package serve_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// lasting is the life of the longest tokens, those of continuous access evaluation.
const lasting = 28 * time.Hour

// TestIssuerDownFor25Hours: keys at hand are good for a day without their issuer.
// Then nobody can tell, which is 503 and not 401; and the issuer that is back is
// found within a second, asked once and not by every caller.
func TestIssuerDownFor25Hours(t *testing.T) {
	leaksNothing(t)
	l := newLogin(t)
	s := l.api(t)
	token := l.token(t, signers()[0], lasting)
	wantStatus(t, s, token, 200)
	l.breakDown(true)
	for hour := 1; hour <= 24; hour++ {
		l.pass(time.Hour)
		wantStatus(t, s, token, 200)
		wantStatus(t, s, l.token(t, signers()[0], time.Hour), 200)
	}
	l.pass(time.Hour)
	_, before := l.counts()
	for range 20 {
		got := s.get(t, token)
		if got.status != 503 || got.header.Get("Retry-After") != "1" || got.header.Get("WWW-Authenticate") != "" {
			t.Fatalf("after 25 h: %d %v, want 503, Retry-After 1, no challenge", got.status, got.header)
		}
	}
	wantStatus(t, s, "eyJhbGciOiJub25lIn0.e30.", 401)
	if got := s.do(t, "GET /readyz"); got.status != 503 {
		t.Errorf("/readyz = %d, want 503", got.status)
	}
	if got := s.do(t, "GET /healthz"); got.status != 200 {
		t.Errorf("/healthz = %d, want 200", got.status)
	}
	if _, asked := l.counts(); asked-before != 1 {
		t.Errorf("the issuer that is down was asked %d times in one second, want once", asked-before)
	}
	l.breakDown(false)
	l.pass(time.Second)
	wantStatus(t, s, token, 200)
	if got := s.do(t, "GET /readyz"); got.status != 200 {
		t.Errorf("/readyz = %d, want 200", got.status)
	}
}

func wantStatus(t *testing.T, s *stage, token string, want int) {
	t.Helper()
	if got := s.get(t, token); got.status != want {
		t.Fatalf("status %d, want %d: %s %s", got.status, want, got.header.Get("WWW-Authenticate"), got.body)
	}
}

// TestClockJumps: tokens are judged by the clock as it is now, also those that
// are remembered, and no jump stops the API from asking for keys.
func TestClockJumps(t *testing.T) {
	for _, by := range []time.Duration{25 * time.Hour, -25 * time.Hour, 400 * 24 * time.Hour, -400 * 24 * time.Hour} {
		t.Run(fmt.Sprint(by), func(t *testing.T) {
			leaksNothing(t)
			l := newLogin(t)
			s := l.api(t)
			token := l.token(t, signers()[0], 2*time.Hour)
			wantStatus(t, s, token, 200)
			wantStatus(t, s, l.token(t, signer{"nobody's", signers()[1].private}, time.Hour), 401)
			l.pass(by)
			wantStatus(t, s, token, 401)
			wantStatus(t, s, l.token(t, signers()[0], time.Hour), 200)
			l.publish(signers()[:2]...)
			wantStatus(t, s, l.token(t, signers()[1], time.Hour), 200)
			l.pass(-by)
			wantStatus(t, s, token, 200)
			l.publish(signers()...)
			wantStatus(t, s, l.token(t, signers()[2], time.Hour), 200)
		})
	}
}

// TestClockJumpsWithoutKeys: the same while the issuer is down and nothing is at
// hand.
func TestClockJumpsWithoutKeys(t *testing.T) {
	leaksNothing(t)
	l := newLogin(t)
	l.breakDown(true)
	s := l.api(t)
	wantStatus(t, s, l.token(t, signers()[0], time.Hour), 503)
	l.pass(-25 * time.Hour)
	wantStatus(t, s, l.token(t, signers()[0], time.Hour), 503)
	l.breakDown(false)
	l.pass(time.Second)
	wantStatus(t, s, l.token(t, signers()[0], time.Hour), 200)
}

// TestFlappingSets: for a day every other answer lacks the new key, and the
// others lack the old one. No token of either is rejected.
func TestFlappingSets(t *testing.T) {
	leaksNothing(t)
	l := newLogin(t)
	s := l.api(t)
	old := l.token(t, signers()[0], lasting)
	wantStatus(t, s, old, 200)
	fresh := l.token(t, signers()[1], lasting)
	l.disagree(signers()[:1], signers()[1:2])
	before, _ := l.counts()
	const steps = 24
	for range steps {
		wantStatus(t, s, fresh, 200)
		wantStatus(t, s, old, 200)
		wantStatus(t, s, l.token(t, signers()[1], time.Hour), 200)
		wantStatus(t, s, l.token(t, signers()[0], time.Hour), 200)
		l.pass(time.Hour + time.Second) // longer than a key that vanished is kept
	}
	if fetched, _ := l.counts(); fetched-before > 4*steps {
		t.Errorf("%d fetches in %d hours, want at most four an hour", fetched-before, steps)
	}
}

// TestGoneWhileKeysAreFetched: callers who leave while they wait for keys leave
// nothing behind, and the one fetch that they shared still counts.
func TestGoneWhileKeysAreFetched(t *testing.T) {
	leaksNothing(t)
	l := newLogin(t)
	wait := &hold{make(chan struct{}), make(chan struct{})}
	l.hold = wait
	s := l.api(t)
	token := l.token(t, signers()[0], time.Hour)
	request := "GET /secure-data HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + token + "\r\n\r\n"
	var gone []func()
	for range 50 {
		gone = append(gone, sendAndHold(t, s.addr, request))
	}
	<-wait.entered
	for _, leave := range gone {
		leave()
	}
	close(wait.release)
	wantStatus(t, s, token, http.StatusOK)
	if fetched, _ := l.counts(); fetched != 1 {
		t.Errorf("%d fetches for 51 callers, want 1", fetched)
	}
}
