package main

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// asService makes the test binary be the service, race detector included.
const asService = "BE_THE_SERVICE"

func TestMain(m *testing.M) {
	if os.Getenv(asService) != "" {
		os.Exit(run())
	}
	testenv.Main(m)
}

// process is the service, run as a user runs it.
type process struct {
	command *exec.Cmd
	text    bytes.Buffer // not to be read before ended is closed
	ended   chan struct{}
}

// startService starts the service with no settings but these, in an empty directory.
func startService(t *testing.T, settings ...string) *process {
	t.Helper()
	return startCommand(t, settings, "run")
}

func startCommand(t *testing.T, settings []string, args ...string) *process {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{command: exec.Command(path, args...), ended: make(chan struct{})}
	p.command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), asService + "=1"}, settings...)
	p.command.Dir = t.TempDir()
	p.command.Stdout, p.command.Stderr = &p.text, &p.text
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		p.command.Wait()
	}()
	t.Cleanup(func() {
		p.command.Process.Kill()
		<-p.ended
	})
	return p
}

func (p *process) signal(s os.Signal) { p.command.Process.Signal(s) }

// wait waits for the end and returns the exit code, -1 after a signal.
func (p *process) wait() int {
	<-p.ended
	return p.command.ProcessState.ExitCode()
}

// output is what the process printed; it waits for its end.
func (p *process) output() string {
	<-p.ended
	return p.text.String()
}
