package entra

import (
	"regexp"
	"strings"
	"sync"
)

// placeholder matches what tutorials, .env.example files and programs with an
// unset variable put where a value belongs. It is compiled at first use, since
// not every command checks settings.
var placeholder = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(api://|https://)?(` + strings.Join([]string{
		`.*<[^<>]+>.*`,           // <client-id>, <tenant>.onmicrosoft.com
		`\{+[^{}]*\}+`, `\[.*\]`, // {tenant}, {{ secret }}, [secret]
		`\$\{?\w+\}?`, `\$\(.*\)`, `%\w+%`, // $X, ${X}, $(X), %X%: nobody expanded them
		`(your|insert|enter|put|replace)[-_ ].*`,
		`your\.?(tenant|domain|company|org|organi[sz]ation|app|api|client|secret)([-_. ].*)?`,
		`((my|the|some)[-_ ])?(tenant|client|app|application|directory|api|secret)([-_ ](id|secret|value|name|here|goes))+`,
		`[0x]{8}-[0x]{4}-[0x]{4}-[0x]{4}-[0x]{12}`,
		`x{3,}`, `\.{3,}`, `\*{3,}`, `\x{2026}`,
		`(change|replace|fill)[-_ ]?(me|this|in)([-_ ]?in)?`,
		`todo|tbd|fixme|placeholder|example|dummy`,
		`null|nil|none|undefined`, // what jq, JavaScript and Python print for nothing
	}, "|") + `)(/\.default)?$`)
})

// longestPlaceholder bounds the search: nobody writes a longer one, and a
// secret file may hold anything.
const longestPlaceholder = 200

// IsPlaceholder reports whether a value was never filled in: your-tenant-id,
// <client-id>, {{secret}}, $CLIENT_ID, the all-zero GUID, changeme, null, and
// the same as the resource of a scope. The empty string is not a placeholder.
func IsPlaceholder(s string) bool {
	s = strings.TrimSpace(s)
	return len(s) <= longestPlaceholder && placeholder().MatchString(s)
}
