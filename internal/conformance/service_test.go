package conformance_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
)

// service is a binary of ours, running.
type service struct {
	command *exec.Cmd
	output  launch.Buffer
	ended   chan struct{} // closed once err is set
	err     error
}

// startService runs the binary until stop, and no longer than the test.
func startService(t *testing.T, binary, databaseURL string, s *streams) *service {
	t.Helper()
	v := &service{command: exec.Command(binary, "run"), ended: make(chan struct{})}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "GOCOVERDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			v.command.Env = append(v.command.Env, name+"="+value)
		}
	}
	v.command.Env = append(v.command.Env,
		"DATABASE_URL="+databaseURL,
		"REDIS_URL="+s.url,
		"REDIS_STREAMS="+strings.Join(s.names, ","),
		"CONSUMER_NAME=conformance",
		"BATCH_TIMEOUT_MS=100",
		"CLAIM_INTERVAL_MS=500",
		"HTTP_HOST=127.0.0.1",
		"HTTP_PORT=0",
		"LOG_FORMAT=text",
	)
	v.command.Dir = t.TempDir() // so that it finds no .env
	v.command.Stdout, v.command.Stderr = &v.output, &v.output
	if err := v.command.Start(); err != nil {
		t.Fatalf("start service: %v", err)
	}
	go func() {
		v.err = v.command.Wait()
		close(v.ended)
	}()
	t.Cleanup(func() {
		v.command.Process.Kill()
		<-v.ended
		if t.Failed() {
			t.Logf("the service's log ends with:\n%s", tail(v.output.String()))
		}
	})
	return v
}

// exited returns an error if the service has ended by itself.
func (v *service) exited() error {
	select {
	case <-v.ended:
		return fmt.Errorf("the service ended by itself: %v", v.command.ProcessState)
	default:
		return nil
	}
}

const stopTimeout = 30 * time.Second

// stop ends the service as an operator would, and wants exit code 0.
func (v *service) stop(t *testing.T) {
	t.Helper()
	if err := v.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("stop service: %v", err)
	}
	select {
	case <-v.ended:
		if v.err != nil {
			t.Errorf("after SIGTERM the service ended with %v, want exit code 0", v.err)
		}
	case <-time.After(stopTimeout):
		t.Errorf("the service did not end within %v of SIGTERM", stopTimeout)
	}
}

// tail is the end of what the service said.
func tail(output string) string {
	const lines = 20
	all := strings.SplitAfter(output, "\n")
	return strings.Join(all[max(0, len(all)-lines-1):], "")
}
