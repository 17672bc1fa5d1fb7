package stream

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func connect(t *testing.T, url string) redis.UniversalClient {
	t.Helper()
	client, err := Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// proxy stands between a client and a server and cuts connections when told to.
type proxy struct {
	target string
	ln     net.Listener
	// refuse holds a command name: while set, a connection that sends it is cut before the server sees it.
	refuse atomic.Pointer[string]
	// swallow holds a command name: the server gets it, and the connection is cut instead of passing on the reply. Once.
	swallow atomic.Pointer[string]
	wg      sync.WaitGroup
}

// newProxy returns a proxy to the server at rawURL, and the URL that leads through it.
func newProxy(t *testing.T, rawURL string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{target: u.Host, ln: ln}
	p.wg.Go(p.serve)
	u.Host = ln.Addr().String()
	t.Cleanup(func() {
		ln.Close()
		p.wg.Wait()
	})
	return p, u.String()
}

func (p *proxy) serve() {
	for {
		client, err := p.ln.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		var mute atomic.Bool
		p.wg.Go(func() { p.requests(client, server, &mute) })
		p.wg.Go(func() { p.replies(client, server, &mute) })
	}
}

func (p *proxy) requests(client, server net.Conn, mute *atomic.Bool) {
	defer client.Close()
	defer server.Close()
	buf := make([]byte, 1<<20)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if name := p.refuse.Load(); name != nil && bytes.Contains(buf[:n], []byte(*name)) {
			return
		}
		if name := p.swallow.Load(); name != nil && bytes.Contains(buf[:n], []byte(*name)) {
			p.swallow.Store(nil)
			mute.Store(true)
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) replies(client, server net.Conn, mute *atomic.Bool) {
	defer client.Close()
	defer server.Close()
	buf := make([]byte, 1<<20)
	for {
		n, err := server.Read(buf)
		if err != nil || mute.Load() {
			return
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}

func do(t *testing.T, client redis.UniversalClient, args ...any) {
	t.Helper()
	if err := client.Do(context.Background(), args...).Err(); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
}
