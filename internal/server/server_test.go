package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server and returns its URL.
func serve(t *testing.T, o Options) string {
	t.Helper()
	listener, err := Listen("127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	if o.Metrics == nil {
		o.Metrics = http.NotFoundHandler()
	}
	o.Log = slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, listener, o) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return "http://" + listener.Addr().String()
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestHealth(t *testing.T) {
	var healthy atomic.Bool
	url := serve(t, Options{Health: func() Health {
		return Health{Healthy: healthy.Load(), LastCheck: time.Unix(1, 0).UTC(), Metrics: HealthMetrics{TotalEventsProcessed: 7}}
	}})
	for _, well := range []bool{true, false, true} {
		healthy.Store(well)
		status, body := get(t, url+"/health")
		if want := map[bool]int{true: 200, false: 503}[well]; status != want {
			t.Errorf("status %d, want %d", status, want)
		}
		var keys map[string]any
		if err := json.Unmarshal([]byte(body), &keys); err != nil {
			t.Fatal(err)
		}
		if keys["healthy"] != well || keys["last_check"] != "1970-01-01T00:00:01Z" ||
			keys["metrics"].(map[string]any)["total_events_processed"] != 7.0 {
			t.Errorf("body %s", body)
		}
	}
}

func TestReadyz(t *testing.T) {
	var failing atomic.Pointer[[]Failure]
	failing.Store(&[]Failure{})
	url := serve(t, Options{Failing: func() []Failure { return *failing.Load() }})
	if status, body := get(t, url+"/readyz"); status != 200 || !strings.Contains(body, `"failing": []`) {
		t.Errorf("status %d, body %s", status, body)
	}
	failing.Store(&[]Failure{{"schema", "column assets is missing"}})
	if status, body := get(t, url+"/readyz"); status != 503 || !strings.Contains(body, "column assets is missing") {
		t.Errorf("status %d, body %s", status, body)
	}
	if status, _ := get(t, url+"/livez"); status != 200 {
		t.Errorf("livez: status %d", status)
	}
}

func TestServerRefuses(t *testing.T) {
	url := serve(t, Options{})
	if status, _ := get(t, url+"/debug/pprof"); status != 404 {
		t.Errorf("unknown path: status %d", status)
	}
	for _, path := range []string{"/livez", "/readyz", "/health", "/metrics"} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			request, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader("x"))
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != 405 {
				t.Errorf("%s %s: status %d", method, path, response.StatusCode)
			}
		}
	}
	address := strings.TrimPrefix(url, "http://")
	t.Run("another address than HTTP_HOST", func(t *testing.T) {
		_, port, _ := net.SplitHostPort(address)
		if conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.2", port), time.Second); err == nil {
			conn.Close()
			t.Error("it is answered")
		}
	})
	t.Run("a port that is taken", func(t *testing.T) {
		_, port, _ := net.SplitHostPort(address)
		var number int
		if err := json.Unmarshal([]byte(port), &number); err != nil {
			t.Fatal(err)
		}
		if _, err := Listen("127.0.0.1", number); err == nil || !strings.Contains(err.Error(), "HTTP_PORT") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a client that sends no request", func(t *testing.T) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte("GET /livez HTTP/1.1\r\n")); err != nil {
			t.Fatal(err)
		}
		before := time.Now()
		if err := conn.SetReadDeadline(before.Add(4 * headerTime)); err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadAll(conn)
		if took := time.Since(before); took >= 4*headerTime {
			t.Error("the connection stays open")
		}
	})
}

// TestConnections: however many connections are opened, only so many are taken, and those that wait are answered later.
func TestConnections(t *testing.T) {
	url := serve(t, Options{Health: func() Health { return Health{Healthy: true} }})
	address := strings.TrimPrefix(url, "http://")
	var idle []net.Conn
	for range connections {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		idle = append(idle, c)
	}
	late, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	if _, err := io.WriteString(late, "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	late.SetReadDeadline(time.Now().Add(200 * time.Millisecond)) // for what must not come
	if n, err := late.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("one connection more than there may be: %d bytes, error %v", n, err)
	}
	idle[0].Close()
	late.SetReadDeadline(time.Now().Add(time.Minute))
	answer, err := io.ReadAll(late)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200") {
		t.Errorf("when another had gone: %q, error %v", answer, err)
	}
}

func TestMonitor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		errGone := errors.New("gone")
		var err atomic.Pointer[error]
		var told atomic.Int64
		started := make(chan struct{})
		m := NewMonitor(slog.New(slog.NewTextHandler(&log, nil)), Check{
			Name: "redis", Every: time.Second, Timeout: 2 * time.Second,
			Ask: func(ctx context.Context) error {
				select {
				case <-started:
				default:
					return fmt.Errorf("%w: starting", ErrNotYet)
				}
				if e := err.Load(); e != nil {
					<-ctx.Done() // a server that does not answer at all
					return *e
				}
				return nil
			},
			Told: func(error) { told.Add(1) },
		})
		if failing := m.Failing(); len(failing) != 1 || failing[0].Error != "not asked yet" {
			t.Errorf("before the first answer: %v", failing)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); m.Run(ctx) }()
		time.Sleep(3 * time.Second)
		if failing := m.Failing(); len(failing) != 1 || log.String() != "" {
			t.Errorf("while it cannot be asked yet: %v, and the log says %s", failing, &log)
		}
		close(started)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		for range 3 {
			if err := m.Err("redis"); err != nil {
				t.Errorf("a server that answers: %v", err)
			}
			err.Store(&errGone)
			time.Sleep(3 * time.Second)
			synctest.Wait()
			if !errors.Is(m.Err("redis"), errGone) {
				t.Error("it takes more than 3 s to notice that the server is gone")
			}
			time.Sleep(time.Minute)
			err.Store(nil)
			time.Sleep(3 * time.Second)
			synctest.Wait()
			if m.Err("redis") != nil {
				t.Error("it takes more than 3 s to notice that the server is back")
			}
			if age := time.Since(m.LastCheck()); age > time.Second {
				t.Errorf("the last check is %v old", age)
			}
		}
		cancel()
		<-ended
		if fails, passes := strings.Count(log.String(), "check fails"), strings.Count(log.String(), "check passes"); fails != 3 || passes != 4 {
			t.Errorf("%d times fails, %d times passes, want 3 and 4:\n%s", fails, passes, log.String())
		}
		if told.Load() < 10 {
			t.Errorf("told %d times", told.Load())
		}
	})
}
