package verify

import "context"

// askAgain asks once more for a key that an answer just now lacked. Entra's
// front ends disagree while a key is added, and one answer of one of them is
// too little to refuse a good token by. It leaves an attempt for the next key
// ID: a stranger's must not use them all up.
func (f *feed) askAgain(ctx context.Context, kid string) error {
	f.mu.Lock()
	spare := f.budget.spare(f.now())
	if spare {
		delete(f.misses, kid)
	}
	f.mu.Unlock()
	if !spare {
		return nil
	}
	_, err := f.ask(ctx, false, kid)
	return err
}
