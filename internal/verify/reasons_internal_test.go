package verify

import (
	"testing"

	"m2m/internal/jwt"
)

// TestReasons: every reason says a sentence, and none has the code of a fault of the
// form.
func TestReasons(t *testing.T) {
	for reason, sentence := range sentences() {
		if sentence == "" || reason.Error() != sentence {
			t.Errorf("%s says %q", reason, reason.Error())
		}
		if form := jwt.Reason(reason).Error(); form != "" {
			t.Errorf("%s is a reason of jwt too: %s", reason, form)
		}
	}
	if got := Reason(jwt.ErrSegments).Error(); got != jwt.ErrSegments.Error() {
		t.Errorf("a reason of jwt says %q", got)
	}
}
