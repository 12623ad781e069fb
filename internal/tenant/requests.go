package tenant

import (
	"slices"
	"sync"

	"m2m/internal/tenant/control"
	"m2m/internal/tenant/refusal"
)

// requestLog remembers the last token requests.
type requestLog struct {
	mu   sync.Mutex
	last []TokenRequest // the oldest first
	n    int
}

// add numbers a request, remembers it and passes it on. pass may be nil.
func (l *requestLog) add(r TokenRequest, pass func(TokenRequest)) {
	l.mu.Lock()
	l.n++
	r.Number = l.n
	if len(l.last) == control.MaxRequests {
		l.last = append(l.last[:0], l.last[1:]...)
	}
	l.last = append(l.last, r)
	l.mu.Unlock()
	if pass != nil {
		pass(r)
	}
}

func (l *requestLog) list() []TokenRequest {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Concat([]TokenRequest{}, l.last)
}

// explainRefusal adds a refusal to a request.
func explainRefusal(r *TokenRequest, refused *refusal.Refusal) {
	r.Code, r.Error, r.Reason, r.Inferred = refused.Code, refused.Word, refused.Reason, refused.Inferred()
}
