package reply

import (
	"bytes"
	"encoding/xml"
	"html"
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// xml reads every element that has text of its own: Azure Storage, Service Bus,
// OData's and SOAP's errors, S3's.
func (r reader) xml(b []byte) {
	if !r.isError() {
		return
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.CharsetReader = nil // a charset that is not UTF-8 ends the reading: see below
	var path []string
	var content strings.Builder
	before := len(r.Parts)
	for elements := 0; elements < 2000; elements++ {
		t, err := d.Token()
		if err != nil {
			break
		}
		switch t := t.(type) {
		case xml.StartElement:
			r.xmlText(path, &content)
			path = append(path, t.Name.Local)
		case xml.EndElement:
			r.xmlText(path, &content)
			if len(path) > 0 {
				path = path[:len(path)-1]
			}
		case xml.CharData:
			content.Write(t)
		}
	}
	r.xmlText(path, &content)
	if len(r.Parts) == before { // not XML after all
		r.add("text", Message, visibleText(string(b)))
	}
}

// xmlText ends the text that belongs to the element at path.
func (r reader) xmlText(path []string, content *strings.Builder) {
	s := strings.TrimSpace(content.String())
	content.Reset()
	if s == "" {
		return
	}
	at := path[min(1, len(path)):] // without the root, which is always Error, error or Envelope
	if len(at) == 0 {
		at = path
	}
	// An HTML or XML page inside: its text.
	if strings.HasPrefix(s, "<") {
		s = visibleText(s)
	}
	r.add(strings.Join(at, "."), textRole(nameOf(at), s), s)
}

var (
	htmlBegin = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?is)^(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|title|h1|center|script|meta)\b`)
	})
	titleForm   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`) })
	signInTitle = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(
			`(?i)\bsign(ing)?[ -]?(in|on)\b|\blog(ging)?[ -]?(in|on)\b|\blogin\b|anmeld|connexion|se connecter|iniciar sesi|` +
				`acced|single sign|authenticat(e|ion required)|working\.\.\.|^redirecting`)
	})
)

func beginsHTML(b []byte) bool { return htmlBegin().Match(b[:min(len(b), 8<<10)]) }

// html reads a page's title and its visible text, and recognises a page to sign in.
func (r reader) html(page string) {
	title := ""
	if m := titleForm().FindStringSubmatch(page); m != nil {
		title = strings.TrimSpace(html.UnescapeString(m[1]))
	}
	lower := strings.ToLower(page)
	r.SignIn = r.SignIn || signInTitle().MatchString(title) || strings.Contains(lower, `type="password"`) ||
		strings.Contains(lower, "type='password'") || isSignInAddress(lower) && len(visibleText(page)) < 400
	if title != "" {
		r.add("title", Title, title)
	}
	if s := visibleText(page); s != "" && s != title {
		r.add("page", Message, strings.TrimSpace(strings.TrimPrefix(s, title)))
	}
}

// isSignInAddress reports whether a text holds the address of a page where people
// sign in.
func isSignInAddress(s string) bool {
	s = strings.ToLower(s)
	for _, word := range []string{
		"login.microsoftonline.", "login.windows.net", "login.live.com", "login.partner.microsoftonline.cn", "/.auth/login/",
		"accounts.google.com/", "/oauth2/start", "/oauth2/sign_in", ".cloudflareaccess.com/cdn-cgi/access/login", "/_signin",
		".auth0.com/authorize", ".ciamlogin.com", ".b2clogin.com", "/adfs/ls", "/oauth2/authorize", "/oauth2/v2.0/authorize",
		"/protocol/openid-connect/auth", "/account/login", "/users/sign_in", "/saml2", "/signin", "/sign-in", "/sign_in", "/login",
		".okta.com/",
	} {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}

// visibleText returns the text of a page as a reader sees it: without scripts,
// styles, comments, tags and its title.
func visibleText(page string) string {
	var b strings.Builder
	for page != "" && b.Len() < 4*maxText {
		plain, rest, found := strings.Cut(page, "<")
		b.WriteString(plain)
		if !found {
			break
		}
		page = afterTag(rest)
		b.WriteByte(' ')
	}
	return strings.Join(strings.FieldsFunc(html.UnescapeString(b.String()), unicode.IsSpace), " ")
}

// afterTag returns what follows a tag, a comment, or an element whose content is
// not shown. rest begins behind the "<".
func afterTag(rest string) string {
	if strings.HasPrefix(rest, "!--") {
		_, rest, _ = strings.Cut(rest, "-->")
		return rest
	}
	for _, name := range []string{"script", "style", "title", "svg"} {
		if len(rest) > len(name) && strings.EqualFold(rest[:len(name)], name) && !isLetter(rune(rest[len(name)])) {
			rest = closing(rest, name)
			break
		}
	}
	_, rest, _ = strings.Cut(rest, ">")
	return rest
}

// closing returns what begins with the end tag of an element, behind its "<".
func closing(rest, name string) string {
	for {
		_, after, found := strings.Cut(rest, "</")
		if !found {
			return ""
		}
		if rest = after; len(rest) >= len(name) && strings.EqualFold(rest[:len(name)], name) {
			return rest
		}
	}
}
