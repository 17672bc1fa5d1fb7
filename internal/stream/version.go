package stream

import (
	"context"
	"fmt"
	"regexp"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// oldestMajor and oldestMinor are those of the first Redis with XAUTOCLAIM.
const (
	oldestMajor = 6
	oldestMinor = 2
)

// Valkey has a version of its own, and keeps in this line the version of Redis that it is compatible with.
var versionLine = regexp.MustCompile(`(?m)^redis_version:((\d+)\.(\d+)[^\r\n]*)`)

// CheckVersion returns an error for a server that is too old. One that does not tell its version, because it forbids
// INFO or leaves the line out, is taken for new enough.
func CheckVersion(ctx context.Context, client redis.UniversalClient) error {
	info, err := client.Info(ctx, "server").Result()
	if forbidden(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask Redis for its version: %w", err)
	}
	return judgeVersion(info)
}

func judgeVersion(info string) error {
	found := versionLine.FindStringSubmatch(info)
	if found == nil {
		return nil
	}
	major, _ := strconv.Atoi(found[2])
	minor, _ := strconv.Atoi(found[3])
	if major > oldestMajor || major == oldestMajor && minor >= oldestMinor {
		return nil
	}
	return fmt.Errorf("check Redis version: it is %s, and %d.%d or newer is needed; hint: upgrade Redis",
		found[1], oldestMajor, oldestMinor)
}
