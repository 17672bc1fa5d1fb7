package stream

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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

// proxy stands between a client and a server and does to their connections what networks do.
type proxy struct {
	target string
	ln     net.Listener
	// refuse holds a command name: while set, a connection that sends it is cut before the server sees it.
	refuse atomic.Pointer[string]
	// swallow holds a command name: the server gets it, and the connection is cut instead of passing on the reply. Once.
	swallow atomic.Pointer[string]
	// trickle is what of replies to XREADGROUP gets through, in bytes each millisecond; 0 is all.
	trickle atomic.Int64
	// reads counts the XREADGROUPs.
	reads atomic.Int64
	// passed counts the bytes of replies.
	passed atomic.Int64
	// silent is the last of the connections on which nothing is passed on any more, in either direction.
	silent   atomic.Int64
	accepted atomic.Int64
	wg       sync.WaitGroup
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

// silence makes the connections that there are half-open ones: nobody is told that they have ended.
func (p *proxy) silence() { p.silent.Store(p.accepted.Load()) }

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
		c := &connection{proxy: p, number: p.accepted.Add(1), client: client, server: server}
		p.wg.Go(c.requests)
		p.wg.Go(c.replies)
	}
}

type connection struct {
	*proxy
	number         int64
	client, server net.Conn
	mute, slow     atomic.Bool
}

func (c *connection) requests() {
	defer c.client.Close()
	defer c.server.Close()
	buf := make([]byte, 1<<20)
	for {
		n, err := c.client.Read(buf)
		if err != nil {
			return
		}
		if c.number <= c.silent.Load() {
			continue
		}
		if name := c.refuse.Load(); name != nil && bytes.Contains(buf[:n], []byte(*name)) {
			return
		}
		if name := c.swallow.Load(); name != nil && bytes.Contains(buf[:n], []byte(*name)) {
			c.swallow.Store(nil)
			c.mute.Store(true)
		}
		reads := bytes.Contains(buf[:n], []byte("xreadgroup"))
		if c.slow.Store(reads); reads {
			c.reads.Add(1)
		}
		if _, err := c.server.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (c *connection) replies() {
	defer c.client.Close()
	defer c.server.Close()
	buf := make([]byte, 1<<20)
	for {
		n, err := c.server.Read(buf)
		if err != nil || c.mute.Load() {
			return
		}
		if c.number <= c.silent.Load() {
			continue
		}
		if err := c.pass(buf[:n]); err != nil {
			return
		}
	}
}

func (c *connection) pass(reply []byte) error {
	for len(reply) > 0 {
		piece := reply
		if most := c.trickle.Load(); most > 0 && c.slow.Load() {
			time.Sleep(time.Millisecond)
			piece = reply[:min(len(reply), int(most))]
		}
		n, err := c.client.Write(piece)
		c.passed.Add(int64(n))
		if err != nil {
			return err
		}
		reply = reply[n:]
	}
	return nil
}

func do(t *testing.T, client redis.UniversalClient, args ...any) {
	t.Helper()
	if err := client.Do(context.Background(), args...).Err(); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
}
