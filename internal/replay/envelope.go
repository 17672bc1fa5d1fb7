package replay

import (
	"github.com/ethereum/go-ethereum/common"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// envelope returns a message around an item that has lost its own. The zero hash is none.
func envelope(name string, hash common.Hash, network string, item []byte) string {
	j := append(event.JSON(nil), `{"event_name":`...)
	j = j.AppendString(name)
	if hash != (common.Hash{}) {
		j = append(j, `,"event_signature_hash":`...)
		j = j.AppendHex(hash[:])
	}
	j = append(j, `,"network":`...)
	j = j.AppendString(network)
	j = append(j, `,"event_data":[`...)
	j = append(j, item...)
	return string(append(j, `]}`...))
}
