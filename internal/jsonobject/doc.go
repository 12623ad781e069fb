// Package jsonobject edits JSON objects as text. It keeps what encoding/json
// loses: the order of the members, members of one name, and how each value is
// written. A token's header and claims are edited with it, where one byte more
// would be another token.
package jsonobject
