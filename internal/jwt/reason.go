package jwt

import "sync"

// Reason says why a text is not a token. It is stable, so that programs can go by
// it, and an error whose text is a sentence for people.
type Reason string

// Error returns the sentence.
func (r Reason) Error() string { return sentences()[r] }

// The reasons, in about the order in which a text is read.
const (
	ErrTokenSize     Reason = "token_size"
	ErrSegments      Reason = "segments"
	ErrTruncated     Reason = "truncated"
	ErrEncrypted     Reason = "encrypted"
	ErrSegmentEmpty  Reason = "segment_empty"
	ErrCharset       Reason = "charset"
	ErrBase64        Reason = "base64"
	ErrUTF8          Reason = "utf8"
	ErrJSON          Reason = "json"
	ErrNotObject     Reason = "not_object"
	ErrTrailingData  Reason = "trailing_data"
	ErrDepth         Reason = "depth"
	ErrMembers       Reason = "members"
	ErrNameDuplicate Reason = "name_duplicate"
	ErrNameCase      Reason = "name_case"
	ErrMemberType    Reason = "member_type"
	ErrDate          Reason = "date"
)

// sentences are the reasons for people.
var sentences = sync.OnceValue(func() map[Reason]string {
	return map[Reason]string{
		ErrTokenSize:     "the token is longer than 16 KiB",
		ErrSegments:      "a token has three parts between two dots",
		ErrTruncated:     "the token is cut off",
		ErrEncrypted:     "five parts make an encrypted token (JWE), which only its audience can read",
		ErrSegmentEmpty:  "a part of the token is empty",
		ErrCharset:       "the token holds a character that is not base64url",
		ErrBase64:        "a part of the token is not canonical base64url",
		ErrUTF8:          "the JSON is not valid UTF-8",
		ErrJSON:          "the JSON does not parse",
		ErrNotObject:     "the JSON is not an object",
		ErrTrailingData:  "something follows the JSON object",
		ErrDepth:         "the JSON is nested more than 8 deep",
		ErrMembers:       "the JSON has more than 256 names",
		ErrNameDuplicate: "a name occurs twice, perhaps in another case",
		ErrNameCase:      "a name differs from a known one by case alone",
		ErrMemberType:    "a value has the wrong type",
		ErrDate:          "a date is not a whole number of seconds since 1970",
	}
})
