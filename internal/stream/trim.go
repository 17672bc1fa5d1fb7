package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// trimScript removes entries that are older than the id given and that every group has acknowledged, in one step, and
// returns how many, and the group for whose sake it removed no more. The last entry that a group was given stays. Without
// the group that asks, the stream is not the one that it knows.
const trimScript = `
local function below(a, b)
  local ams, aseq = string.match(a, '^(%d+)-(%d+)$')
  local bms, bseq = string.match(b, '^(%d+)-(%d+)$')
  if ams ~= bms then
    if #ams ~= #bms then return #ams < #bms end
    return ams < bms
  end
  if #aseq ~= #bseq then return #aseq < #bseq end
  return aseq < bseq
end
local least, holding, ours = ARGV[1], '', false
local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])
if groups['err'] and string.find(groups['err'], 'no such key') then return {0, ''} end
if groups['err'] then return groups end
for _, fields in ipairs(groups) do
  local group = {}
  for i = 1, #fields, 2 do group[fields[i]] = fields[i + 1] end
  local position = group['last-delivered-id']
  local pending = redis.call('XPENDING', KEYS[1], group['name'])
  if pending[2] and below(pending[2], position) then position = pending[2] end
  if below(position, least) then least, holding = position, group['name'] end
  if group['name'] == ARGV[2] then ours = true end
end
if not ours then return {0, ''} end
return {redis.call('XTRIM', KEYS[1], 'MINID', '~', least), holding}`

// trimPages bounds the steps of one Trim: each removes up to some ten thousand entries, and Redis does nothing else
// meanwhile.
const trimPages = 100

// Trim removes entries below an id from the stream of a group, but for those that any group was not given or has not
// acknowledged, and returns how many it removed. Redis removes whole nodes of about a hundred, so some may stay. HeldBy
// names the group that keeps entries that would be removed otherwise; it is empty if none does.
func Trim(
	ctx context.Context, client redis.UniversalClient, stream, group string, below event.EntryID,
) (removed int64, heldBy string, err error) {
	for range trimPages {
		reply, err := client.Eval(ctx, trimScript, []string{stream}, below.String(), group).Slice()
		if err == nil && len(reply) != 2 {
			err = errors.New("the script gave another answer than two values")
		}
		if err != nil {
			return removed, heldBy, fmt.Errorf("stream %s: trim: %w", stream, err)
		}
		n, _ := reply[0].(int64)
		heldBy, _ = reply[1].(string)
		removed += n
		if n == 0 {
			break
		}
	}
	return removed, heldBy, nil
}
