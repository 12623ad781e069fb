// Package wholefile writes files whole or not at all. What is written goes into
// a hidden file in the same folder, which takes the place of the old one when
// all of it is there: a reader sees the old content or the new, never half.
//
//	f, err := wholefile.Create(path, 0o600)
//	if err != nil { … }
//	defer f.Drop()
//	…
//	return f.Keep()
//
// A symbolic link is never written through, because somebody else may have
// chosen where it leads. A device or a pipe is written to as it is.
package wholefile
