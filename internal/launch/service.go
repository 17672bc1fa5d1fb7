package launch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Service is the real service, running as a process of its own. Its methods are for one goroutine at a time.
type Service struct {
	command *exec.Cmd
	output  Buffer
	ended   chan error
}

// RunService starts a program's run with settings, each NAME=value. Those of our own environment do not count: what the
// user has set for the real service must not change this one.
func RunService(program string, settings ...string) (*Service, error) {
	return RunCommand(program, []string{"run"}, settings...)
}

// RunCommand is RunService for a program that is run in another way.
func RunCommand(program string, args []string, settings ...string) (*Service, error) {
	path, err := filepath.Abs(program)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", program, err)
	}
	s := &Service{command: exec.Command(path, args...), ended: make(chan error, 1)}
	s.command.Env = append(serviceEnvironment(), settings...)
	s.command.Dir = os.TempDir() // so that it does not find the user's .env
	s.command.Stdout, s.command.Stderr = &s.output, &s.output
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w; hint: build it first, the service with make build", path, err)
	}
	go func() { s.ended <- s.command.Wait() }()
	return s, nil
}

func serviceEnvironment() []string {
	var kept []string
	for _, variable := range os.Environ() {
		switch name, _, _ := strings.Cut(variable, "="); name {
		case "PATH", "HOME", "USER", "TMPDIR", "PGSSLROOTCERT", "PGPASSFILE", "GOCOVERDIR", "GORACE":
			kept = append(kept, variable)
		}
	}
	return kept
}

// PID is the service's process.
func (s *Service) PID() int { return s.command.Process.Pid }

// Output is what the service has logged so far.
func (s *Service) Output() string { return s.output.String() }

// Signal sends a signal to the service: os.Kill is a crash.
func (s *Service) Signal(signal os.Signal) error {
	if err := s.command.Process.Signal(signal); err != nil {
		return fmt.Errorf("signal the service: %w", err)
	}
	return nil
}

// Wait returns when the service has ended, with the error that tells how.
func (s *Service) Wait() error {
	err := <-s.ended
	s.ended <- err
	return err
}

// Exited returns an error if the service has ended by itself.
func (s *Service) Exited() error {
	select {
	case err := <-s.ended:
		s.ended <- err
		return fmt.Errorf("the service ended (%v):\n%s", err, s.Output())
	default:
		return nil
	}
}

const serviceGrace = 20 * time.Second

// Stop ends the service as an operator would.
func (s *Service) Stop() error {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		return nil // it has ended, which Exited reports
	}
	select {
	case err := <-s.ended:
		s.ended <- err
		if err != nil {
			return fmt.Errorf("stop the service: %w\n%s", err, s.Output())
		}
		return nil
	case <-time.After(serviceGrace):
		s.command.Process.Kill()
		return fmt.Errorf("stop the service: it did not end within %s\n%s", serviceGrace, s.Output())
	}
}
