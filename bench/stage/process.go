package stage

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Build compiles m2m into dir as it is released: static. It must be called in a
// folder two below the root, as "go run ." in one of these programs is.
func Build(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "m2m"), "./cmd/m2m")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// FreeAddress is a loopback address that nobody listened on a moment ago.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Peak is the most memory that a process has held, in MiB; 0 if it is gone.
func Peak(process *os.Process) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", process.Pid))
	for line := range strings.Lines(string(text)) {
		if size, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, _ := strconv.ParseFloat(strings.Fields(size)[0], 64)
			return kib / 1024
		}
	}
	return 0
}
