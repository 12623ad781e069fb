package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// countingScript notes every signal it gets, ends half a second after the first
// SIGINT with code 4, and would exit with 3 if SIGTERM followed.
const countingScript = `
got=0
trap 'echo INT >> "$LOG"; got=1' INT
trap 'echo TERM >> "$LOG"; exit 3' TERM
touch "$READY"
while [ $got = 0 ]; do sleep 0.05; done
sleep 0.5
exit 4`

// signalled is an m2m serve --local -- sh, its log of signals and its folders.
type signalled struct {
	*exec.Cmd
	log, ready, temp string
	terminal         *os.File // the other end of its terminal; nil without one
	slave            *os.File
	shown            chan string // what came to the terminal, once it is closed
}

func startSignalled(t *testing.T, onTerminal bool) *signalled {
	t.Helper()
	s := prepareSignalled(t, countingScript)
	if onTerminal {
		s.openTerminal(t)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	s.waitReady(t)
	return s
}

func prepareSignalled(t *testing.T, script string) *signalled {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// testscript lets the test binary be m2m if that is what it is called.
	folder := t.TempDir()
	program := filepath.Join(folder, "m2m")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	s := &signalled{
		Cmd:   exec.Command(program, "serve", "--local", "--", "sh", "-c", script),
		log:   filepath.Join(folder, "log"),
		ready: filepath.Join(folder, "ready"),
		temp:  filepath.Join(folder, "tmp"),
	}
	if err := os.Mkdir(s.temp, 0o700); err != nil {
		t.Fatal(err)
	}
	s.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "TMPDIR=" + s.temp, "LOG=" + s.log, "READY=" + s.ready,
		"GORACE=atexit_sleep_ms=10"}
	s.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	t.Cleanup(func() {
		if s.Process != nil {
			_ = s.Process.Kill()
		}
	})
	return s
}

// waitReady waits until the command has begun.
func (s *signalled) waitReady(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(s.ready); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the command did not start")
		}
	}
}

// openTerminal gives the process a terminal of its own to be in the foreground of.
func (s *signalled) openTerminal(t *testing.T) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slave.Close() })
	s.shown = make(chan string, 1)
	go func() {
		var text strings.Builder
		_, _ = io.Copy(&text, master) // ends with an error when the last writer has gone
		s.shown <- text.String()
	}()
	s.slave = slave
	s.Stdin, s.Stdout, s.Stderr = slave, slave, slave
	s.SysProcAttr.Setctty = true
	s.terminal = master
}

// screen waits for the process and returns all that it wrote to its terminal.
func (s *signalled) screen(t *testing.T) string {
	t.Helper()
	_ = s.Wait() // the code is the caller's to look at
	_ = s.slave.Close()
	return strings.ReplaceAll(<-s.shown, "\r\n", "\n")
}

// end waits for the process and checks what a signal must lead to: the command
// signalled once, its exit code passed on, and nothing left behind.
func (s *signalled) end(t *testing.T) {
	t.Helper()
	_ = s.Wait() // the code is looked at below
	if got := s.ProcessState.ExitCode(); got != 4 {
		t.Errorf("exit code %d, expected the command's own, 4", got)
	}
	log, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(string(log)); len(got) != 1 || got[0] != "INT" {
		t.Errorf("the command got %q, expected INT once", got)
	}
	left, err := os.ReadDir(s.temp)
	if err != nil || len(left) != 0 {
		t.Errorf("left in the temporary folder: %v (error %v)", left, err)
	}
}

// TestCtrlC presses Ctrl-C on a real terminal, which sends SIGINT to m2m and to
// the command.
func TestCtrlC(t *testing.T) {
	s := startSignalled(t, true)
	if _, err := s.terminal.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	s.end(t)
}

// TestInterruptOfProcess sends SIGINT to m2m alone, as a supervisor does.
func TestInterruptOfProcess(t *testing.T) {
	s := startSignalled(t, false)
	if err := s.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	s.end(t)
}

// TestInterruptOfGroup sends SIGINT to m2m's whole process group, as a shell
// does with a job.
func TestInterruptOfGroup(t *testing.T) {
	s := startSignalled(t, false)
	if err := syscall.Kill(-s.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	s.end(t)
}

// TestEarlyInterrupt sends SIGINT while m2m is still starting. Wherever it
// falls, the command must not run on to its own end.
func TestEarlyInterrupt(t *testing.T) {
	for delay := range 12 {
		t.Run(fmt.Sprintf("%d ms", delay*4), func(t *testing.T) {
			t.Parallel()
			s := prepareSignalled(t, "sleep 15; touch \"$READY\"")
			if err := s.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(delay) * 4 * time.Millisecond)
			_ = s.Process.Signal(os.Interrupt)
			_ = s.Wait()
			if _, err := os.Stat(s.ready); err == nil {
				t.Error("the command ran to its end")
			}
		})
	}
}

// TestSecondInterrupt sends SIGINT twice while m2m starts or runs. Wherever the two
// fall, no file is left.
func TestSecondInterrupt(t *testing.T) {
	for delay := range 12 {
		for name, args := range map[string][]string{
			"until stopped":  {"m2m", "serve", "--local", "--addr", "127.0.0.1:0", "--tenant-addr", "127.0.0.1:0"},
			"with a command": {"m2m", "serve", "--local", "--", "true"},
		} {
			t.Run(fmt.Sprintf("%s, %d ms", name, delay*6), func(t *testing.T) {
				t.Parallel()
				s := prepareSignalled(t, "")
				s.Args = args
				if err := s.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Duration(delay) * 6 * time.Millisecond)
				_ = s.Process.Signal(os.Interrupt)
				time.Sleep(time.Duration(delay%3) * time.Millisecond)
				_ = s.Process.Signal(os.Interrupt)
				_ = s.Wait()
				left, err := os.ReadDir(s.temp)
				if _, stateErr := os.Stat(filepath.Join(filepath.Dir(s.temp), ".local", "state", "m2m")); stateErr == nil ||
					err != nil || len(left) != 0 {
					t.Errorf("left in the temporary folder: %v (error %v); the state folder: %v", left, err, stateErr)
				}
			})
		}
	}
}

// TestInterruptOfBlockedRead: a pipe without a writer does not keep m2m
// from ending.
func TestInterruptOfBlockedRead(t *testing.T) {
	s := prepareSignalled(t, "")
	s.Args = []string{"m2m", "verify", "--debug", "-"}
	pipe, err := s.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // until it reads; sooner, the signal's default ends it, which is an end too
	_ = s.Process.Signal(syscall.SIGTERM)
	_ = s.Wait()
	if got := s.ProcessState.ExitCode(); got != 130 && got != -1 {
		t.Errorf("exit code %d, expected 130", got)
	}
}
