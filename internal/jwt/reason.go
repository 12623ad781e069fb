package jwt

import "errors"

// Reasons of CheckForm: what makes a text no token of Entra's.
var (
	ErrTokenSize     = errors.New("the token is longer than 16 KiB")
	ErrSegments      = errors.New("a token has three parts between two dots")
	ErrEncrypted     = errors.New("five parts make an encrypted token (JWE), which nobody but its audience can read")
	ErrSegmentEmpty  = errors.New("a part of the token is empty")
	ErrCharset       = errors.New("the token holds a character that is not base64url")
	ErrBase64        = errors.New("a part of the token is not canonical base64url")
	ErrUTF8          = errors.New("the JSON is not valid UTF-8")
	ErrJSON          = errors.New("the JSON does not parse")
	ErrNotObject     = errors.New("the JSON is not an object")
	ErrTrailingData  = errors.New("something follows the JSON object")
	ErrDepth         = errors.New("the JSON is nested more than 8 deep")
	ErrMembers       = errors.New("the JSON has more than 256 names")
	ErrNameDuplicate = errors.New("a name occurs twice, perhaps in another case")
	ErrNameCase      = errors.New("a name differs from a known one by case alone")
	ErrMemberType    = errors.New("a value has the wrong type")
	ErrDate          = errors.New("a date is not a whole number of seconds from 1 to 253402300799")
)
