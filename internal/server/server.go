// Package server is what the service tells by HTTP, and the monitor that finds out: /health, /livez, /readyz and
// /metrics. It knows neither Redis nor PostgreSQL, but is given what to ask them.
//
// Its invariant: an answer is what the last question to the servers found, never older than a few seconds, whichever way
// things have changed since; and no request makes the service ask them, so that nobody outside can.
package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// Health is the body of /health.
type Health struct {
	Healthy              bool          `json:"healthy"`
	RedisConsumerHealthy bool          `json:"redis_consumer_healthy"`
	PostgresSyncHealthy  bool          `json:"postgres_sync_healthy"`
	CircuitBreakerClosed bool          `json:"circuit_breaker_closed"`
	LastCheck            time.Time     `json:"last_check"`
	Metrics              HealthMetrics `json:"metrics"`
}

// HealthMetrics are the numbers of /health.
type HealthMetrics struct {
	TotalEventsProcessed int64  `json:"total_events_processed"`
	TotalEventsFailed    int64  `json:"total_events_failed"`
	CircuitBreakerState  string `json:"circuit_breaker_state"`
	RedisConsumerHealth  bool   `json:"redis_consumer_health"`
	PostgresSyncHealth   bool   `json:"postgres_sync_health"`
}

// Failure is something that must hold for the service to be ready, and does not.
type Failure struct {
	Check string `json:"check"`
	Error string `json:"error"`
}

// readiness is the body of /readyz.
type readiness struct {
	Ready   bool      `json:"ready"`
	Failing []Failure `json:"failing"`
}

// Options say what is answered. The functions must return at once.
type Options struct {
	Health func() Health
	// Failing returns what fails, nothing when the service is ready.
	Failing func() []Failure
	Metrics http.Handler
	Log     *slog.Logger
}

// Listen opens the port. Nobody is answered before Serve.
func Listen(host string, port int) (net.Listener, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		return nil, fmt.Errorf("open HTTP port: %w; hint: set HTTP_PORT to a free port, HTTP_HOST to an address of this host", err)
	}
	return listener, nil
}

// Nobody has much to ask: who sends slowly, or keeps a connection for nothing, is cut off, and connections beyond so many wait:
// they must not take the file descriptors that the service needs for its servers.
const (
	headerTime  = 5 * time.Second
	requestTime = 30 * time.Second
	idleTime    = 30 * time.Second
	headerBytes = 16 << 10
	connections = 100
)

// Serve answers until ctx ends, and closes the listener.
func Serve(ctx context.Context, listener net.Listener, o Options) error {
	server := &http.Server{
		Handler:           handler(o),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       requestTime,
		WriteTimeout:      requestTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(netutil.LimitListener(listener, connections)) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	err := server.Close()
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func handler(o Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		health := o.Health()
		answer(w, health.Healthy, health)
	})
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, true, map[string]bool{"alive": true})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		failing := o.Failing()
		answer(w, len(failing) == 0, readiness{len(failing) == 0, append([]Failure{}, failing...)})
	})
	mux.Handle("GET /metrics", o.Metrics)
	return mux
}

// answer writes a body as JSON, with status 200 if all is well and 503 otherwise.
func answer(w http.ResponseWriter, well bool, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !well {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(body) // whoever asked has gone
}
