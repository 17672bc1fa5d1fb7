-- The queries of the service itself. The statements that are no queries tell sqlc of temporary tables, which the
-- writer makes when it needs them.

CREATE TEMPORARY TABLE generic_events_stage (LIKE generic_events INCLUDING DEFAULTS);

-- name: CopyGenericEvents :copyfrom
INSERT INTO generic_events (
    transaction_hash, log_index, network, chain_id, address, block_number, block_hash, block_timestamp,
    transaction_index, event_name, event_signature_hash, event_data
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: StageGenericEvents :copyfrom
INSERT INTO generic_events_stage (
    transaction_hash, log_index, network, chain_id, address, block_number, block_hash, block_timestamp,
    transaction_index, event_name, event_signature_hash, event_data
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: MergeGenericEvents :execrows
INSERT INTO generic_events (
    transaction_hash, log_index, network, chain_id, address, block_number, block_hash, block_timestamp,
    transaction_index, event_name, event_signature_hash, event_data
)
SELECT
    transaction_hash, log_index, network, chain_id, address, block_number, block_hash, block_timestamp,
    transaction_index, event_name, event_signature_hash, event_data
FROM generic_events_stage
ORDER BY network COLLATE "C", block_number, log_index, transaction_hash, event_signature_hash
ON CONFLICT (network, block_number, log_index, transaction_hash, event_signature_hash) DO NOTHING;

-- name: FillGenericEvents :exec
UPDATE generic_events AS t
SET
    chain_id = COALESCE(t.chain_id, s.chain_id),
    block_timestamp = COALESCE(t.block_timestamp, s.block_timestamp)
FROM generic_events_stage AS s
WHERE (t.network, t.block_number, t.log_index, t.transaction_hash, t.event_signature_hash)
    = (s.network, s.block_number, s.log_index, s.transaction_hash, s.event_signature_hash)
    AND (t.block_hash, t.address, t.event_data) = (s.block_hash, s.address, s.event_data)
    AND (
        t.chain_id IS NULL AND s.chain_id IS NOT NULL
        OR t.block_timestamp IS NULL AND s.block_timestamp IS NOT NULL
    );

-- name: ConflictingGenericEvents :many
SELECT s.network, s.block_number, s.log_index, s.transaction_hash, s.event_signature_hash
FROM generic_events_stage AS s
JOIN generic_events AS t
    ON (t.network, t.block_number, t.log_index, t.transaction_hash, t.event_signature_hash)
    = (s.network, s.block_number, s.log_index, s.transaction_hash, s.event_signature_hash)
WHERE (t.block_hash, t.address, t.event_data) <> (s.block_hash, s.address, s.event_data);

-- Seen again, a letter counts one attempt more, and stays in the state that people gave it.

-- name: PutDeadLetters :exec
INSERT INTO dead_letters AS d (
    stream, message_id, event_index, event_name, event_signature_hash, network, reason_code, detail, sqlstate,
    payload, state
)
SELECT
    unnest(@streams::text[]),
    unnest(@message_ids::text[]),
    unnest(@event_indexes::integer[]),
    unnest(@event_names::text[]),
    NULLIF(unnest(@event_signature_hashes::bytea[]), ''),
    unnest(@networks::text[]),
    unnest(@reason_codes::text[]),
    unnest(@details::text[]),
    NULLIF(unnest(@sqlstates::text[]), ''),
    unnest(@payloads::bytea[]),
    unnest(@states::text[])
ON CONFLICT (stream, message_id, event_index) DO UPDATE
SET
    last_seen = now(),
    attempts = d.attempts + 1;

-- name: PutReorgs :exec
INSERT INTO reorgs (stream, message_id, event_index, network, fork_block, last_block, notice)
SELECT
    unnest(@streams::text[]),
    unnest(@message_ids::text[]),
    unnest(@event_indexes::integer[]),
    unnest(@networks::text[]),
    unnest(@fork_blocks::bigint[]),
    NULLIF(unnest(@last_blocks::bigint[]), -1),
    unnest(@notices::text[])::jsonb
ON CONFLICT (stream, message_id, event_index) DO NOTHING;

-- The blocks must be unique and in the order of the key.

-- name: PutBlocks :exec
INSERT INTO blocks AS b (stream, network, number, hash, first_position, last_position)
SELECT
    unnest(@streams::text[]),
    unnest(@networks::text[]),
    unnest(@numbers::bigint[]),
    unnest(@hashes::bytea[]),
    unnest(@first_positions::numeric[]),
    unnest(@last_positions::numeric[])
ON CONFLICT (stream, network, number, hash) DO UPDATE
SET
    first_position = LEAST(b.first_position, excluded.first_position),
    last_position = GREATEST(b.last_position, excluded.last_position)
WHERE excluded.first_position < b.first_position OR excluded.last_position > b.last_position;

-- DropFinalBlocks forgets the blocks below a height, but for those of which a second hash was seen. What another
-- writer holds is left to the next call, so that two of them cannot deadlock.

-- name: DropFinalBlocks :exec
DELETE FROM blocks AS b
USING (
    SELECT f.stream, f.network, f.number, f.hash
    FROM blocks AS f
    WHERE f.stream = @stream AND f.network = @network AND f.number < @below
        AND NOT EXISTS (
            SELECT 1
            FROM blocks AS o
            WHERE o.stream = f.stream AND o.network = f.network AND o.number = f.number AND o.hash <> f.hash
        )
    FOR UPDATE SKIP LOCKED
) AS final
WHERE b.stream = final.stream AND b.network = final.network AND b.number = final.number AND b.hash = final.hash;
