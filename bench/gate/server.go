package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"bench/stage"
)

// What is compared. The gate without authentication is the same program
// answering its health route to the same requests, tokens and all.
const (
	gated   = "m2m serve"
	open    = "m2m serve, no authentication"
	haproxy = "HAProxy jwt_verify"
	recipe  = "FastAPI + PyJWT"
)

// server is one program under measurement.
type server struct {
	process *exec.Cmd
	url     string
	log     *os.File
}

// start runs one of the systems on core 0 and waits until it answers.
func (b *bench) start(ctx context.Context, system string) (*server, error) {
	address, err := stage.FreeAddress()
	if err != nil {
		return nil, err
	}
	argv, env, path := b.command(system, address)
	cmd := exec.CommandContext(ctx, "taskset", append([]string{"-c", "0"}, argv...)...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir}, env...)
	log, err := os.Create(filepath.Join(b.dir, "server.log"))
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = log, log
	// Child processes end with the first one.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{process: cmd, url: "http://" + address + path, log: log}
	return s, s.wait(ctx, address)
}

// command is how a system is started: the words, the environment, and the path
// that is asked for.
func (b *bench) command(system, address string) (argv, env []string, path string) {
	i := b.issuer
	switch system {
	case haproxy:
		return []string{"haproxy", "-db", "-f", "haproxy.cfg"},
			[]string{"ADDR=" + address, "KEY=" + i.keyFile(), "ISSUER=" + i.Name(), "AUDIENCE=" + stage.Audience}, "/secure-data"
	case recipe:
		host, port, _ := strings.Cut(address, ":")
		return []string{"/usr/bin/python3", "-m", "uvicorn", "recipe:app", "--host", host, "--port", port, "--no-access-log"},
			[]string{"KEYS_URL=" + i.KeysURL(), "ISSUER=" + i.Name(), "AUDIENCE=" + stage.Audience, "SSL_CERT_FILE=" + i.CA,
				"PYTHONDONTWRITEBYTECODE=1"}, "/secure-data"
	}
	path = "/secure-data"
	if system == open {
		path = "/healthz"
	}
	return []string{filepath.Join(b.dir, "m2m"), "serve", "--addr", address, "--tenant", stage.Tenant, "--authority-host", i.URL(),
		"--ca-file", i.CA, "--audience", stage.Audience, "--require-role", stage.Role}, nil, path
}

func (s *server) wait(ctx context.Context, address string) error {
	for range 200 {
		if c, err := net.Dial("tcp", address); err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	s.stop()
	text, _ := os.ReadFile(s.log.Name())
	return fmt.Errorf("%s does not answer:\n%s", s.process.Args[3], text)
}

func (s *server) stop() {
	_ = syscall.Kill(-s.process.Process.Pid, syscall.SIGKILL)
	_ = s.process.Wait()
	_ = s.log.Close()
}

// cpu is what the server has used of its core so far, in milliseconds.
func (s *server) cpu() float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) * 10 // ticks of 1/100 s
}
