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

// Service is the real service, running as a process of its own, which ends when this one does, as servers do. Its methods
// are for any goroutine.
type Service struct {
	process *process
	output  Buffer
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
	s := new(Service)
	command := exec.Command(path, args...)
	command.Env = append(serviceEnvironment(), settings...)
	command.Dir = os.TempDir() // so that it does not find the user's .env
	command.Stdout, command.Stderr = &s.output, &s.output
	command.SysProcAttr = &syscall.SysProcAttr{}
	endWithParent(command.SysProcAttr)
	if s.process, err = begin(command); err != nil {
		return nil, fmt.Errorf("start %s: %w; hint: build it first, the service with make build", path, err)
	}
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
func (s *Service) PID() int { return s.process.cmd.Process.Pid }

// Output is what the service has logged so far.
func (s *Service) Output() string { return s.output.String() }

// Signal sends a signal to the service: os.Kill is a crash.
func (s *Service) Signal(signal os.Signal) error {
	if err := s.process.cmd.Process.Signal(signal); err != nil {
		return fmt.Errorf("signal the service: %w", err)
	}
	return nil
}

// Wait returns when the service has ended, with the error that tells how.
func (s *Service) Wait() error {
	<-s.process.done
	return s.process.err
}

// Exited returns an error if the service has ended by itself.
func (s *Service) Exited() error {
	select {
	case <-s.process.done:
		return fmt.Errorf("the service ended (%v):\n%s", s.process.err, s.Output())
	default:
		return nil
	}
}

const serviceGrace = 20 * time.Second

// Stop ends the service as an operator would.
func (s *Service) Stop() error {
	if err := s.process.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return nil // it has ended, which Exited reports
	}
	select {
	case <-s.process.done:
		if err := s.process.err; err != nil {
			return fmt.Errorf("stop the service: %w\n%s", err, s.Output())
		}
		return nil
	case <-time.After(serviceGrace):
		s.process.cmd.Process.Kill()
		return fmt.Errorf("stop the service: it did not end within %s\n%s", serviceGrace, s.Output())
	}
}
