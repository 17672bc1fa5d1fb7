package preflight

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

const redisArea area = "redis"

// Redis looks at the server behind client, and at the streams that group reads.
func Redis(ctx context.Context, client redis.UniversalClient, group string, streams []string) []Finding {
	s, err := readServer(ctx, client)
	if err != nil {
		return []Finding{redisArea.fail("server", redisHint(err), "it does not answer: %s", oneLine(err))}
	}
	all := s.findings()
	check := streamCheck{client, group, s.atLeast(7, 0)}
	for _, name := range streams {
		all = append(all, check.finding(ctx, name))
	}
	return all
}

// redisHint knows the answers that an operator can do something about.
func redisHint(err error) string {
	switch {
	case redis.HasErrorPrefix(err, "NOAUTH"), redis.HasErrorPrefix(err, "WRONGPASS"):
		return "put user and password into REDIS_URL: redis://user:password@host:port"
	case redis.HasErrorPrefix(err, "NOPERM"):
		return "allow the user of REDIS_URL the commands of streams on the keys of REDIS_STREAMS, and INFO"
	case redis.HasErrorPrefix(err, "LOADING"):
		return "wait until Redis has loaded its data"
	case redis.HasErrorPrefix(err, "MOVED"), redis.HasErrorPrefix(err, "CLUSTERDOWN"):
		return "use a Redis that is no cluster, here and in rindexer.yaml"
	}
	return "start Redis, or correct REDIS_URL"
}

// redisServer is what a server says about itself.
type redisServer struct {
	info   map[string]string
	config map[string]string
}

// readServer asks INFO, which says nearly all, and CONFIG for the rest. Managed servers often forbid CONFIG, and an ACL
// can forbid both: what is not known then is told as that.
func readServer(ctx context.Context, client redis.Cmdable) (*redisServer, error) {
	if err := client.Ping(ctx).Err(); err != nil {
		return nil, err
	}
	s := &redisServer{config: map[string]string{}}
	text, err := client.Info(ctx).Result()
	if err != nil && !isAnswer(err) {
		return nil, err
	}
	s.info = parseInfo(text)
	for _, name := range []string{"maxmemory", "maxmemory-policy", "appendonly", "appendfsync", "min-replicas-to-write"} {
		values, err := client.ConfigGet(ctx, name).Result()
		if err != nil {
			break
		}
		s.config[name] = values[name]
	}
	return s, nil
}

// isAnswer tells a command that the server refused from one that did not reach it.
func isAnswer(err error) bool {
	_, answer := errors.AsType[redis.Error](err)
	return answer
}

func parseInfo(text string) map[string]string {
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	return info
}

// setting returns a field of INFO, or the setting of another name where INFO has no such field.
func (s *redisServer) setting(info, config string) string {
	if value, ok := s.info[info]; ok {
		return value
	}
	return s.config[config]
}

func (s *redisServer) findings() []Finding {
	return slices.Concat(
		[]Finding{s.version(), s.role(), s.eviction(), s.memory(), s.persistence()},
		s.cluster(), s.snapshots(), s.replicas(),
	)
}

// atLeast is false where the version is not known.
func (s *redisServer) atLeast(major, minor int) bool {
	m, n, ok := parseVersion(s.info["redis_version"])
	return ok && (m > major || m == major && n >= minor)
}

func parseVersion(text string) (major, minor int, ok bool) {
	first, rest, _ := strings.Cut(text, ".")
	second, _, _ := strings.Cut(rest, ".")
	major, err := strconv.Atoi(first)
	minor, err2 := strconv.Atoi(second)
	return major, minor, err == nil && err2 == nil
}

// version: XAUTOCLAIM came with 6.2. https://redis.io/docs/latest/commands/xautoclaim/
func (s *redisServer) version() Finding {
	subject, version := "server", s.info["redis_version"]
	_, _, known := parseVersion(version)
	switch {
	case !known:
		return redisArea.warn(subject, "use Redis 6.2 or newer; allow INFO to the user of REDIS_URL to have this looked at",
			"it answers, and does not tell its version")
	case !s.atLeast(6, 2):
		return redisArea.fail(subject, "upgrade Redis to 6.2 or newer",
			"Redis %s is too old: it has no XAUTOCLAIM, which takes over what a dead instance left", version)
	}
	return redisArea.ok(subject, "Redis %s", version)
}

func (s *redisServer) role() Finding {
	subject := "role"
	switch role := s.info["role"]; role {
	case "":
		return redisArea.warn(subject, "make sure that REDIS_URL names the master", "the server does not tell its role")
	case "master":
		return redisArea.ok(subject, "master")
	default:
		return redisArea.fail(subject, "name the master in REDIS_URL",
			"the server is a replica (%s), which answers READONLY to whatever reads in a group", role)
	}
}

// cluster: a client of one server does not follow a key to another.
func (s *redisServer) cluster() []Finding {
	if s.info["cluster_enabled"] != "1" {
		return nil
	}
	return []Finding{redisArea.warn("cluster", "use a Redis that is no cluster, here and in rindexer.yaml",
		"the server is a node of a Redis Cluster: a stream on another node answers MOVED, and neither the service nor "+
			"rindexer follows")}
}

func (s *redisServer) eviction() Finding {
	subject := "maxmemory-policy"
	policy := s.setting("maxmemory_policy", "maxmemory-policy")
	switch {
	case policy == "":
		return redisArea.warn(subject, "make sure that it is noeviction", "the server does not tell it")
	case strings.HasPrefix(policy, "allkeys"):
		return redisArea.fail(subject, "CONFIG SET maxmemory-policy noeviction, and in redis.conf too",
			"%s: a stream is one key, and its eviction deletes every entry and the consumer group", policy)
	}
	return redisArea.ok(subject, "%s", policy)
}

// fullShare is the share of maxmemory in percent above which there is little time left to react.
const fullShare = 75

func (s *redisServer) memory() Finding {
	subject := "memory"
	limit, err := strconv.ParseUint(s.setting("maxmemory", "maxmemory"), 10, 64)
	used, usedErr := strconv.ParseUint(s.info["used_memory"], 10, 64)
	switch {
	case err != nil || limit > 0 && usedErr != nil:
		return redisArea.warn(subject, "watch it: without TRIM nobody trims the streams", "the server does not tell how full it is")
	case limit == 0:
		return redisArea.ok(subject, "%s used, no maxmemory", size(used))
	}
	share := float64(used) / float64(limit) * 100
	if share > fullShare {
		return redisArea.warn(subject,
			"set TRIM=on or raise maxmemory: a Redis that is full refuses writes, and rindexer drops what it cannot write",
			"%.0f %% of maxmemory are used: %s of %s", share, size(used), size(limit))
	}
	return redisArea.ok(subject, "%.0f %% of maxmemory are used: %s of %s", share, size(used), size(limit))
}

// size writes a size for people.
func size(n uint64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	amount, unit := float64(n), 0
	for amount >= 1024 && unit < len(units)-1 {
		amount, unit = amount/1024, unit+1
	}
	return strconv.FormatFloat(amount, 'f', min(unit, 1), 64) + " " + units[unit]
}

// persistence: rindexer sends an entry once, so what Redis forgets is gone.
func (s *redisServer) persistence() Finding {
	subject := "persistence"
	aof := s.setting("aof_enabled", "appendonly")
	sync := s.config["appendfsync"]
	if sync == "" {
		sync = "unknown"
	}
	switch {
	case aof == "":
		return redisArea.warn(subject, "make sure that AOF is on", "the server does not tell whether AOF is on")
	case aof == "0" || aof == "no":
		return redisArea.warn(subject, "CONFIG SET appendonly yes, and in redis.conf too",
			"AOF is off: a crash of Redis loses what came since the last snapshot, and rindexer does not send it again")
	case s.info["aof_last_write_status"] == "err":
		return redisArea.fail(subject, "look at the disk of Redis and at its log",
			"the last write of the AOF failed: Redis refuses writes, and rindexer drops what it cannot write")
	case sync == "no":
		return redisArea.warn(subject, "CONFIG SET appendfsync everysec",
			"AOF is on with appendfsync no: a crash of the machine loses what the kernel had not written, some 30 s")
	}
	return redisArea.ok(subject, "AOF is on, appendfsync %s", sync)
}

// snapshots: by default Redis refuses writes after a snapshot that failed.
func (s *redisServer) snapshots() []Finding {
	if s.info["rdb_last_bgsave_status"] != "err" {
		return nil
	}
	return []Finding{redisArea.warn("snapshots", "look at the disk of Redis and at its log",
		"the last snapshot failed: with stop-writes-on-bgsave-error Redis refuses writes (MISCONF), "+
			"and rindexer drops what it cannot write")}
}

func (s *redisServer) replicas() []Finding {
	subject := "min-replicas-to-write"
	want, err := strconv.Atoi(s.config["min-replicas-to-write"])
	if err != nil {
		return nil
	}
	if want == 0 {
		return []Finding{redisArea.ok(subject, "0: writes do not wait for replicas to be there")}
	}
	good, err := strconv.Atoi(s.info["min_slaves_good_slaves"])
	if err == nil && good < want {
		return []Finding{redisArea.fail(subject, "bring the replicas back, or lower min-replicas-to-write",
			"%d, and %d good replicas: Redis refuses writes (NOREPLICAS), and rindexer drops what it cannot write", want, good)}
	}
	return []Finding{redisArea.ok(subject,
		"%d: with fewer good replicas Redis refuses writes, and rindexer drops what it cannot write", want)}
}
