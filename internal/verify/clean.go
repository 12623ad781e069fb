package verify

// Clean takes a token out of what people paste: white space around it, one
// pair of quotes, "Authorization:", "Bearer ". It says what it stripped, in
// words. The error matches ErrForm; it says where white space or a line break
// lies inside the token, if one does.
func Clean(input string) (token string, stripped []string, err error) { panic("TODO") }

// bound shortens hostile text for a message.
func bound(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
