package suite_test

// goodSuites are files that parse, by name.
func goodSuites() map[string]string {
	return map[string]string{
		"the least":          "requests:\n- name: a\n  url: /a\n",
		"expect as the flag": "requests: [{name: a, url: /, expect: 200}, {name: b, url: /, expect: 2xx}, {name: c, url: /, expect: [200, 404]}, {name: d, url: /, expect: \"${X}\"}]",
		"flow style":         `{requests: [{name: a, url: /a, expect: {status: [200, 2xx, "300-302,404"]}}]}`,
		"everything": `
defaults:
  as: reader
  headers: {Accept: application/json, X-Number: 1.50}
  follow: true
  retry: 2
  timeout: 10s
  expect: {max_time: 1m30s, headers: {Content-Type: application/json}}
clients:
  reader:
    tenant: ${READER_TENANT}
    client_id: 11112222-bbbb-3333-cccc-4444dddd5555
    client_secret: ${READER_SECRET}
    scope: ${READER_SCOPE}
  signer: {client_id: "${SIGNER}", certificate: certs/a.pem, certificate_password: "${PW}", send_chain: true}
  other: {scope: "${OTHER_SCOPE}"}
  robot: {client_id: x, federated_token_file: token.jwt}
  filed: {client_id: x, client_secret_file: secret.txt}
requests:
- name: everything in one
  url: https://api.example.com/a?b=${C}
  tags: [smoke, v1.0]
  method: PUT
  headers: {X-Run: "${RUN:-none}"}
  json:
    list: [1, 2.50, 0x10, true, null, text, "${X}"]
    empty: {}
  expect:
    status: [201, 2xx]
    headers: {Location: , X-Kind: order}
    body: [made, "here"]
    jq: .id > 0
    max_time: 500ms
- {name: a body, url: "?q", body: a=b, as: none, tags: slow}
- {name: a file, url: /f, file: order.json, as: default, retry: 0, follow: false}
- {name: 17, url: /n, json: '{"a": [1]}', expect: {status: 204, jq: [.a, '.b == "$${x}"']}}
`,
		"comments, folds, a byte order mark": "\ufeff# smoke\nrequests: # all\n# first\n- name: a # b\n  # where\n  url: /a\n  body: |\n    line\n    ${X}\n",
		"windows line ends":                  "requests:\r\n- name: a\r\n  url: /a\r\n",
		"a flow": `
setup:
- {url: /orders, json: {}, capture: {id: .id, where: {header: Location}, code: {status: true}}}
requests:
- {url: "/orders/${id}", poll: {until: {jq: .state == "done"}, every: 100ms, for: 5s}}
- {url: "/orders/${id}", poll: {until: 404, for: 5s}, expect: {status: 404}}
- {url: "${where}", method: PUT, json: {code: "${code}"}, capture: {etag: {jq: .etag}}}
teardown:
- {url: "/orders/${id}", method: DELETE}
`,
		"json is yaml": `{"requests": [{"name": "a", "url": "/a", "json": {"b": "c"}}]}`,
	}
}

// badSuite is a file that does not parse, and what is said of it.
type badSuite struct {
	text string
	want string // the first fault
	// beyond says that a schema cannot know it: names that refer to names, YAML
	// itself, expressions.
	beyond bool
}

// with puts lines into a request that is good without them.
func with(lines string) string { return "requests:\n- name: a\n  url: /a\n" + lines }

func badSuites() map[string]badSuite {
	client := func(lines string) string { return "clients:\n  c:\n" + lines + with("") }
	return map[string]badSuite{
		"nothing":          {"", "smoke.yaml: the file is empty", true},
		"a comment alone":  {"# a\n", "smoke.yaml: the file is empty", true},
		"a text":           {"abc", "smoke.yaml:1:1: expected the keys defaults, clients, setup, requests, teardown, found text", false},
		"a list":           {"- a", "smoke.yaml:1:1: expected the keys defaults, clients, setup, requests, teardown, found a list", false},
		"no requests":      {"defaults: {}\n", "smoke.yaml:1:1: requests is missing here", false},
		"an empty list":    {"requests: []\n", "smoke.yaml:1:11: there are no requests", false},
		"requests by name": {"requests:\n  a: {url: /a}\n", "smoke.yaml:2:3: expected a list, found a mapping", false},
		"a request of text": {"requests:\n- /a\n",
			"smoke.yaml:2:3: expected the keys name, url, tags, method, body, json, file, capture, poll, as, headers, follow, retry, timeout, expect, found text", false},
		"not UTF-8": {"requests: \xff",
			"smoke.yaml: the file is not UTF-8; Windows PowerShell writes UTF-16 unless told otherwise", true},
		"a tab": {"requests:\n\t- a",
			`smoke.yaml:2:1: not YAML: a tab; YAML is indented with spaces`, true},
		"a quote left open": {with("  body: \"x\n"),
			"smoke.yaml:4:9: not YAML: could not find end character of double-quoted text", true},
		"two documents": {with("---\na: b\n"), "smoke.yaml:5:1: a second YAML document begins here; a file has one",
			true},
		"an anchor": {with("  body: &x y\n"),
			"smoke.yaml:4:9: an anchor (&) is not supported here; write the value itself", true},
		"an alias": {with("  body: *x\n"),
			"smoke.yaml:4:9: an alias (*) is not supported here; write the value itself", true},
		"a merge": {with("  expect:\n    <<: *x\n"),
			"smoke.yaml:5:5: a merge key (<<) is not supported here; a key is a plain word", true},
		"a tag": {with("  body: !!binary aGk=\n"),
			"smoke.yaml:4:9: a tag (!) is not supported here; write the value itself", true},
		"no number": {with("  json: .inf\n"),
			"smoke.yaml:4:9: infinity or not-a-number is not supported here; write the value itself", true},
		"a key twice":        {with("  url: /b\n"), `smoke.yaml:4:3: the key "url" is on line 3 already`, true},
		"a key twice, below": {with("  json: {a: 1, a: 2}\n"), `smoke.yaml:4:16: the key "a" is on line 4 already`, true},
		"a slip":             {with("  expct: {}\n"), `smoke.yaml:4:3: unknown key "expct"; did you mean "expect"?`, false},
		"a dash for a line": {with("  expect: {max-time: 1s}\n"),
			`smoke.yaml:4:12: unknown key "max-time"; did you mean "max_time"?`, false},
		"one level too high": {with("  status: 200\n"), `smoke.yaml:4:3: unknown key "status"; it belongs under "expect"`,
			false},
		"expect of nothing": {with("  expect:\n"), "smoke.yaml:4:3: expected a mapping, or a status, found nothing", false},
		"expect of words": {with("  expect: fine\n"),
			`smoke.yaml:4:11: the expectation cannot be read: expected a status such as 200, 2xx or 200-204, found "fine"`,
			false},
		"a body of values": {with("  body: {a: 1}\n"),
			"smoke.yaml:4:9: expected text (json takes any value), found a mapping", false},
		"a stranger": {"frobnicate: 1\n" + with(""),
			`smoke.yaml:1:1: unknown key "frobnicate"; the keys here are defaults, clients, setup, requests, teardown`, false},
		"a name in defaults": {"defaults: {name: a}\n" + with(""),
			`smoke.yaml:1:12: unknown key "name"; the keys here are as, headers, follow, retry, timeout, expect`, false},
		"defaults of text": {"defaults: x\n" + with(""),
			"smoke.yaml:1:11: expected the keys as, headers, follow, retry, timeout, expect, found text", false},
		"defaults left out": {"defaults:\n" + with(""),
			"smoke.yaml:1:1: expected the keys as, headers, follow, retry, timeout, expect, found nothing", false},
		"an empty name": {"requests:\n- url: /a\n  name: ''\n",
			`smoke.yaml:3:9: a name is one line of up to 120 characters, not ""`, false},
		"a name of blanks": {"requests:\n- url: /a\n  name: ' '\n",
			`smoke.yaml:3:9: a name is one line of up to 120 characters, not " "`, false},
		"a name of lines": {"requests:\n- url: /a\n  name: \"a\\nb\"\n",
			`smoke.yaml:3:9: a name is one line of up to 120 characters, not "a\nb"`, true},
		"no url":           {"requests:\n- name: a\n", `smoke.yaml:2:3: url is missing here`, false},
		"a url of nothing": {"requests:\n- name: a\n  url:\n", "smoke.yaml:3:3: expected text, found nothing", false},
		"one name for two": {with("- {name: a, url: /b}\n"),
			`smoke.yaml:4:3: the name "a" is on line 2 already; reports tell requests apart by it`, true},
		"two bodies": {with("  body: a\n  json: {}\n"),
			"smoke.yaml:5:9: body and json are two ways to send one body; leave one out", false},
		"a tag of words": {with("  tags: [a b]\n"),
			`smoke.yaml:4:10: a tag is a word of letters, digits, dots, dashes and underscores, up to 64, not "a b"`, false},
		"no such client":  {with("  as: nobdy\n"), `smoke.yaml:4:7: there is no client "nobdy"`, true},
		"nearly a client": {with("  as: nne\n"), `smoke.yaml:4:7: there is no client "nne"; did you mean "none"?`, true},
		"in defaults, once": {"defaults: {as: x}\n" + with("- {name: b, url: /b}\n"),
			`smoke.yaml:1:16: there is no client "x"`, true},
		"a status too many": {with("  expect: {status: 600}\n"),
			`smoke.yaml:4:20: the expectation cannot be read: expected a status such as 200, 2xx or 200-204, found "600"`,
			false},
		"a status of words": {with("  expect: {status: [ok]}\n"),
			`smoke.yaml:4:21: the expectation cannot be read: expected a status such as 200, 2xx or 200-204, found "ok"`, false},
		"no status": {with("  expect: {status: []}\n"), "smoke.yaml:4:20: status is an empty list", false},
		"a body of nothing": {with("  expect: {body: [a, '']}\n"),
			"smoke.yaml:4:22: a text that is to be in the body is empty, and that is in every body", false},
		"a header of blanks": {with("  expect: {headers: {A: ' '}}\n"),
			"smoke.yaml:4:25: the value of A is empty; leave it out to expect any", false},
		"a jq of nothing": {with("  expect: {jq: '.a |'}\n"),
			`smoke.yaml:4:16: not a jq expression: unexpected EOF at character 5 of ".a |"`, true},
		"a time of a number": {with("  timeout: 10\n"),
			`smoke.yaml:4:12: expected a time such as 500ms, 10s or 1m30s, found "10"`, false},
		"no time": {with("  expect: {max_time: 0s}\n"),
			`smoke.yaml:4:22: expected a time such as 500ms, 10s or 1m30s, found "0s"`, true},
		"half a retry": {with("  retry: 1.5\n"), `smoke.yaml:4:10: expected a number from 0 to 100, found "1.5"`,
			false},
		"many retries": {with("  retry: 101\n"), `smoke.yaml:4:10: expected a number from 0 to 100, found "101"`,
			false},
		"retry: yes":  {with("  retry: yes\n"), "smoke.yaml:4:10: expected a number from 0 to 100, found text", false},
		"follow: yes": {with("  follow: yes\n"), "smoke.yaml:4:11: expected true or false, found text", false},
		"headers as a list": {with("  headers: ['A: b']\n"),
			"smoke.yaml:4:12: expected a mapping, such as Accept: text/csv, found a list", false},
		"a header's name":  {with("  headers: {'A b': c}\n"), `smoke.yaml:4:13: "A b" is not the name of a header`, false},
		"a header of none": {with("  headers:\n    A:\n"), "smoke.yaml:5:5: expected text, found nothing", false},
		"a header twice":   {with("  headers: {A: b, a: c}\n"), "smoke.yaml:4:19: the header a is on line 4 already", true},
		"a header of lines": {with("  headers: {A: \"b\\nc\"}\n"),
			"smoke.yaml:4:16: the header is not valid HTTP: the value of A holds a line break or a control character", true},
		"a method of words": {with("  method: G T\n"), `smoke.yaml:4:11: the method is not an HTTP method: "G T"`, true},
		"an address": {"requests:\n- name: a\n  url: ftp://a\n",
			`smoke.yaml:3:8: cannot call "ftp://a": its scheme is "ftp"`, true},
		"json that is none": {with("  json: '{a}'\n"),
			"smoke.yaml:4:9: this is not JSON; write a mapping or a list, or JSON in quotes", true},
		"half a variable": {with("  body: ${A\n"),
			`smoke.yaml:4:9: a variable is ${NAME} or ${NAME:-default}; for "${" itself write "$${"`, true},
		"a variable's name": {with("  body: ${a b}\n"),
			`smoke.yaml:4:9: a variable is ${NAME} or ${NAME:-default}; for "${" itself write "$${"`, true},

		"a client called none": {"clients: {none: {scope: \"${A}\"}}\n" + with(""),
			`smoke.yaml:1:11: the name "none" has a meaning already; call the client something else`, false},
		"a client of two words": {"clients: {a b: {scope: \"${A}\"}}\n" + with(""),
			`smoke.yaml:1:11: a client's name is a word of letters, digits, dots, dashes and underscores, up to 64, not "a b"`,
			false},
		"clients as a list": {"clients: [a]\n" + with(""),
			"smoke.yaml:1:10: expected a mapping of names to clients, found a list", false},
		"a secret in the file": {client("    client_id: x\n    client_secret: hunter22\n"),
			"smoke.yaml:4:20: client_secret is a variable of the environment, such as ${CLIENT_SECRET}, and never a value",
			false},
		"a secret with a spare": {client("    client_id: x\n    client_secret: ${A:-hunter22}\n"),
			"smoke.yaml:4:20: client_secret is a variable of the environment, such as ${CLIENT_SECRET}, and never a value",
			false},
		"a tenant in the file": {client("    client_id: x\n    client_secret: ${A}\n    tenant: contoso.com\n"),
			"smoke.yaml:5:13: tenant is a variable of the environment, such as ${TENANT}, and never a value", false},
		"a scope in the file": {client("    scope: https://graph.microsoft.com/.default\n"),
			"smoke.yaml:3:12: scope is a variable of the environment, such as ${SCOPE}, and never a value", false},
		"nothing of its own": {client("    send_chain: false\n"),
			`smoke.yaml:2:3: the client "c" differs in nothing from the default one`, false},
		"an authority": {client("    scope: ${A}\n    authority_host: https://x\n"),
			`smoke.yaml:4:5: unknown key "authority_host"; the keys here are tenant, client_id, scope, client_secret, client_secret_file, certificate, certificate_password, certificate_password_file, send_chain, federated_token_file`, false},
		"two credentials": {client("    client_id: x\n    client_secret: ${A}\n    certificate: a.pem\n"),
			`smoke.yaml:2:3: the client "c" has several credentials; leave one`, false},
		"a secret of nobody's": {client("    client_secret: ${A}\n"),
			`smoke.yaml:2:3: the client "c" has a credential and no client_id`, false},
		"an empty client": {client("    send_chain: true\n    scope: ${A}\n"),
			`smoke.yaml:2:3: the client "c" has no certificate, but what belongs to one`, false},
		"two passwords": {client(
			"    client_id: x\n    certificate: a\n    certificate_password: ${A}\n    certificate_password_file: b\n"),
			`smoke.yaml:2:3: the client "c" has two passwords for its certificate; leave one`, false},
	}
}
