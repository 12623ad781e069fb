package call

import "bytes"

// textSearch looks for a text in a stream that comes in pieces, and keeps no
// more of it than the text is long.
type textSearch struct {
	text  []byte
	tail  []byte
	found bool
}

func newTextSearch(text string) *textSearch {
	return &textSearch{text: []byte(text), found: text == ""}
}

func (s *textSearch) write(p []byte) {
	if s.found {
		return
	}
	// The text may begin in what came before: join that end to the new beginning.
	keep := len(s.text) - 1
	seam := append(s.tail, p[:min(keep, len(p))]...)
	s.found = bytes.Contains(seam, s.text) || bytes.Contains(p, s.text)
	if len(p) >= keep {
		s.tail = append(s.tail[:0], p[len(p)-keep:]...)
		return
	}
	s.tail = append(s.tail[:0], seam[max(0, len(seam)-keep):]...)
}
