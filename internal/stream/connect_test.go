package stream

import (
	"errors"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

func TestConnect(t *testing.T) {
	t.Parallel()

	t.Run("never repeats a command nor waits for ever", func(t *testing.T) {
		t.Parallel()
		client := connect(t, "redis://u:p@127.0.0.1:1/3?read_timeout=-1&max_retries=7&pool_size=9")
		o := client.(*redis.Client).Options()
		if o.MaxRetries != 0 || !o.ContextTimeoutEnabled || o.ReadTimeout != ioTimeout || o.WriteTimeout != ioTimeout {
			t.Errorf("%+v", o)
		}
		if o.PoolSize != 9 || o.DB != 3 || o.Username != "u" || o.Password != "p" {
			t.Errorf("what the URL says is lost: %+v", o)
		}
	})

	t.Run("never quotes a password", func(t *testing.T) {
		t.Parallel()
		for _, url := range []string{
			"redis://u:sec#ret@h:6379",
			"redis://u:sec/ret@h:6379",
			"redis://u:12/secret@h:6379",
			"redis://u:12?secret@h:6379",
			"redis://u:12?db=secret@h:6379",
			"redis://u:12#secret@h:6379",
			"redis://u:secret%zz@h:6379",
			"redis://u:secret@h:port",
			"redis://u:secret@h:6379/x",
			"redis://u:secret@h:6379?unknown=1",
			"http://u:secret@h",
			"u:secret@h:6379",
			"redis://u:secret@h:6379?master_name=m&db=x",
			"redis://u:secret@h:6379?addr=broken",
			"redis://u:secret@h?cluster=true&db=1",
		} {
			client, err := Connect(url)
			if err == nil {
				client.Close()
				if !strings.Contains(url, "12#secret") { // a fragment is nothing to go-redis
					t.Errorf("%s: no error", url)
				}
				continue
			}
			if strings.Contains(err.Error(), "sec") || strings.Contains(err.Error(), "ret@") {
				t.Errorf("%s: %v", url, err)
			}
		}
	})

	t.Run("knows clusters and Sentinels", func(t *testing.T) {
		t.Parallel()
		for _, url := range []string{"redis://127.0.0.1:1?cluster=true", "redis://127.0.0.1:1?addr=127.0.0.1:2"} {
			client, ok := connect(t, url).(*redis.ClusterClient)
			if !ok || client.Options().ReadTimeout != 5*time.Second {
				t.Errorf("%s: %T", url, client)
			}
		}
		connect(t, "redis://127.0.0.1:1?master_name=m&password=secret")
	})
}

// A cluster of one node shows that each command names one key only and that a consumer works through a cluster client.
func TestConsumerCluster(t *testing.T) {
	url := startCluster(t)
	f := newFixtureOn(t, url+"?cluster=true")
	f.add("1", "2")
	f.age("dead", f.read(f.consumer("dead")))
	f.add("3")
	f.want(f.consumer("a", claiming), "1", "2", "3")
	f.wantPending(0)
}

// A cluster client counts a repetition on a broken connection as a redirect, MaxRetries or not.
func TestConsumerClusterLostReply(t *testing.T) {
	direct := startCluster(t)
	p, url := newProxy(t, direct)
	f := newFixtureOn(t, direct)
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "redis://"), ":")
	do(t, f.client, "CONFIG", "SET", "cluster-announce-port", port)
	c := f.consumer("a", few(2), func(o *Options) { o.Client = connect(t, url+"?cluster=true") })
	f.wantNothing(c)
	f.add("1", "2", "3", "4")
	name := "xreadgroup"
	p.swallow.Store(&name)
	if msgs, err := c.Read(t.Context()); err == nil {
		t.Fatalf("read %q over a cut connection", payloads(msgs))
	}
	f.want(c, "1", "2", "3", "4")
}

// startCluster starts what launch has no use for, a server in cluster mode that owns all slots.
func startCluster(t *testing.T) (url string) {
	t.Helper()
	port := freePort(t)
	cmd := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", t.TempDir(), "--save", "",
		"--cluster-enabled", "yes", "--cluster-port", freePort(t))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	url = "redis://127.0.0.1:" + port
	client := connect(t, url)
	testenv.Eventually(t, 10*time.Second, func() error { return client.Ping(t.Context()).Err() })
	do(t, client, "CLUSTER", "ADDSLOTSRANGE", 0, 16383)
	testenv.Eventually(t, 10*time.Second, func() error {
		info, err := client.ClusterInfo(t.Context()).Result()
		if err == nil && !strings.Contains(info, "cluster_state:ok") {
			err = errors.New(info)
		}
		return err
	})
	return url
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
