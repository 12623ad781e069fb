// Package strictyaml reads YAML files that people write and share: suites of
// tests, tenant files. It accepts one document of mappings with plain keys, lists
// and scalars, and reports everything that is wrong at once, each with line and
// column and without quoting a value that may be a secret.
//
//	root, faults := strictyaml.Parse("smoke.yaml", data, strictyaml.Limits{Bytes: 256 << 10, Depth: 40})
//	faults.Mapping(root, nil, []strictyaml.Field{
//		{Key: "name", Required: true, Read: func(n *strictyaml.Node) { name, _ = faults.Text(n) }},
//		{Key: "retry", Read: func(n *strictyaml.Node) { retry, _ = faults.Count(n, 100) }},
//	})
//	if err := faults.Err(); err != nil { // an *Error
//
// Anchors, aliases, merge keys and tags are rejected: an alias repeats a whole
// tree in two characters, so that ten lines can mean a billion values. So is a
// key that comes twice, and a document that is nested so deep that parsing it
// would take minutes.
package strictyaml
