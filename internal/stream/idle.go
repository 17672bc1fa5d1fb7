package stream

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// removeScript removes the named consumers that hold nothing and are idle, in one step: XGROUP DELCONSUMER drops what a
// consumer has pending, and it may have read between a look and a removal.
const removeScript = `
local named, removed = {}, {}
for i = 3, #ARGV do named[ARGV[i]] = true end
for _, fields in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for i = 1, #fields, 2 do consumer[fields[i]] = fields[i + 1] end
  local name = consumer['name']
  if named[name] and consumer['pending'] == 0 and consumer['idle'] >= tonumber(ARGV[2]) then
    local reply = redis.pcall('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], name)
    if type(reply) == 'table' and reply['err'] then return removed end
    removed[#removed + 1] = name
  end
end
return removed`

// RemoveIdle removes the consumers of a group that are idle (see Member) for at least so long and have nothing pending,
// but for those that keep wants to stay, and returns their names. One that has entries pending stays until others have
// taken these over. One that is in use after all comes back with the next entry that it is given. Where the user may
// not run scripts, nothing is removed.
func RemoveIdle(
	ctx context.Context, client redis.UniversalClient, stream, group string, idle time.Duration, keep func(name string) bool,
) (removed []string, err error) {
	members, err := client.XInfoConsumers(ctx, stream, group).Result()
	if noGroup(err) || redis.HasErrorPrefix(err, "no such key") || forbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("stream %s: list consumers of group %s: %w", stream, group, err)
	}
	members = slices.DeleteFunc(members, func(m redis.XInfoConsumer) bool {
		return m.Pending > 0 || m.Idle < idle || keep(m.Name)
	})
	if len(members) == 0 {
		return nil, nil
	}
	args := []any{group, idle.Milliseconds()}
	for _, m := range members {
		args = append(args, m.Name)
	}
	removed, err = client.Eval(ctx, removeScript, []string{stream}, args...).StringSlice()
	if forbidden(err) || noGroup(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("stream %s: remove idle consumers of group %s: %w", stream, group, err)
	}
	return removed, nil
}
