package stream

import (
	"context"
	"strconv"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// places are ids of a stream, empty where there is no such entry.
type places struct {
	first string
	last  string // the last that was given
	next  string // the first that was not delivered to the group
	// missing is State.Missing.
	missing *int64
}

// idsScript returns places. Redis has no other way to tell them without the payloads of these entries, which may be
// megabytes. It reads only, so that it also runs where writing is refused.
const idsScript = `
local first, last, delivered, length, added, read = '', '', '0-0', 0, nil, nil
local info = redis.call('XINFO', 'STREAM', KEYS[1])
for i = 1, #info, 2 do
  if info[i] == 'first-entry' and info[i + 1] then first = info[i + 1][1] end
  if info[i] == 'last-generated-id' then last = info[i + 1] end
  if info[i] == 'length' then length = info[i + 1] end
  if info[i] == 'entries-added' then added = info[i + 1] end
end
for _, fields in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #fields, 2 do group[fields[i]] = fields[i + 1] end
  if group['name'] == ARGV[1] then
    delivered, read = group['last-delivered-id'], group['entries-read']
  end
end
local next = ''
if delivered ~= last then
  local entries = redis.call('XRANGE', KEYS[1], '(' .. delivered, '+', 'COUNT', 1)
  if #entries > 0 then next = entries[1][1] end
end
local missing = ''
if added and read and delivered ~= '0-0' then
  if next == '' then missing = string.format('%.0f', added - read) end
  if next ~= '' and next == first then missing = string.format('%.0f', added - read - length) end
end
return {first, last, next, missing}`

// places are the script's answer, or put together from whole entries where scripts are forbidden.
func (i *inspector) places(ctx context.Context, a answers, delivered string) (places, error) {
	if a.ids != nil && !forbidden(a.ids.Err()) {
		ids, err := a.ids.StringSlice()
		if err != nil {
			return places{}, err
		}
		p := places{first: ids[0], last: ids[1], next: ids[2]}
		if missing, err := strconv.ParseInt(ids[3], 10, 64); err == nil {
			p.missing = &missing
		}
		return p, nil
	}
	i.plainly = true
	info, err := i.client.XInfoStream(ctx, i.stream).Result()
	if err != nil {
		return places{}, err
	}
	p := places{first: info.FirstEntry.ID, last: info.LastGeneratedID}
	switch from := event.EntryIDOf(delivered); {
	case from.Before(event.EntryIDOf(p.first)):
		p.next = p.first
	case from.Before(event.EntryIDOf(info.LastEntry.ID)):
		p.next, err = i.after(ctx, delivered)
	}
	return p, err
}

func (i *inspector) after(ctx context.Context, id string) (string, error) {
	entries, err := i.client.XRangeN(ctx, i.stream, "("+id, "+", 1).Result()
	if err != nil || len(entries) == 0 {
		return "", err
	}
	return entries[0].ID, nil
}
