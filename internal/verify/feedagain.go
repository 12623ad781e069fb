package verify

import "context"

// askAgain asks once more for a key that the very first answer lacked. Entra's
// front ends disagree while a key is added, and whoever has just begun has no
// older answer to lean on: m2m verify would refuse a good token for it. The
// budget counts it.
func (f *feed) askAgain(ctx context.Context, kid string) error {
	f.mu.Lock()
	delete(f.misses, kid)
	f.mu.Unlock()
	return f.ask(ctx, false, kid)
}
