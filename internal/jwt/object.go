package jwt

import "iter"

// Member is one name and value of a JSON object. Raw is the value exactly as
// the token holds it, as JSON.
type Member struct {
	Name string
	Raw  string
}

// Object is the header or the claims of a token: its members in the order in
// which the token has them. Its zero value means none, as where nothing could be
// read.
//
// It is one text and where each member is in it, because an API remembers
// thousands of tokens: the garbage collector follows every pointer in them, at
// each of its rounds.
type Object struct {
	text   string
	places []place // nil: none
}

// place is where the name, with its quotes, and the value of a member begin and
// end, in bytes. No token is longer than maxToken, so that they fit.
type place struct{ name, nameEnd, value, valueEnd uint16 }

const _ uint16 = MaxSize // compiles only while they fit

// IsZero reports whether there is no object; an empty one, {}, is one.
func (o Object) IsZero() bool { return o.places == nil }

// Len is the number of members.
func (o Object) Len() int { return len(o.places) }

// All yields every member.
func (o Object) All() iter.Seq[Member] {
	return func(yield func(Member) bool) {
		for _, p := range o.places {
			if !yield(Member{o.name(p), o.text[p.value:p.valueEnd]}) {
				return
			}
		}
	}
}

// Get returns the value of the member of that exact name, as JSON.
func (o Object) Get(name string) (raw string, ok bool) {
	for _, p := range o.places {
		if o.name(p) == name {
			return o.text[p.value:p.valueEnd], true
		}
	}
	return "", false
}

func (o Object) name(p place) string {
	name, _ := Unquote(o.text[p.name:p.nameEnd])
	return name
}

// Size is what the object takes, in bytes.
func (o Object) Size() int { return len(o.text) + 8*cap(o.places) }
