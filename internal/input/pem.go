package input

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// Block is one block of a PEM file (RFC 7468).
type Block struct {
	// Type is the label: "CERTIFICATE".
	Type string
	// Headers are those of encrypted keys in the traditional form; nil for none.
	Headers map[string]string
	// Bytes is the content, mostly DER.
	Bytes []byte
	// Line is where it begins.
	Line int
	// Err says why the content cannot be read; nil if it can.
	Err error
}

// Why a block of a PEM file cannot be read.
var (
	errPEMBase64 = errors.New("it is not base64")
	errPEMDER    = errors.New("a part of it is missing, or was changed")
)

// Bundle is what a file of keys or certificates holds: PEM blocks, or one DER
// structure.
type Bundle struct {
	Blocks []Block
	DER    []byte
	// Changed lists what was repaired, in words.
	Changed []string
}

// maxDecodings bounds how often base64 is decoded: a file in base64 of a variable
// in base64.
const maxDecodings = 2

// Keys reads a file of keys and certificates: PEM, also in UTF-16, on one line,
// indented, with \n written out, with + turned into spaces, in JSON or without END
// line; DER; and base64 of all that, once or twice. What it holds is for the
// caller. The error is a *NotError.
func Keys(data []byte) (Bundle, error) {
	var c changes
	for range maxDecodings + 1 {
		if len(bytes.TrimSpace(data)) == 0 {
			return Bundle{}, not("empty", "check the command or download that made the file")
		}
		if isDER(data) || magicOf(data) != nil {
			return Bundle{DER: data, Changed: c}, nil
		}
		s, changed := Text(data)
		c = append(c, changed...)
		s = pemText(&c, s)
		if strings.Contains(s, "BEGIN") {
			if blocks := pemBlocks(&c, s); len(blocks) > 0 {
				return Bundle{Blocks: blocks, Changed: c}, nil
			}
		}
		bare := unquote(trimAround(s))
		if i := strings.Index(bare, ";base64,"); strings.HasPrefix(bare, "data:") && i > 0 {
			bare = bare[i+len(";base64,"):]
		}
		decoded, ok := decodeBase64(strings.TrimSpace(bare))
		if !ok || len(decoded) < 32 {
			break
		}
		c = append(c, "base64")
		data = decoded
	}
	return Bundle{}, describeKeys(data)
}

// isDER reports whether data is one ASN.1 sequence and nothing else.
func isDER(data []byte) bool {
	var v asn1.RawValue
	rest, err := asn1.Unmarshal(data, &v)
	return err == nil && v.Tag == asn1.TagSequence && v.IsCompound && len(bytes.TrimSpace(rest)) == 0
}

// pemText undoes what shells, CI variables, JSON and web forms do to PEM text.
func pemText(c *changes, s string) string {
	if member, found := pemInJSON(s); found {
		s = c.record("the JSON around it", s, member)
	}
	if strings.Contains(s, "BEGIN%20") || strings.Contains(s, "BEGIN+") || strings.Contains(s, "%0A") {
		if unescaped, err := url.QueryUnescape(s); err == nil && strings.Contains(unescaped, "BEGIN ") {
			s = c.record("percent-encoding", s, unescaped)
		}
	}
	if strings.Contains(s, "BEGIN ") && strings.Contains(s, `\n`) {
		s = c.record(`\n written out`, s, strings.NewReplacer(`\\r`, "", `\\n`, "\n", `\r`, "", `\n`, "\n").Replace(s))
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
}

// pemInJSON returns the only text with a PEM block in a JSON value.
func pemInJSON(s string) (member string, found bool) {
	trimmed := strings.TrimSpace(s)
	if trimmed == "" || strings.IndexByte(`{["`, trimmed[0]) < 0 {
		return "", false
	}
	var value any
	if json.Unmarshal([]byte(trimmed), &value) != nil {
		return "", false
	}
	var all []string
	walkTexts(value, "", func(name, text string) {
		if strings.Contains(text, "-----BEGIN") || strings.EqualFold(name, "value") && len(text) > 100 {
			all = append(all, text)
		}
	})
	return strings.Join(all, "\n"), len(all) > 0
}

// pemMark matches a BEGIN or END line wherever it stands. Word processors make
// other dashes of hyphens.
var pemMark = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[-–—]{2,5}[ ]?(BEGIN|END) ([A-Z0-9][A-Z0-9 ]*[A-Z0-9])[ ]?[-–—]{2,5}`)
})

// pemBlocks finds the blocks of a text. A block without END line goes to the next
// BEGIN, or to the end.
func pemBlocks(c *changes, s string) []Block {
	marks := pemMark().FindAllStringSubmatchIndex(s, -1)
	var blocks []Block
	for i, m := range marks {
		if s[m[2]:m[3]] != "BEGIN" {
			continue
		}
		end, ended := len(s), false
		if i+1 < len(marks) {
			end, ended = marks[i+1][0], s[marks[i+1][2]:marks[i+1][3]] == "END"
		}
		b := Block{Type: s[m[4]:m[5]], Line: 1 + strings.Count(s[:m[0]], "\n")}
		body, headers := pemHeaders(s[m[1]:end])
		b.Headers = headers
		b.Bytes, b.Err = decodeBody(c, body, b.isDER(), strings.HasPrefix(b.Type, "TRUSTED"))
		if !ended && b.Err == nil {
			c.add("a missing END line")
		}
		if m[0] > 0 && strings.TrimRight(s[:m[0]], " \t") == s[:m[0]] && s[m[0]-1] == '-' {
			c.add("blocks without a line break between them")
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// add adds what was changed, once.
func (c *changes) add(what string) {
	for _, seen := range *c {
		if seen == what {
			return
		}
	}
	*c = append(*c, what)
}

// isDER reports whether the content of the block is DER: that of OpenSSH and PGP
// is not, nor that of an encrypted key in the traditional form.
func (b Block) isDER() bool {
	return b.Headers == nil && !strings.Contains(b.Type, "OPENSSH") && !strings.Contains(b.Type, "SSH2") && !strings.Contains(b.Type, "PGP")
}

// pemHeaders cuts "Name: value" lines off the beginning of a body.
func pemHeaders(body string) (rest string, headers map[string]string) {
	rest = strings.TrimLeft(body, " \t\n")
	for {
		line, after, found := strings.Cut(rest, "\n")
		name, value, isHeader := strings.Cut(line, ": ")
		if !found || !isHeader || strings.ContainsAny(name, " +/=") {
			return rest, headers
		}
		if headers == nil {
			headers = map[string]string{}
		}
		headers[strings.TrimSpace(name)] = strings.TrimSpace(value)
		rest = after
	}
}

// decodeBody decodes the base64 of a block. If it does not give DER and nothing more,
// but for a block that has more, it tries what a web form makes of it, + turned into
// spaces: bytes that are missing at the beginning make the length of DER smaller.
func decodeBody(c *changes, body string, wantDER, hasMore bool) ([]byte, error) {
	body = strings.Trim(body, "\n\"'\\")
	plain, err := base64Body(withoutSpace(body))
	if err == nil && (!wantDER || isDER(plain) || hasMore && wholeDER(plain)) {
		if strings.Contains(strings.TrimSpace(body), " ") || !strings.Contains(body, "\n") && len(body) > 76 {
			c.add("line breaks that were lost or indented")
		}
		return plain, nil
	}
	for _, restored := range []string{
		plusForSpace(body), strings.ReplaceAll(strings.ReplaceAll(body, "\n", ""), " ", "+"), plusInOneLine(body, 64), plusInOneLine(body, 76),
	} {
		if data, e := base64Body(restored); e == nil && wantDER && isDER(data) {
			c.add("+ that had become spaces")
			return data, nil
		}
	}
	if err != nil {
		return nil, errPEMBase64
	}
	return plain, errPEMDER
}

// wholeDER reports whether data begins with a whole ASN.1 sequence. What follows is
// for the block's type: a TRUSTED CERTIFICATE has more behind it.
func wholeDER(data []byte) bool {
	var v asn1.RawValue
	_, err := asn1.Unmarshal(data, &v)
	return err == nil && v.Tag == asn1.TagSequence
}

func withoutSpace(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || isInvisible(r) {
			return -1
		}
		return r
	}, s)
}

// plusForSpace takes each space inside a line for a +.
func plusForSpace(body string) string {
	lines := strings.Split(body, "\n")
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(strings.TrimSpace(line), " ", "+")
	}
	return strings.Join(lines, "")
}

// plusInOneLine takes a space for a line break where a line of that width ends, and
// for a + elsewhere.
func plusInOneLine(body string, width int) string {
	var out strings.Builder
	column := 0
	body = strings.TrimLeft(body, " \n")
	if strings.HasSuffix(body, " ") || strings.HasSuffix(body, "\n") {
		body = body[:len(body)-1] // the last line's end; what is before it may be a +
	}
	for _, r := range body {
		switch {
		case r != ' ' && r != '\n':
			out.WriteRune(r)
			column++
		case column == width:
			column = 0
		default:
			out.WriteByte('+')
			column++
		}
	}
	return out.String()
}

func base64Body(s string) ([]byte, error) {
	s = strings.TrimRight(s, "=")
	if s == "" {
		return nil, errPEMBase64
	}
	return base64.RawStdEncoding.DecodeString(s)
}
