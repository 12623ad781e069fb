package deploy_test

import (
	"debug/elf"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestContainer does what the Containerfile says, without an engine: its build
// command must make a binary that needs nothing beside it, which then runs as
// its user in a root that holds that binary alone and cannot be written.
func TestContainer(t *testing.T) {
	text, err := os.ReadFile("Containerfile")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	binary := filepath.Join(root, "m2m")
	build := submatch(t, text, `RUN (CGO_ENABLED=0 go build .*)`)
	command := exec.Command("sh", "-c", strings.Replace(build, "-o /m2m", "-o "+binary, 1))
	command.Dir = ".."
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build, err, out)
	}
	assertStatic(t, binary)
	if got := submatch(t, text, `USER (\S+)`); got != "65532:65532" {
		t.Fatalf("USER %s", got)
	}
	if os.Getuid() != 0 {
		t.Skip("SKIP: only root may change the root and the user of a process")
	}
	words := regexp.MustCompile(`[^"\[\], ]+`).FindAllString(submatch(t, text, `CMD (\[.*\])`), -1)
	for i := range words {
		words[i] = strings.Replace(words[i], "0.0.0.0:8000", "127.0.0.1:0", 1)
	}
	gate := confined(t, root, words)
	response, err := http.Get("http://" + gate.addr(t) + "/healthz")
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("/healthz: %v, %v", response, err)
	}
	_ = response.Body.Close()
}

func submatch(t *testing.T, text []byte, e string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + e + `$`).FindSubmatch(text)
	if found == nil {
		t.Fatalf("the Containerfile has no line %s", e)
	}
	return string(found[1])
}

func assertStatic(t *testing.T, binary string) {
	t.Helper()
	file, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the binary needs a dynamic linker, which an empty image has not")
		}
	}
}

// confined runs /m2m in a root of its own.
func confined(t *testing.T, root string, words []string) *program {
	t.Helper()
	for folder := root; folder != "/"; folder = filepath.Dir(folder) {
		// The user of the image must reach it, as it reaches the root of a container.
		if info, err := os.Stat(folder); err == nil && info.Mode()&0o005 != 0o005 &&
			strings.HasPrefix(folder, os.TempDir()+"/") {
			if err := os.Chmod(folder, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	p := &program{Cmd: exec.Command("/m2m", words...), ended: make(chan struct{})}
	p.Path = "/m2m"
	p.Err = nil // there is a /m2m in the new root, not in this one
	p.Dir = "/"
	p.Env = []string{"TENANT_ID=7d2f0f3a-3c65-4b5c-8f26-0d3c2a9d6b10", "API_AUDIENCE=c2a5c7f4-98a1-4d53-b3b8-35a4e4f2d6a9",
		"REQUIRED_ROLES=Data.Read"}
	p.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
	p.start(t)
	return p
}
