package probetest

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"
)

// foreignKeyHoles accept a signature that no key of the issuer made.
func foreignKeyHoles() []Hole {
	// shaped checks the length of the signature and nothing else.
	shaped := func(name, alg string, length int, when func(p parts) bool) Hole {
		return token(name, func(g *Gate, p parts) bool {
			return p.alg() == alg && len(p.signature) == length && when(p) && string(g.expected(p)) != string(p.signature)
		})
	}
	zero := func(p parts) bool { return strings.Trim(string(p.signature), "\x00") == "" }
	return []Hole{
		shaped("foreign-key", "RS256", 256, func(p parts) bool { return p.kid() == keyID }),
		shaped("foreign-key-unknown-kid", "RS256", 256, func(p parts) bool { return p.kid() != "" && p.kid() != keyID }),
		shaped("foreign-key-no-kid", "RS256", 256, func(p parts) bool { return p.kid() == "" }),
		shaped("foreign-key-ps256", "PS256", 256, func(parts) bool { return true }),
		shaped("foreign-key-es256", "ES256", 64, func(p parts) bool { return !zero(p) }),
		shaped("es256-zero", "ES256", 64, zero), // as Java 15 to 18 did
		token("es256-order", func(_ *Gate, p parts) bool { // forgets that r and s are below the order
			if p.alg() != "ES256" || len(p.signature) != 64 {
				return false
			}
			n := ecdsa256Order()
			r, s := new(big.Int).SetBytes(p.signature[:32]), new(big.Int).SetBytes(p.signature[32:])
			return r.Sign() > 0 && r.Mod(r, n).Sign() == 0 && s.Mod(s, n).Sign() == 0
		}),
		shaped("es384-zero", "ES384", 96, zero),
		shaped("eddsa-zero", "EdDSA", 64, zero),
	}
}

func ecdsa256Order() *big.Int { return elliptic.P256().Params().N }

// namedKeyHoles verify with a key that the token carries, or names.
func namedKeyHoles() []Hole {
	fetched := func(name, member, scheme string, key func(*http.Client, string) *rsa.PublicKey) Hole {
		return token(name, func(_ *Gate, p parts) bool {
			address := p.text(member)
			return strings.HasPrefix(address, scheme+"://") && signedBy(p, key(fetcher(), address))
		})
	}
	issuer := func(name, scheme string) Hole {
		return token(name, func(_ *Gate, p parts) bool {
			iss, _ := p.payload["iss"].(string)
			if !strings.HasPrefix(iss, scheme+"://127.") {
				return false
			}
			var found struct {
				JWKSURI string `json:"jwks_uri"`
			}
			_ = json.Unmarshal(fetch(fetcher(), iss+"/.well-known/openid-configuration"), &found)
			return signedBy(p, keyFromSet(fetcher(), found.JWKSURI))
		})
	}
	return []Hole{
		token("jwk", func(_ *Gate, p parts) bool { return p.kid() != keyID && signedBy(p, publicKey(p.header["jwk"])) }),
		token("jwk-same-kid",
			func(_ *Gate, p parts) bool { return p.kid() == keyID && signedBy(p, publicKey(p.header["jwk"])) }),
		token("x5c", func(_ *Gate, p parts) bool {
			chain, _ := p.header["x5c"].([]any)
			if len(chain) == 0 {
				return false
			}
			text, _ := chain[0].(string)
			der, _ := base64.StdEncoding.DecodeString(text)
			return signedBy(p, certified(der))
		}),
		fetched("jku", "jku", "http", keyFromSet), fetched("jku-https", "jku", "https", keyFromSet),
		fetched("x5u", "x5u", "http", keyFromCertificate), fetched("x5u-https", "x5u", "https", keyFromCertificate),
		fetched("kid-url", "kid", "http", keyFromSet),
		token("kid-jndi", func(_ *Gate, p parts) bool { // a logger that looks names up
			address, found := strings.CutPrefix(p.kid(), "${jndi:ldap://")
			host, _, _ := strings.Cut(address, "/")
			if conn, err := net.DialTimeout("tcp", host, time.Second); found && err == nil {
				_, _ = conn.Write([]byte("0\f\x02\x01\x01`\a\x02\x01\x03\x04\x00\x80\x00")) // a bind request
				_, _ = io.Copy(io.Discard, conn)
				_ = conn.Close()
			}
			return false
		}),
		issuer("iss-url", "http"), issuer("iss-url-https", "https"),
	}
}

func signedBy(p parts, key *rsa.PublicKey) bool {
	sum := sha256.Sum256(p.signed)
	return key != nil && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], p.signature) == nil
}

func fetcher() *http.Client { return &http.Client{Timeout: 2 * time.Second} }

func fetch(client *http.Client, address string) []byte {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil
	}
	response, err := client.Do(request)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return body
}

func keyFromSet(client *http.Client, address string) *rsa.PublicKey {
	var set struct{ Keys []any }
	_ = json.Unmarshal(fetch(client, address), &set)
	if len(set.Keys) == 0 {
		return nil
	}
	return publicKey(set.Keys[0])
}

func keyFromCertificate(client *http.Client, address string) *rsa.PublicKey {
	block, _ := pem.Decode(fetch(client, address))
	if block == nil {
		return nil
	}
	return certified(block.Bytes)
}

func certified(der []byte) *rsa.PublicKey {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	key, _ := certificate.PublicKey.(*rsa.PublicKey)
	return key
}

func publicKey(jwk any) *rsa.PublicKey {
	members, _ := jwk.(map[string]any)
	number := func(name string) *big.Int {
		text, _ := members[name].(string)
		b, _ := base64.RawURLEncoding.DecodeString(text)
		return new(big.Int).SetBytes(b)
	}
	if number("n").Sign() == 0 {
		return nil
	}
	return &rsa.PublicKey{N: number("n"), E: int(number("e").Int64())}
}

// file is the disk of an API that keeps a secret in a file for each key ID.
func file(name string) (content string, found bool) {
	content, found = map[string]string{"/dev/null": "", "/proc/sys/kernel/randomize_va_space": "2\n"}[name]
	return content, found
}

// keyIDHoles do something else with the kid than compare it.
func keyIDHoles() []Hole {
	// inFile finds the secret of a key ID in a file.
	inFile := func(name string, of func(kid string) (string, bool)) Hole {
		return token(name, func(_ *Gate, p parts) bool {
			secret, found := of(p.kid())
			return found && p.alg() == "HS256" && macOK(p, sha256.New, []byte(secret))
		})
	}
	below := func(content string) func(string) (string, bool) {
		return func(kid string) (string, bool) {
			found, ok := file(path.Join("/var/lib/api/keys", kid))
			return found, ok && found == content && !strings.HasPrefix(kid, "/") && !strings.Contains(kid, ":")
		}
	}
	broken := func(name string, when func(p parts) bool) Hole {
		return fault(name, func(_ *Gate, _ *http.Request, p parts) bool { return p.header != nil && when(p) })
	}
	signed := func(name string, when func(p parts) bool) Hole {
		return token(name, func(_ *Gate, p parts) bool { return p.header != nil && len(p.signature) > 0 && when(p) })
	}
	kind := func(want string) func(p parts) bool {
		return func(p parts) bool { return fmt.Sprintf("%T", p.header["kid"]) == want }
	}
	union := regexp.MustCompile(`UNION SELECT '([^']*)'`)
	return []Hole{
		inFile("kid-path", below("")), inFile("kid-path-known", below("2\n")),
		inFile("kid-path-absolute", func(kid string) (string, bool) { return file(kid) }),
		inFile("kid-path-file", func(kid string) (string, bool) {
			u, err := url.Parse(kid)
			if err != nil || u.Scheme != "file" {
				return "", false
			}
			return file(u.Path)
		}),
		inFile("kid-path-missing", func(kid string) (string, bool) { // ignores an error
			secret, found := file(path.Join("/var/lib/api/keys", kid))
			return secret, !found && strings.HasPrefix(kid, "../")
		}),
		inFile("kid-sql", func(kid string) (string, bool) {
			match := union.FindStringSubmatch(kid)
			if match == nil {
				return "", false
			}
			return match[1], true
		}),
		broken("kid-sql-quote", func(p parts) bool { return strings.Contains(p.kid(), "'") }),
		stall("kid-command", func(_ *Gate, p parts) bool { return strings.Contains(p.kid(), "sleep 5") }),
		inFile("kid-prototype",
			func(kid string) (string, bool) { return "", kid == "__proto__" }), // an object of JavaScript has that
		broken("kid-constructor", func(p parts) bool { return p.kid() == "constructor" }),
		signed("kid-absent", func(p parts) bool { _, there := p.header["kid"]; return !there }),
		signed("kid-empty", func(p parts) bool { return p.header["kid"] == "" }),
		signed("kid-null", func(p parts) bool { kid, there := p.header["kid"]; return there && kid == nil }),
		broken("kid-number", kind("float64")), broken("kid-boolean", kind("bool")),
		broken("kid-list", kind("[]interface {}")),
		signed("kid-object", kind("map[string]interface {}")), // {"$ne": null} finds the first key there is
		broken("kid-long", func(p parts) bool { return len(p.kid()) > 1024 }),
		broken("kid-control", func(p parts) bool { return strings.ContainsAny(p.kid(), "\x00\n") }),
		signed("kid-twice", func(p parts) bool { return strings.Count(string(p.headerText), `"kid"`) == 2 }),
		signed("kid-other-case", func(p parts) bool { return p.kid() != keyID && strings.EqualFold(p.kid(), keyID) }),
		signed("kid-other-key", func(p parts) bool { return p.kid() == otherID }),
	}
}
