-- What Bento fills: the table of the earlier service in Rust, all of it text but for small numbers, with its five indexes.
CREATE TABLE deposited_events (
    transaction_hash text NOT NULL,
    log_index bigint NOT NULL,
    assets text,
    assets_after_fees text,
    curve_id text,
    receiver text,
    sender text,
    shares text,
    term_id text,
    total_shares text,
    vault_type smallint,
    address text,
    block_hash text,
    block_number bigint,
    network text,
    transaction_index bigint,
    block_timestamp timestamptz,
    created_at timestamptz DEFAULT now(),
    PRIMARY KEY (transaction_hash, log_index)
);
CREATE INDEX ON deposited_events (block_number);
CREATE INDEX ON deposited_events (block_timestamp);
CREATE INDEX ON deposited_events (sender);
CREATE INDEX ON deposited_events (receiver);
CREATE INDEX ON deposited_events (term_id);
