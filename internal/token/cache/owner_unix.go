//go:build unix

package cache

import (
	"io/fs"
	"os"
	"syscall"
)

// ours reports whether a file belongs to the user of this process. Another's
// folder could hold symbolic links in the place of locks.
func ours(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// private reports whether only the owner may enter a folder.
func private(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 == 0 }
