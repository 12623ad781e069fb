package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"bench/stage"
)

// server is one "m2m serve".
type server struct {
	process *exec.Cmd
	address string
	scheme  string
	log     string
	ended   chan struct{}
}

// start runs m2m serve and waits until it answers.
func start(ctx context.Context, dir string, i *stage.Issuer, c trouble, flags ...string) (*server, error) {
	address, err := stage.FreeAddress()
	if err != nil {
		return nil, err
	}
	command := "exec"
	if c.descriptors > 0 {
		command = fmt.Sprintf("ulimit -n %d && exec", c.descriptors)
	}
	scheme, more := "http", flags
	if c.tls {
		scheme = "https"
		certificate, err := ownCertificate(dir)
		if err != nil {
			return nil, err
		}
		more = append(more, certificate...)
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", command+` "$0" "$@"`, filepath.Join(dir, "m2m"), "serve", "--addr", address,
		"--tenant", stage.Tenant, "--authority-host", i.URL(), "--ca-file", i.CA, "--audience", stage.Audience, "--require-role", stage.Role)
	cmd.Args = append(cmd.Args, more...)
	cmd.Env, cmd.Dir = []string{"HOME=" + dir}, dir
	s := &server{process: cmd, address: address, scheme: scheme, log: filepath.Join(dir, "server.log"), ended: make(chan struct{})}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { _ = cmd.Wait(); close(s.ended) }()
	for range 200 {
		if got, err := s.status(oneConnection(), "/healthz", ""); err == nil && got == http.StatusOK {
			return s, nil
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("m2m serve does not answer:\n%s", s.logged())
}

func (s *server) stop() {
	_ = s.process.Process.Kill()
	<-s.ended
}

func (s *server) logged() string {
	text, _ := os.ReadFile(s.log)
	return string(text)
}

// anyCertificate is for the server's own.
var anyCertificate = &tls.Config{InsecureSkipVerify: true}

// oneConnection is a client that keeps none.
func oneConnection() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: anyCertificate}, Timeout: 20 * time.Second}
}

// keepAlive is a client of so many connections.
func keepAlive(connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections, TLSClientConfig: anyCertificate}, Timeout: 20 * time.Second}
}

// ask sends a token to the protected route.
func (s *server) ask(c *http.Client, token string) (status int, err error) {
	return s.status(c, "/secure-data", token)
}

func (s *server) status(c *http.Client, path, token string) (int, error) {
	response, err := s.get(c, path, token)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

func (s *server) get(c *http.Client, path, token string) (*http.Response, error) {
	r, err := http.NewRequest(http.MethodGet, s.scheme+"://"+s.address+path, nil)
	if err != nil {
		return nil, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return c.Do(r)
}

// peak is the most memory that the process had, in MiB.
func (s *server) peak() float64 { return stage.Peak(s.process.Process) }

// terminate asks the process to stop.
func (s *server) terminate() error { return s.process.Process.Signal(syscall.SIGTERM) }

// descriptors is how many the process has.
func (s *server) descriptors() int {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.process.Process.Pid))
	return len(entries)
}

// mostGoroutines is what an idle server has: main and its three waits, the
// signals, the listener, and the two ends of a connection to the issuer.
const mostGoroutines = 12

var (
	errLeak   = errors.New("something is left")
	errMemory = errors.New("too much memory was taken")
)

// left says what the process still has once all is over, and ends it: it prints
// its goroutines as it dies.
func (s *server) left(descriptors int, most float64) (string, error) {
	descriptors++ // the issuer may have hung up before, and be connected now
	for deadline := time.Now().Add(10 * time.Second); s.descriptors() > descriptors && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	peak, open := stage.Peak(s.process.Process), s.descriptors()
	_ = s.process.Process.Signal(syscall.SIGABRT)
	<-s.ended
	goroutines := 0
	for stack := range strings.SplitSeq(s.logged(), "\n\n") {
		if strings.HasPrefix(stack, "goroutine ") &&
			(strings.Contains(stack, "net/http") || strings.Contains(stack, "m2m/") || strings.Contains(stack, "main.")) {
			goroutines++
		}
	}
	seen := fmt.Sprintf("%.0f MiB at most, %d descriptors and %d goroutines left", peak, open, goroutines)
	if open > descriptors || goroutines > mostGoroutines || goroutines == 0 {
		return seen, fmt.Errorf("%w: expected at most %d descriptors and %d goroutines", errLeak, descriptors, mostGoroutines)
	}
	if peak > most {
		return seen, fmt.Errorf("%w: expected at most %.0f MiB", errMemory, most)
	}
	return seen, nil
}
