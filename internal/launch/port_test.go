package launch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
)

func TestPortTaken(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(context.Context) (*Server, error){"postgres": Postgres, "redis": Redis} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := start(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { server.Stop() })
			server.process.stop()
			squatter := occupy(t, server.port)
			if err := server.run(t.Context()); !errors.Is(err, errInUse) {
				t.Errorf("on a taken port: got %v, want errInUse", err)
			}
			squatter.Close()
			if err := server.run(t.Context()); err != nil {
				t.Errorf("on the port once it is free: %v", err)
			}
		})
	}
}

func occupy(t *testing.T, port int) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	return l
}
