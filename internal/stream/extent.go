package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Extent is what of a stream a group was given: nothing above LastID, and what is below LowID is acknowledged. Where there
// is no group, or it was given nothing, both are 0-0.
type Extent struct{ LowID, LastID string }

// Delivered returns how far the group has been given the stream.
func Delivered(ctx context.Context, client redis.UniversalClient, stream, group string) (Extent, error) {
	s, err := Inspect(ctx, client, stream, group)
	switch {
	case err != nil:
		return Extent{}, err
	case s.WrongType:
		return Extent{}, fmt.Errorf("stream %s: the key is no stream", stream)
	case !s.GroupExists:
		return Extent{ZeroID, ZeroID}, nil
	// Redis was asked for the last entry before it was asked for pending ones: what was given out in between is pending.
	case s.OldestPendingID != "":
		return Extent{s.OldestPendingID, s.LastDeliveredID}, nil
	case s.LastDeliveredID == ZeroID:
		return Extent{ZeroID, ZeroID}, nil
	}
	return Extent{parseID(s.LastDeliveredID).next().String(), s.LastDeliveredID}, nil
}

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
// acknowledged, and returns how many it removed. Redis removes whole nodes of about a hundred, so some may stay. Holding
// names the group that keeps entries that would be removed otherwise; it is empty if none does.
func Trim(
	ctx context.Context, client redis.UniversalClient, stream, group, below string,
) (removed int64, holding string, err error) {
	for range trimPages {
		reply, err := client.Eval(ctx, trimScript, []string{stream}, below, group).Slice()
		if err == nil && len(reply) != 2 {
			err = errors.New("the script gave another answer than two values")
		}
		if err != nil {
			return removed, holding, fmt.Errorf("stream %s: trim: %w", stream, err)
		}
		n, _ := reply[0].(int64)
		holding, _ = reply[1].(string)
		removed += n
		if n == 0 {
			break
		}
	}
	return removed, holding, nil
}
