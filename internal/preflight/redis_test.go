package preflight

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

const group = "postgres-sync"

// open returns a client that does not try again, so that a server that is away is quickly so.
func open(t *testing.T, redisURL string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	options.MaxRetries = -1
	options.DialerRetries = 1
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	return client
}

func do(t *testing.T, client redis.UniversalClient, command ...any) {
	t.Helper()
	if err := client.Do(t.Context(), command...).Err(); err != nil {
		t.Fatalf("%v: %v", command, err)
	}
}

// aofOff is what a server of testenv has to be told.
var aofOff = problem{Warning, "persistence", "AOF is off"}

func TestRedisServer(t *testing.T) {
	t.Parallel()
	client := open(t, testenv.OwnRedis(t).URL())
	findings := func() []Finding { return Redis(t.Context(), client, group, nil) }

	found := findings()
	wantProblems(t, found, aofOff)
	wantOK(t, found, "Redis ", "server")
	wantOK(t, found, "master", "role")
	wantOK(t, found, "noeviction", "maxmemory-policy")
	wantOK(t, found, "no maxmemory", "memory")
	wantOK(t, found, "0", "min-replicas-to-write")

	do(t, client, "CONFIG", "SET", "appendonly", "yes")
	wantOK(t, findings(), "AOF is on, appendfsync everysec", "persistence")
	do(t, client, "CONFIG", "SET", "appendfsync", "no")
	wantProblems(t, findings(), problem{Warning, "persistence", "appendfsync no"})
	do(t, client, "CONFIG", "SET", "appendfsync", "always")

	do(t, client, "CONFIG", "SET", "maxmemory", "1gb")
	do(t, client, "CONFIG", "SET", "maxmemory-policy", "volatile-ttl")
	wantOK(t, findings(), "of 1.0 GiB", "memory")
	wantOK(t, findings(), "volatile-ttl", "maxmemory-policy")
	for _, policy := range []string{"allkeys-lru", "allkeys-lfu", "allkeys-random"} {
		do(t, client, "CONFIG", "SET", "maxmemory-policy", policy)
		wantProblems(t, findings(), problem{Failure, "maxmemory-policy", policy + ": a stream is one key"})
	}
	used, err := strconv.Atoi(parseInfo(client.Info(t.Context(), "memory").Val())["used_memory"])
	if err != nil {
		t.Fatal(err)
	}
	do(t, client, "CONFIG", "SET", "maxmemory-policy", "noeviction")
	do(t, client, "CONFIG", "SET", "maxmemory", used+used/10)
	wantProblems(t, findings(), problem{Warning, "memory", "% of maxmemory are used"})
	do(t, client, "CONFIG", "SET", "maxmemory", "0")
	do(t, client, "CONFIG", "SET", "min-replicas-to-write", "1")
	wantProblems(t, findings(), problem{Failure, "min-replicas-to-write", "1, and 0 good replicas"})
	do(t, client, "CONFIG", "SET", "min-replicas-to-write", "0")
	do(t, client, "CONFIG", "SET", "appendonly", "no") // it does not end while it waits for its first AOF
	do(t, client, "REPLICAOF", "127.0.0.1", "1")
	wantProblems(t, findings(), aofOff, problem{Failure, "role", "the server is a replica"})
}

func TestRedisStreams(t *testing.T) {
	t.Parallel()
	redisURL, prefix := testenv.Redis(t)
	client := open(t, redisURL)
	key := func(name string) string { return prefix + name }
	for range 3 {
		do(t, client, "XADD", key("read"), "*", "payload", "{}")
	}
	do(t, client, "XGROUP", "CREATE", key("read"), group, "0")
	do(t, client, "XREADGROUP", "GROUP", group, "me", "COUNT", 1, "STREAMS", key("read"), ">")
	do(t, client, "XADD", key("new"), "*", "payload", "{}")
	do(t, client, "XGROUP", "CREATE", key("new"), "another", "0")
	do(t, client, "XADD", key("gappy"), "1-1", "payload", "{}")
	do(t, client, "XADD", key("gappy"), "2-1", "payload", "{}")
	do(t, client, "XADD", key("gappy"), "3-1", "payload", "{}")
	do(t, client, "XGROUP", "CREATE", key("gappy"), group, "1-1")
	do(t, client, "XDEL", key("gappy"), "2-1")
	do(t, client, "XADD", key("mortal"), "*", "payload", "{}")
	do(t, client, "EXPIRE", key("mortal"), 1000)
	do(t, client, "RPUSH", key("list"), "x")

	names := []string{key("read"), key("new"), key("gappy"), key("absent"), key("mortal"), key("list")}
	found := Redis(t.Context(), client, group, names)
	lag := "lag 2"
	if groups := client.XInfoGroups(t.Context(), key("read")).Val(); len(groups) != 1 || groups[0].EntriesRead == 0 {
		lag = "lag unknown" // before Redis 7
	}
	wantOK(t, found, "3 entries; group postgres-sync: "+lag+", 1 pending", "stream "+key("read"))
	wantOK(t, found, "1 entry; group postgres-sync will be made", "stream "+key("new"))
	wantOK(t, found, "lag unknown", "stream "+key("gappy"))
	wantOK(t, found, "not there yet", "stream "+key("absent"))
	wantProblems(t, found, aofOff,
		problem{Failure, "stream " + key("mortal"), "it expires in"},
		problem{Failure, "stream " + key("list"), "the key holds no stream"})
	if exists, err := client.Exists(t.Context(), key("absent")).Result(); err != nil || exists != 0 {
		t.Errorf("looking at a stream made it: %d, %v", exists, err)
	}
}

func TestRedisAway(t *testing.T) {
	t.Parallel()
	server := testenv.OwnRedis(t)
	u, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("", secret)
	found := Redis(t.Context(), open(t, u.String()), group, []string{"x"})
	wantProblems(t, found, problem{Failure, "server", "WRONGPASS"})
	if !strings.Contains(found[0].Hint, "user and password") || strings.Contains(found[0].Detail+found[0].Hint, secret) {
		t.Errorf("%+v", found)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	found = Redis(t.Context(), open(t, server.URL()), group, []string{"x"})
	wantProblems(t, found, problem{Failure, "server", "it does not answer: dial tcp"})
}

// A managed Redis may have no CONFIG, and an ACL may forbid more.
func TestRedisThatForbids(t *testing.T) {
	t.Parallel()
	server := testenv.OwnRedis(t)
	root := open(t, server.URL())
	as := func(rules ...any) *redis.Client {
		user := "user" + strings.TrimPrefix(rules[len(rules)-1].(string), "-")
		do(t, root, append([]any{"ACL", "SETUSER", user, "on", ">" + secret, "~*", "+@all"}, rules...)...)
		u, err := url.Parse(server.URL())
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword(user, secret)
		return open(t, u.String())
	}
	do(t, root, "CONFIG", "SET", "appendonly", "yes")
	do(t, root, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")

	found := Redis(t.Context(), as("-config"), group, []string{"x"})
	wantProblems(t, found, problem{Failure, "maxmemory-policy", "allkeys-lru"})
	wantOK(t, found, "AOF is on, appendfsync unknown", "persistence")
	wantOK(t, found, "not there yet", "stream x")

	found = Redis(t.Context(), as("-info"), group, nil)
	wantProblems(t, found, problem{Failure, "maxmemory-policy", "allkeys-lru"},
		problem{Warning, "server", "does not tell its version"}, problem{Warning, "role", "does not tell"})
	wantOK(t, found, "AOF is on", "persistence")

	found = Redis(t.Context(), as("-config", "-info"), group, nil)
	for _, subject := range []string{"server", "role", "maxmemory-policy", "memory", "persistence"} {
		wantProblems(t, []Finding{one(t, found, subject)}, problem{Warning, subject, "not tell"})
	}

	do(t, root, "CONFIG", "SET", "appendonly", "no") // it does not end while it waits for its first AOF
	do(t, root, "XADD", "x", "*", "payload", "{}")
	found = Redis(t.Context(), as("-pttl", "-xlen"), group, []string{"x"})
	wantOK(t, found, "it is there; group postgres-sync will be made", "stream x")
	found = Redis(t.Context(), as("-xinfo"), group, []string{"x"})
	if f := one(t, found, "stream x"); f.Verdict != Failure || !strings.Contains(f.Hint, "commands of streams") {
		t.Errorf("%+v", f)
	}
}

func one(t *testing.T, found []Finding, subject string) Finding {
	t.Helper()
	for _, f := range found {
		if f.Subject == subject {
			return f
		}
	}
	t.Fatalf("no finding about %s: %+v", subject, found)
	return Finding{}
}

func TestRedisVersions(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]Verdict{
		"5.0.14": Failure, "6.0.20": Failure, "6.2.0": OK, "6.2": OK, "7.0.15": OK, "8.2.1": OK, "10.0.0": OK,
		"": Warning, "unknown": Warning, "7": Warning,
	} {
		s := &redisServer{info: map[string]string{"redis_version": version}}
		if f := s.version(); f.Verdict != want {
			t.Errorf("%q: %+v", version, f)
		}
	}
	for version, want := range map[string]bool{"6.2.14": false, "7.0.0": true, "": false} {
		s := &redisServer{info: map[string]string{"redis_version": version}}
		if got := s.atLeast(7, 0); got != want {
			t.Errorf("%q knows the lag: %t", version, got)
		}
	}
}

// TestRedisTrouble has what cannot be brought about without breaking a disk or a network.
func TestRedisTrouble(t *testing.T) {
	t.Parallel()
	s := &redisServer{
		info: map[string]string{"aof_enabled": "1", "aof_last_write_status": "err", "rdb_last_bgsave_status": "err",
			"min_slaves_good_slaves": "2", "cluster_enabled": "1"},
		config: map[string]string{"appendfsync": "everysec", "min-replicas-to-write": "2"},
	}
	wantProblems(t, []Finding{s.persistence()}, problem{Failure, "persistence", "the last write of the AOF failed"})
	wantProblems(t, s.snapshots(), problem{Warning, "snapshots", "MISCONF"})
	wantOK(t, s.replicas(), "2: with fewer", "min-replicas-to-write")
	wantProblems(t, s.cluster(), problem{Warning, "cluster", "a node of a Redis Cluster"})
	s.info["rdb_last_bgsave_status"], s.info["cluster_enabled"] = "ok", "0"
	wantProblems(t, s.snapshots())
	wantProblems(t, s.cluster())
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{
		0: "0 B", 1023: "1023 B", 1536: "1.5 KiB", 1 << 30: "1.0 GiB", 1 << 60: "1048576.0 TiB",
	} {
		if got := size(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}
