package call

// wording names in a hint what a request can have, for whoever wrote it: by the
// flags of m2m call, or by the keys of a suite's file.
type wording struct{ header, method, follow, retry, timeout, withToken string }

func wordsOfFlags() wording {
	return wording{
		header: "-H", method: "-X", follow: "-L", retry: "--retry 3", timeout: "--timeout",
		withToken: "call it with a token: without --no-token, m2m call gets one and sends it",
	}
}

func wordsOfSuite() wording {
	return wording{
		header: `"headers"`, method: `"method"`, follow: `"follow: true"`, retry: `"retry: 3"`, timeout: `"timeout"`,
		withToken: `send it as a client: leave out "as: none"`,
	}
}
