package main

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
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
	text    launch.Buffer
	ended   chan struct{}
}

// startService starts the service with no settings but these.
func startService(t *testing.T, settings ...string) *process {
	t.Helper()
	return startCommand(t, settings, "run")
}

func startCommand(t *testing.T, settings []string, args ...string) *process {
	t.Helper()
	p := newCommand(t, settings, args...)
	p.start(t)
	return p
}

// newCommand prepares the program to run with no settings but these, and a free port, in an empty directory.
func newCommand(t *testing.T, settings []string, args ...string) *process {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{command: exec.Command(path, args...), ended: make(chan struct{})}
	p.command.Env = append([]string{
		asService + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(),
		"HTTP_HOST=127.0.0.1", "HTTP_PORT=0",
		"GORACE=atexit_sleep_ms=0", // or the race detector would sleep for a second at each end
	}, settings...)
	p.command.Dir = t.TempDir()
	p.command.Stdout, p.command.Stderr = &p.text, &p.text
	return p
}

func (p *process) start(t *testing.T) {
	t.Helper()
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
		if t.Failed() {
			t.Logf("%v printed:\n%s", p.command.Args[1:], p.output())
		}
	})
}

func connect(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	db, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close(context.Background()) })
	return db
}

func (p *process) signal(s os.Signal) { p.command.Process.Signal(s) }

// wait waits for the end and returns the exit code, -1 after a signal.
func (p *process) wait() int {
	<-p.ended
	return p.command.ProcessState.ExitCode()
}

// output is what the process has printed.
func (p *process) output() string { return p.text.String() }
