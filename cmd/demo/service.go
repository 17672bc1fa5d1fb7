package main

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// service is the real binary, running.
type service struct {
	command *exec.Cmd
	output  lockedBuffer
	ended   chan error
}

// lockedBuffer can be read while the service writes to it.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (d *demo) startService(binary string) (*service, error) {
	path, err := filepath.Abs(binary)
	if err != nil {
		return nil, fmt.Errorf("find the service: %w", err)
	}
	s := &service{command: exec.Command(path, "run"), ended: make(chan error, 1)}
	s.command.Env = append(environment(),
		"DATABASE_URL="+d.databaseURL,
		"REDIS_URL="+d.redisURL,
		"REDIS_STREAMS="+d.prefix+"rindexer_producer",
		"CONSUMER_GROUP="+d.prefix+"postgres-sync",
		"CONSUMER_NAME=demo",
		"HTTP_HOST=127.0.0.1", // on a free port: the demo may run beside a service
		"HTTP_PORT=0",
		"LOG_FORMAT=text",
	)
	s.command.Dir = os.TempDir() // so that it does not find the user's .env
	s.command.Stdout, s.command.Stderr = &s.output, &s.output
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("start the service: %w; hint: make build", err)
	}
	go func() { s.ended <- s.command.Wait() }()
	return s, nil
}

// environment is that of the demo without the settings of the service: what the user has set for the real one must
// not change the demo.
func environment() []string {
	var kept []string
	for _, variable := range os.Environ() {
		switch name, _, _ := strings.Cut(variable, "="); name {
		case "PATH", "HOME", "USER", "TMPDIR", "PGSSLROOTCERT", "PGPASSFILE", "GOCOVERDIR", "GORACE":
			kept = append(kept, variable)
		}
	}
	return kept
}

// exited returns an error if the service has ended by itself.
func (s *service) exited() error {
	select {
	case err := <-s.ended:
		s.ended <- err
		return fmt.Errorf("the service ended (%v):\n%s", err, s.output.String())
	default:
		return nil
	}
}

const stopTimeout = 20 * time.Second

// stop ends the service as an operator would.
func (s *service) stop() error {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		return nil // it has ended, which watch has reported
	}
	select {
	case err := <-s.ended:
		if err != nil {
			return fmt.Errorf("stop the service: %w\n%s", err, s.output.String())
		}
		return nil
	case <-time.After(stopTimeout):
		s.command.Process.Kill()
		return fmt.Errorf("stop the service: it did not end within %s\n%s", stopTimeout, s.output.String())
	}
}

// withSearchPath returns the connection string with another search_path.
func withSearchPath(connection, schema string) (string, error) {
	if !strings.Contains(connection, "://") {
		return connection + " search_path=" + schema, nil
	}
	u, err := url.Parse(connection)
	if err != nil {
		return "", fmt.Errorf("parse DATABASE_URL: not a URL")
	}
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String(), nil
}
