package issuer

import "strings"

// meantName returns the name that people write another word for.
func meantName(word string) string {
	return map[string]string{
		"tokens": "token", "jwks": "keys", "key": "keys", "certs": "keys", "jwks_uri": "keys",
		"openid-configuration": "discovery", "metadata": "discovery",
		"delay": "latency", "timeout": "latency", "hang": "latency", "throttle": "429", "rate-limit": "429",
		"rollover": "roll", "rotate": "roll", "revoke": "withdraw", "large": "oversized", "big": "oversized",
		"expiry": "lifetime", "ttl": "lifetime", "retry_after": "retry-after", "count": "times",
	}[word]
}

// nearest says which of the known names was likely meant, else lists them all
// behind the words given.
func nearest(word string, known []string, all string) string {
	word = strings.ToLower(word)
	best, least := meantName(word), 3
	for _, name := range known {
		if d := editDistance(word, name); d < least && d < len(name) {
			best, least = name, d
		}
	}
	for _, name := range known {
		if name == best {
			return "did you mean " + best + "?"
		}
	}
	return all + strings.Join(known, ", ")
}
