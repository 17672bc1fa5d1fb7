-- The queries of the service itself. The statements that are no queries tell sqlc of temporary tables, which the
-- writer makes when it needs them.

CREATE TEMPORARY TABLE generic_events_stage (LIKE generic_events INCLUDING DEFAULTS);

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

-- name: FillGenericEvents :execrows
INSERT INTO generic_events AS t (
    transaction_hash, log_index, network, chain_id, address, block_number, block_hash, block_timestamp,
    transaction_index, event_name, event_signature_hash, event_data
)
SELECT
    transaction_hash, log_index, network, chain_id, address, block_number, block_hash, block_timestamp,
    transaction_index, event_name, event_signature_hash, event_data
FROM generic_events_stage AS s
WHERE (
    SELECT
        t.chain_id IS NULL AND s.chain_id IS NOT NULL
        OR t.block_timestamp IS NULL AND s.block_timestamp IS NOT NULL
    FROM generic_events AS t
    WHERE (t.network, t.block_number, t.log_index, t.transaction_hash, t.event_signature_hash)
        = (s.network, s.block_number, s.log_index, s.transaction_hash, s.event_signature_hash)
)
ORDER BY network COLLATE "C", block_number, log_index, transaction_hash, event_signature_hash
ON CONFLICT (network, block_number, log_index, transaction_hash, event_signature_hash) DO UPDATE
SET
    chain_id = COALESCE(t.chain_id, excluded.chain_id),
    block_timestamp = COALESCE(t.block_timestamp, excluded.block_timestamp)
WHERE
    (t.block_hash, t.address, t.event_data) IS NOT DISTINCT FROM (excluded.block_hash, excluded.address, excluded.event_data)
    AND (
        t.chain_id IS NULL AND excluded.chain_id IS NOT NULL
        OR t.block_timestamp IS NULL AND excluded.block_timestamp IS NOT NULL
    );

-- DifferingGenericEvents returns no signature: of rows that are merged together no two have the same key without it.

-- name: DifferingGenericEvents :many
SELECT s.network, s.block_number, s.log_index, s.transaction_hash, t.conflicts
FROM generic_events_stage AS s
CROSS JOIN LATERAL (
    SELECT
        COALESCE(
            (t.block_hash, t.address, t.event_data) IS DISTINCT FROM (s.block_hash, s.address, s.event_data), FALSE
        )::boolean AS conflicts,
        (
            t.chain_id IS NULL AND s.chain_id IS NOT NULL
            OR t.block_timestamp IS NULL AND s.block_timestamp IS NOT NULL
        ) AS lacks
    FROM generic_events AS t
    WHERE (t.network, t.block_number, t.log_index, t.transaction_hash, t.event_signature_hash)
        = (s.network, s.block_number, s.log_index, s.transaction_hash, s.event_signature_hash)
    OFFSET 0
) AS t
WHERE t.conflicts OR t.lacks;

-- PutDeadLetters: seen again, a letter counts one attempt more. While it is open it says what is wrong now, and becomes
-- written once its row is; in any other state it stays as it is.

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
    attempts = d.attempts + 1,
    reason_code = CASE d.state WHEN 'open' THEN excluded.reason_code ELSE d.reason_code END,
    detail = CASE d.state WHEN 'open' THEN excluded.detail ELSE d.detail END,
    sqlstate = CASE d.state WHEN 'open' THEN excluded.sqlstate ELSE d.sqlstate END,
    state = CASE d.state WHEN 'open' THEN excluded.state ELSE d.state END;

-- LockOpenDeadLetters counts those of the letters that are open, and keeps others from changing them.

-- name: LockOpenDeadLetters :one
SELECT count(*)
FROM (
    SELECT 1
    FROM dead_letters
    WHERE (stream, message_id, event_index)
        IN (SELECT unnest(@streams::text[]), unnest(@message_ids::text[]), unnest(@event_indexes::integer[]))
        AND state = 'open'
    ORDER BY stream COLLATE "C", message_id COLLATE "C", event_index
    FOR UPDATE
) AS locked;

-- name: SettleDeadLetters :exec
UPDATE dead_letters
SET
    last_seen = now(),
    attempts = attempts + 1,
    state = 'replayed'
WHERE (stream, message_id, event_index)
    IN (SELECT unnest(@streams::text[]), unnest(@message_ids::text[]), unnest(@event_indexes::integer[]));

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

-- DropFinalBlocks forgets the blocks from one height up to another, but for those of which a second hash was seen. What
-- another writer holds is left to a later call, so that two of them cannot deadlock. The contested heights are counted
-- once: looked for block by block, they cost seconds in a table that has no statistics yet.

-- name: DropFinalBlocks :exec
DELETE FROM blocks AS b
USING (
    SELECT f.stream, f.network, f.number, f.hash
    FROM blocks AS f
    WHERE f.stream = @stream AND f.network = @network AND f.number >= @first AND f.number < @below
        AND f.number NOT IN (
            SELECT o.number
            FROM blocks AS o
            WHERE o.stream = @stream AND o.network = @network AND o.number >= @first AND o.number < @below
            GROUP BY o.number
            HAVING count(*) > 1
        )
    FOR UPDATE SKIP LOCKED
) AS final
WHERE b.stream = final.stream AND b.network = final.network AND b.number = final.number AND b.hash = final.hash;

-- ListDeadLetters returns the letters seen last, without their payloads. An empty text chooses all.

-- name: ListDeadLetters :many
SELECT
    stream, message_id, event_index, event_name, event_signature_hash, network, reason_code, detail, sqlstate,
    octet_length(payload) AS payload_bytes, first_seen, last_seen, attempts, state
FROM dead_letters
WHERE (@state::text = '' OR state = @state)
    AND (@stream::text = '' OR stream = @stream)
    AND (@reason_code::text = '' OR reason_code = @reason_code)
    AND (@event_name::text = '' OR event_name = @event_name)
ORDER BY last_seen DESC, stream, message_id, event_index
LIMIT @most;

-- name: CountDeadLetters :many
SELECT reason_code, count(*) AS letters
FROM dead_letters
WHERE (@state::text = '' OR state = @state)
    AND (@stream::text = '' OR stream = @stream)
    AND (@reason_code::text = '' OR reason_code = @reason_code)
    AND (@event_name::text = '' OR event_name = @event_name)
GROUP BY reason_code
ORDER BY letters DESC, reason_code;

-- name: DeadLetter :one
SELECT
    stream, message_id, event_index, event_name, event_signature_hash, network, reason_code, detail, sqlstate,
    payload, first_seen, last_seen, attempts, state
FROM dead_letters
WHERE stream = @stream AND message_id = @message_id AND event_index = @event_index;

-- name: DeadLetterState :one
SELECT state
FROM dead_letters
WHERE stream = @stream AND message_id = @message_id AND event_index = @event_index;

-- OpenDeadLetters returns a page of open letters behind one of them, in the order of the key: at most so many, and no
-- more than so many bytes of payload, but for the first. An empty text chooses all.

-- name: OpenDeadLetters :many
SELECT
    page.stream, page.message_id, page.event_index, page.event_name, page.event_signature_hash, page.network,
    page.reason_code, page.payload
FROM (
    SELECT
        d.stream, d.message_id, d.event_index, d.event_name, d.event_signature_hash, d.network, d.reason_code,
        d.payload,
        row_number() OVER so_far AS place,
        sum(octet_length(d.payload)) OVER so_far AS payload_bytes
    FROM (
        SELECT
            l.stream, l.message_id, l.event_index, l.event_name, l.event_signature_hash, l.network, l.reason_code,
            l.payload
        FROM dead_letters AS l
        WHERE l.state = 'open'
            AND l.first_seen <= @seen_by
            AND (@stream::text = '' OR l.stream = @stream)
            AND (@reason_code::text = '' OR l.reason_code = @reason_code)
            AND (@event_name::text = '' OR l.event_name = @event_name)
            AND (l.stream, l.message_id, l.event_index)
            > (@after_stream::text, @after_message_id::text, @after_event_index::integer)
        ORDER BY l.stream, l.message_id, l.event_index
        LIMIT @most
    ) AS d
    WINDOW so_far AS (ORDER BY d.stream, d.message_id, d.event_index)
) AS page
WHERE page.place = 1 OR page.payload_bytes <= @most_bytes::bigint
ORDER BY page.stream, page.message_id, page.event_index;

-- name: OpenDeadLettersOfMessages :many
SELECT message_id, event_index
FROM dead_letters
WHERE stream = @stream AND message_id = ANY(@message_ids::text[]) AND state = 'open';

-- name: DiscardDeadLetter :execrows
UPDATE dead_letters
SET state = 'discarded'
WHERE stream = @stream AND message_id = @message_id AND event_index = @event_index AND state = 'open';

-- DiscardDeadLetters discards at most so many open letters. An empty text chooses all.

-- name: DiscardDeadLetters :execrows
UPDATE dead_letters AS d
SET state = 'discarded'
FROM (
    SELECT l.stream, l.message_id, l.event_index
    FROM dead_letters AS l
    WHERE l.state = 'open'
        AND l.first_seen <= @seen_by
        AND (@stream::text = '' OR l.stream = @stream)
        AND (@reason_code::text = '' OR l.reason_code = @reason_code)
        AND (@event_name::text = '' OR l.event_name = @event_name)
    ORDER BY l.stream COLLATE "C", l.message_id COLLATE "C", l.event_index
    LIMIT @most
    FOR UPDATE
) AS chosen
WHERE d.stream = chosen.stream AND d.message_id = chosen.message_id AND d.event_index = chosen.event_index;

-- name: ServerTime :one
SELECT now()::timestamptz AS at;

-- GenericTopics returns those of the topics that stand in generic_events. It asks for the least one from there on, which takes the
-- index. A search for the topic itself is taken for one that ends at once, where the table has few topics, and reads all of it.

-- name: GenericTopics :many
SELECT topic::bytea AS topic
FROM (SELECT unnest(@topics::bytea[]) AS topic) AS asked
WHERE topic = (
    SELECT g.event_signature_hash
    FROM generic_events AS g
    WHERE g.event_signature_hash >= topic
    ORDER BY g.event_signature_hash
    LIMIT 1
);

-- Where the message did not tell topic0, the name must be one of those given.

-- name: CountGenericEvents :one
SELECT count(*)
FROM generic_events
WHERE event_signature_hash = ANY(@topics::bytea[])
    AND (event_signature_hash <> decode(repeat('00', 32), 'hex') OR event_name = ANY(@names::text[]));

-- GenericEvents returns a page of rows behind one of them, in the order of the key: at most so many, and no more than
-- so many bytes of parameters, but for the first. Where the message did not tell topic0, the name must be one of those
-- given.

-- name: GenericEvents :many
SELECT
    page.transaction_hash, page.log_index, page.network, page.chain_id, page.address, page.block_number,
    page.block_hash, page.block_timestamp, page.transaction_index, page.event_name, page.event_signature_hash,
    page.event_data
FROM (
    SELECT
        g.transaction_hash, g.log_index, g.network, g.chain_id, g.address, g.block_number, g.block_hash,
        g.block_timestamp, g.transaction_index, g.event_name, g.event_signature_hash, g.event_data,
        row_number() OVER so_far AS place,
        sum(octet_length(g.event_data::text)) OVER so_far AS data_bytes
    FROM (
        SELECT
            e.transaction_hash, e.log_index, e.network, e.chain_id, e.address, e.block_number, e.block_hash,
            e.block_timestamp, e.transaction_index, e.event_name, e.event_signature_hash, e.event_data
        FROM generic_events AS e
        WHERE e.event_signature_hash = ANY(@topics::bytea[])
            AND (e.event_signature_hash <> decode(repeat('00', 32), 'hex') OR e.event_name = ANY(@names::text[]))
            AND (e.network, e.block_number, e.log_index, e.transaction_hash, e.event_signature_hash) > (
                @after_network::text, @after_block_number::bigint, @after_log_index::bigint,
                @after_transaction_hash::bytea, @after_event_signature_hash::bytea
            )
        ORDER BY e.network, e.block_number, e.log_index, e.transaction_hash, e.event_signature_hash
        LIMIT @most
    ) AS g
    WINDOW so_far AS (
        ORDER BY g.network, g.block_number, g.log_index, g.transaction_hash, g.event_signature_hash
    )
) AS page
WHERE page.place = 1 OR page.data_bytes <= @most_bytes::bigint
ORDER BY page.network, page.block_number, page.log_index, page.transaction_hash, page.event_signature_hash;

-- LockGenericEvents returns the keys that stand, with what tells a log from another, and keeps others from changing their
-- rows.

-- name: LockGenericEvents :many
SELECT network, block_number, log_index, transaction_hash, event_signature_hash, block_hash, address
FROM generic_events
WHERE (network, block_number, log_index, transaction_hash, event_signature_hash) IN (
    SELECT
        unnest(@networks::text[]),
        unnest(@block_numbers::bigint[]),
        unnest(@log_indexes::bigint[]),
        unnest(@transaction_hashes::bytea[]),
        unnest(@event_signature_hashes::bytea[])
)
ORDER BY network COLLATE "C", block_number, log_index, transaction_hash, event_signature_hash
FOR UPDATE;

-- name: DeleteGenericEvents :exec
DELETE FROM generic_events
WHERE (network, block_number, log_index, transaction_hash, event_signature_hash) IN (
    SELECT
        unnest(@networks::text[]),
        unnest(@block_numbers::bigint[]),
        unnest(@log_indexes::bigint[]),
        unnest(@transaction_hashes::bytea[]),
        unnest(@event_signature_hashes::bytea[])
);

-- name: BeginIncarnation :exec
INSERT INTO server_incarnation DEFAULT VALUES ON CONFLICT DO NOTHING;
