// Package launch starts throwaway PostgreSQL and Redis servers from the binaries installed on this machine, for the
// demo, for tests and for measurements, in well under a second each and as root too; and the service itself as a process.
//
// It is not a way to run servers that hold anything: durability is switched off unless it is what is measured, files lie
// in memory where there is room (TMPDIR, if set, says otherwise), and Stop removes them. It needs nothing but the standard library, so
// that the installer beside it builds before any module is downloaded.
//
// The invariant: a server, or a service, belongs to the process that started it. A server listens on 127.0.0.1 only, lets in nobody without
// the random password in its URL, and ends when that process ends, however that comes about (on Linux; elsewhere a
// process that is killed outright leaves its servers behind).
package launch

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

const (
	// pollInterval is short because a server that is about to answer does so within some 20 ms.
	pollInterval = 5 * time.Millisecond
	// stopGrace bounds an orderly shutdown; after it the server is killed, as nothing in it is worth waiting for.
	stopGrace = 10 * time.Second
	// portAttempts bounds how often another port is tried: a free port can be taken by anyone before we use it.
	portAttempts = 10
)

// errInUse reports that a server ended because something that it needs is still held by another process: its port, or
// the shared memory of a predecessor that was killed.
var errInUse = errors.New("in use")

// engine is what differs between one kind of server and another.
type engine interface {
	// command is the server in the foreground, to listen on port.
	command(port int) *exec.Cmd
	// ready reports whether the process pid, and no other, accepts clients on port.
	ready(pid, port int) bool
	// url is where clients find it, password included.
	url(port int) string
}

// Server is a running server that this process owns. Its methods are for one goroutine at a time.
type Server struct {
	engine   engine
	dir      *directory
	port     int
	process  *process
	clockEnv []string // what gives it a clock of its own
}

// start runs an engine on a free port of its own. It owns dir from here on, and removes it where the start fails.
func start(ctx context.Context, dir *directory, e engine) (*Server, error) {
	s := &Server{engine: e, dir: dir}
	err := errInUse
	for attempt := 0; attempt < portAttempts && errors.Is(err, errInUse); attempt++ {
		if s.port, err = FreePort(); err == nil {
			err = s.run(ctx)
		}
	}
	if err != nil {
		return nil, errors.Join(err, dir.remove())
	}
	return s, nil
}

// URL is the server's address with its password: postgres://… to the database postgres as its superuser, or redis://….
// It stays the same when the server is restarted.
func (s *Server) URL() string { return s.engine.url(s.port) }

// PID is the server's main process; PostgreSQL's others are children of it.
func (s *Server) PID() int { return s.process.cmd.Process.Pid }

// Signal sends a signal to the server: os.Kill is a crash, syscall.SIGSTOP and SIGCONT a server that hangs for a while.
// PostgreSQL's signal goes to the postmaster; its sessions end with it at a crash, and go on while it hangs.
func (s *Server) Signal(signal os.Signal) error {
	if err := s.process.cmd.Process.Signal(signal); err != nil {
		return fmt.Errorf("signal %s: %w", s.process.name(), err)
	}
	return nil
}

// Restart stops the server if it still runs and starts it again with the same URL and files. What PostgreSQL had
// committed survives, but that a crash takes the last moments of a server that is not a DurablePostgres; Redis comes back
// empty, unless it is a DurableRedis.
func (s *Server) Restart(ctx context.Context) error {
	s.process.stop()
	for {
		err := s.run(ctx)
		if !errors.Is(err, errInUse) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pollInterval):
		}
	}
}

// Stop ends the server in an orderly way, kills it where that takes too long, and removes its files. Stopping twice is
// harmless.
func (s *Server) Stop() error {
	s.process.stop()
	return s.dir.remove()
}

// run starts the process on s.port and returns once it accepts clients. Where it does not, nothing is left running.
func (s *Server) run(ctx context.Context) error {
	command := s.engine.command(s.port)
	command.Env = append(command.Env, s.clockEnv...)
	p, err := spawn(command, s.dir)
	if err != nil {
		return err
	}
	s.process = p
	if err := s.await(ctx); err != nil {
		p.stop()
		return err
	}
	return nil
}

func (s *Server) await(ctx context.Context) error {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for {
		select {
		case <-s.process.done:
			return s.diedError()
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w; its log ends with: %s",
				s.process.name(), context.Cause(ctx), s.dir.logTail())
		case <-poll.C:
			if s.engine.ready(s.process.cmd.Process.Pid, s.port) {
				return nil
			}
		}
	}
}

// diedError says why a server ended while it started. The kind is read off its log, since both servers exit with 1
// whatever the reason; they run with LC_ALL=C, so the text is always English.
func (s *Server) diedError() error {
	tail := s.dir.logTail()
	if strings.Contains(tail, "in use") {
		return fmt.Errorf("start %s on port %d: %w; its log ends with: %s", s.process.name(), s.port, errInUse, tail)
	}
	return fmt.Errorf("start %s: it ended (%v); its log ends with: %s", s.process.name(), s.process.err, tail)
}

// FreePort asks the kernel for a port that is free at this moment.
func FreePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// environment is ours without what would steer PostgreSQL's programs elsewhere (PGDATA, PGPORT, …), and with the same
// language and time zone on every machine. LC_ALL=C also keeps the logs in the language that diedError reads.
func environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PG") {
			env = append(env, v)
		}
	}
	return append(env, "LC_ALL=C", "TZ=UTC")
}

// newPassword guards a server. Without it any user of the machine could connect, and through COPY … TO PROGRAM or
// CONFIG SET dir act as the user who runs the demo, who may be root. It also tells our server from another process' on
// a port that both picked. Letters and digits only: it goes into URLs and configuration files unquoted.
func newPassword() string { return rand.Text() }
