-- The tables of the service itself. Those of events are beside this file, one a file, generated from abi/.
-- Unqualified: they belong to the schema that the connection finds first.

CREATE TABLE generic_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamptz,
    transaction_index bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    event_name text NOT NULL,
    event_signature_hash bytea NOT NULL,
    event_data jsonb NOT NULL,
    CONSTRAINT generic_events_pkey
        PRIMARY KEY (network, block_number, log_index, transaction_hash, event_signature_hash)
);

CREATE INDEX generic_events_event_signature_hash_idx ON generic_events (event_signature_hash);

CREATE INDEX generic_events_block_timestamp_idx
    ON generic_events USING brin (block_timestamp) WITH (autosummarize = true);

CREATE INDEX generic_events_transaction_hash_idx
    ON generic_events USING brin (transaction_hash bytea_bloom_ops)
    WITH (pages_per_range = 64, autosummarize = true);

COMMENT ON TABLE generic_events IS 'events that no ABI describes, as rindexer sent them';
COMMENT ON COLUMN generic_events.event_name IS 'the ABI''s name or an alias of it; empty where the message had none';
COMMENT ON COLUMN generic_events.event_signature_hash IS 'topic0; zeros in messages of rindexer before 0.13';
COMMENT ON COLUMN generic_events.event_data IS 'the parameters as rindexer sent them, U+0000 replaced with U+FFFD';

CREATE TABLE dead_letters (
    stream text NOT NULL,
    message_id text NOT NULL,
    event_index integer NOT NULL,
    event_name text NOT NULL,
    event_signature_hash bytea,
    network text NOT NULL,
    reason_code text NOT NULL,
    detail text NOT NULL,
    sqlstate text,
    payload bytea NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT now(),
    last_seen timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 1,
    state text NOT NULL DEFAULT 'open',
    CONSTRAINT dead_letters_pkey PRIMARY KEY (stream, message_id, event_index),
    CONSTRAINT dead_letters_state_check CHECK (state IN ('open', 'replayed', 'discarded', 'written'))
);

CREATE INDEX dead_letters_open_idx ON dead_letters (reason_code, first_seen) WHERE state = 'open';

COMMENT ON TABLE dead_letters IS 'what could not be written, or not as it is, with the raw bytes and the reason';
COMMENT ON COLUMN dead_letters.message_id IS 'id of the stream entry';
COMMENT ON COLUMN dead_letters.event_index IS 'place of the item in its message, from 0; -1 is the whole message';
COMMENT ON COLUMN dead_letters.event_name IS 'empty where the message did not tell';
COMMENT ON COLUMN dead_letters.network IS 'empty where the message did not tell';
COMMENT ON COLUMN dead_letters.payload IS
    'the item as rindexer sent it; the whole payload where event_index is -1, the fields of the entry if it had none';
COMMENT ON COLUMN dead_letters.state IS
    'open, replayed, discarded; written: the row stands, and differs from the event as reason_code says';

CREATE TABLE blocks (
    stream text NOT NULL,
    network text NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL,
    first_position numeric(40,0) NOT NULL,
    last_position numeric(40,0) NOT NULL,
    CONSTRAINT blocks_pkey PRIMARY KEY (stream, network, number, hash)
);

COMMENT ON TABLE blocks IS
    'the blocks of each stream that are not final yet, and the first and last entry in which each was seen';
COMMENT ON COLUMN blocks.first_position IS 'id of the entry: its milliseconds times 10^20, plus its sequence number';
COMMENT ON COLUMN blocks.last_position IS 'as first_position';

CREATE TABLE reorgs (
    stream text NOT NULL,
    message_id text NOT NULL,
    event_index integer NOT NULL,
    network text NOT NULL,
    fork_block bigint NOT NULL,
    last_block bigint,
    notice jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT reorgs_pkey PRIMARY KEY (stream, message_id, event_index)
);

COMMENT ON TABLE reorgs IS 'rindexer''s notices of reorgs, one row a copy';
COMMENT ON COLUMN reorgs.last_block IS
    'end of the range, which overstates: it reaches into the new branch; NULL is no end (rindexer before 0.40)';

CREATE TABLE schema_state (
    only_row boolean NOT NULL DEFAULT true,
    schema_hash bytea NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schema_state_pkey PRIMARY KEY (only_row),
    CONSTRAINT schema_state_only_row CHECK (only_row)
);

COMMENT ON TABLE schema_state IS 'the hash of the schema files that were applied last, which makes a start quick';

CREATE TABLE stream_progress (
    stream text NOT NULL,
    consumer_group text NOT NULL,
    low_id text NOT NULL,
    incarnation text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    sample_id text NOT NULL,
    sampled_at timestamptz NOT NULL DEFAULT now(),
    trim_id text NOT NULL,
    trim_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT stream_progress_pkey PRIMARY KEY (stream, consumer_group)
);

COMMENT ON TABLE stream_progress IS 'how far each stream is decided for certain, written after acknowledgements';
COMMENT ON COLUMN stream_progress.low_id IS 'the watermark: all entries below are decided in this database';
COMMENT ON COLUMN stream_progress.incarnation IS 'the incarnation of the server that the watermark was written in';
COMMENT ON COLUMN stream_progress.sample_id IS 'the watermark as it was at sampled_at, to become trim_id when it is old enough';
COMMENT ON COLUMN stream_progress.trim_id IS
    'the watermark as it was at trim_at: what is below may be trimmed once that is TRIM_RETENTION ago';

CREATE UNLOGGED TABLE server_incarnation (
    only_row boolean NOT NULL DEFAULT true,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    CONSTRAINT server_incarnation_pkey PRIMARY KEY (only_row),
    CONSTRAINT server_incarnation_only_row CHECK (only_row)
);

COMMENT ON TABLE server_incarnation IS
    'a row that is gone, or another one, when the server may have lost what it had committed: unlogged, so that a crash, a restore and a promotion empty it';
