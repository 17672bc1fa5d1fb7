-- A database as the first version of schema/ left it, dumped with pg_dump --inserts: rows in the tables of Intuition and
-- in those of the service itself, the views, and the hash of those schema files. It stays as it is.

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA hex;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.approval_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    owner bytea NOT NULL,
    spender bytea NOT NULL,
    value numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.approval_events IS 'event Approval(address indexed owner, address indexed spender, uint256 value)';
COMMENT ON COLUMN public.approval_events.owner IS 'address indexed owner';
COMMENT ON COLUMN public.approval_events.spender IS 'address indexed spender';
COMMENT ON COLUMN public.approval_events.value IS 'uint256 value';
CREATE VIEW hex.approval_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.owner, 'hex'::text)) AS owner,
    ('0x'::text || encode(t.spender, 'hex'::text)) AS spender,
    t.value
   FROM public.approval_events t;
COMMENT ON COLUMN hex.approval_events.owner IS 'address indexed owner';
COMMENT ON COLUMN hex.approval_events.spender IS 'address indexed spender';
COMMENT ON COLUMN hex.approval_events.value IS 'uint256 value';
CREATE TABLE public.approval_for_all_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    owner bytea NOT NULL,
    operator bytea NOT NULL,
    approved boolean NOT NULL
);
COMMENT ON TABLE public.approval_for_all_events IS 'event ApprovalForAll(address indexed owner, address indexed operator, bool approved)';
COMMENT ON COLUMN public.approval_for_all_events.owner IS 'address indexed owner';
COMMENT ON COLUMN public.approval_for_all_events.operator IS 'address indexed operator';
COMMENT ON COLUMN public.approval_for_all_events.approved IS 'bool approved';
CREATE VIEW hex.approval_for_all_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.owner, 'hex'::text)) AS owner,
    ('0x'::text || encode(t.operator, 'hex'::text)) AS operator,
    t.approved
   FROM public.approval_for_all_events t;
COMMENT ON COLUMN hex.approval_for_all_events.owner IS 'address indexed owner';
COMMENT ON COLUMN hex.approval_for_all_events.operator IS 'address indexed operator';
COMMENT ON COLUMN hex.approval_for_all_events.approved IS 'bool approved';
CREATE TABLE public.approval_type_updated_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    sender bytea NOT NULL,
    receiver bytea NOT NULL,
    approval_type smallint NOT NULL
);
COMMENT ON TABLE public.approval_type_updated_events IS 'event ApprovalTypeUpdated(address indexed sender, address indexed receiver, uint8 approvalType)';
COMMENT ON COLUMN public.approval_type_updated_events.sender IS 'address indexed sender';
COMMENT ON COLUMN public.approval_type_updated_events.receiver IS 'address indexed receiver';
COMMENT ON COLUMN public.approval_type_updated_events.approval_type IS 'uint8 approvalType';
CREATE VIEW hex.approval_type_updated_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.sender, 'hex'::text)) AS sender,
    ('0x'::text || encode(t.receiver, 'hex'::text)) AS receiver,
    t.approval_type
   FROM public.approval_type_updated_events t;
COMMENT ON COLUMN hex.approval_type_updated_events.sender IS 'address indexed sender';
COMMENT ON COLUMN hex.approval_type_updated_events.receiver IS 'address indexed receiver';
COMMENT ON COLUMN hex.approval_type_updated_events.approval_type IS 'uint8 approvalType';
CREATE TABLE public.atom_config_updated_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    atom_creation_protocol_fee numeric(78,0) NOT NULL,
    atom_wallet_deposit_fee numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.atom_config_updated_events IS 'event AtomConfigUpdated(uint256 atomCreationProtocolFee, uint256 atomWalletDepositFee)';
COMMENT ON COLUMN public.atom_config_updated_events.atom_creation_protocol_fee IS 'uint256 atomCreationProtocolFee';
COMMENT ON COLUMN public.atom_config_updated_events.atom_wallet_deposit_fee IS 'uint256 atomWalletDepositFee';
CREATE VIEW hex.atom_config_updated_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    t.atom_creation_protocol_fee,
    t.atom_wallet_deposit_fee
   FROM public.atom_config_updated_events t;
COMMENT ON COLUMN hex.atom_config_updated_events.atom_creation_protocol_fee IS 'uint256 atomCreationProtocolFee';
COMMENT ON COLUMN hex.atom_config_updated_events.atom_wallet_deposit_fee IS 'uint256 atomWalletDepositFee';
CREATE TABLE public.atom_created_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    creator bytea NOT NULL,
    term_id bytea NOT NULL,
    atom_data bytea NOT NULL,
    atom_wallet bytea NOT NULL
);
COMMENT ON TABLE public.atom_created_events IS 'event AtomCreated(address indexed creator, bytes32 indexed termId, bytes atomData, address atomWallet)';
COMMENT ON COLUMN public.atom_created_events.creator IS 'address indexed creator';
COMMENT ON COLUMN public.atom_created_events.term_id IS 'bytes32 indexed termId';
COMMENT ON COLUMN public.atom_created_events.atom_data IS 'bytes atomData';
COMMENT ON COLUMN public.atom_created_events.atom_wallet IS 'address atomWallet';
CREATE VIEW hex.atom_created_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.creator, 'hex'::text)) AS creator,
    ('0x'::text || encode(t.term_id, 'hex'::text)) AS term_id,
    ('0x'::text || encode(t.atom_data, 'hex'::text)) AS atom_data,
    ('0x'::text || encode(t.atom_wallet, 'hex'::text)) AS atom_wallet
   FROM public.atom_created_events t;
COMMENT ON COLUMN hex.atom_created_events.creator IS 'address indexed creator';
COMMENT ON COLUMN hex.atom_created_events.term_id IS 'bytes32 indexed termId';
COMMENT ON COLUMN hex.atom_created_events.atom_data IS 'bytes atomData';
COMMENT ON COLUMN hex.atom_created_events.atom_wallet IS 'address atomWallet';
CREATE TABLE public.atom_wallet_deposit_fee_collected_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    term_id bytea NOT NULL,
    sender bytea NOT NULL,
    amount numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.atom_wallet_deposit_fee_collected_events IS 'event AtomWalletDepositFeeCollected(bytes32 indexed termId, address indexed sender, uint256 amount)';
COMMENT ON COLUMN public.atom_wallet_deposit_fee_collected_events.term_id IS 'bytes32 indexed termId';
COMMENT ON COLUMN public.atom_wallet_deposit_fee_collected_events.sender IS 'address indexed sender';
COMMENT ON COLUMN public.atom_wallet_deposit_fee_collected_events.amount IS 'uint256 amount';
CREATE VIEW hex.atom_wallet_deposit_fee_collected_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.term_id, 'hex'::text)) AS term_id,
    ('0x'::text || encode(t.sender, 'hex'::text)) AS sender,
    t.amount
   FROM public.atom_wallet_deposit_fee_collected_events t;
COMMENT ON COLUMN hex.atom_wallet_deposit_fee_collected_events.term_id IS 'bytes32 indexed termId';
COMMENT ON COLUMN hex.atom_wallet_deposit_fee_collected_events.sender IS 'address indexed sender';
COMMENT ON COLUMN hex.atom_wallet_deposit_fee_collected_events.amount IS 'uint256 amount';
CREATE TABLE public.atom_wallet_deposit_fees_claimed_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    term_id bytea NOT NULL,
    atom_wallet_owner bytea NOT NULL,
    fees_claimed numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.atom_wallet_deposit_fees_claimed_events IS 'event AtomWalletDepositFeesClaimed(bytes32 indexed termId, address indexed atomWalletOwner, uint256 indexed feesClaimed)';
COMMENT ON COLUMN public.atom_wallet_deposit_fees_claimed_events.term_id IS 'bytes32 indexed termId';
COMMENT ON COLUMN public.atom_wallet_deposit_fees_claimed_events.atom_wallet_owner IS 'address indexed atomWalletOwner';
COMMENT ON COLUMN public.atom_wallet_deposit_fees_claimed_events.fees_claimed IS 'uint256 indexed feesClaimed';
CREATE VIEW hex.atom_wallet_deposit_fees_claimed_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.term_id, 'hex'::text)) AS term_id,
    ('0x'::text || encode(t.atom_wallet_owner, 'hex'::text)) AS atom_wallet_owner,
    t.fees_claimed
   FROM public.atom_wallet_deposit_fees_claimed_events t;
COMMENT ON COLUMN hex.atom_wallet_deposit_fees_claimed_events.term_id IS 'bytes32 indexed termId';
COMMENT ON COLUMN hex.atom_wallet_deposit_fees_claimed_events.atom_wallet_owner IS 'address indexed atomWalletOwner';
COMMENT ON COLUMN hex.atom_wallet_deposit_fees_claimed_events.fees_claimed IS 'uint256 indexed feesClaimed';
CREATE TABLE public.blocks (
    stream text NOT NULL,
    network text NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL,
    first_position numeric(40,0) NOT NULL,
    last_position numeric(40,0) NOT NULL
);
COMMENT ON TABLE public.blocks IS 'the blocks of each stream that are not final yet, and the first and last entry in which each was seen';
COMMENT ON COLUMN public.blocks.first_position IS 'id of the entry: its milliseconds times 10^20, plus its sequence number';
COMMENT ON COLUMN public.blocks.last_position IS 'as first_position';
CREATE VIEW hex.blocks AS
 SELECT t.stream,
    t.network,
    t.number,
    ('0x'::text || encode(t.hash, 'hex'::text)) AS hash,
    t.first_position,
    t.last_position
   FROM public.blocks t;
COMMENT ON COLUMN hex.blocks.first_position IS 'id of the entry: its milliseconds times 10^20, plus its sequence number';
COMMENT ON COLUMN hex.blocks.last_position IS 'as first_position';
CREATE TABLE public.bonding_curve_config_updated_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    registry bytea NOT NULL,
    default_curve_id numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.bonding_curve_config_updated_events IS 'event BondingCurveConfigUpdated(address indexed registry, uint256 defaultCurveId)';
COMMENT ON COLUMN public.bonding_curve_config_updated_events.registry IS 'address indexed registry';
COMMENT ON COLUMN public.bonding_curve_config_updated_events.default_curve_id IS 'uint256 defaultCurveId';
CREATE VIEW hex.bonding_curve_config_updated_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.registry, 'hex'::text)) AS registry,
    t.default_curve_id
   FROM public.bonding_curve_config_updated_events t;
COMMENT ON COLUMN hex.bonding_curve_config_updated_events.registry IS 'address indexed registry';
COMMENT ON COLUMN hex.bonding_curve_config_updated_events.default_curve_id IS 'uint256 defaultCurveId';
CREATE TABLE public.dead_letters (
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
    first_seen timestamp with time zone DEFAULT now() NOT NULL,
    last_seen timestamp with time zone DEFAULT now() NOT NULL,
    attempts integer DEFAULT 1 NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    CONSTRAINT dead_letters_state_check CHECK ((state = ANY (ARRAY['open'::text, 'replayed'::text, 'discarded'::text, 'written'::text])))
);
COMMENT ON TABLE public.dead_letters IS 'what could not be written, or not as it is, with the raw bytes and the reason';
COMMENT ON COLUMN public.dead_letters.message_id IS 'id of the stream entry';
COMMENT ON COLUMN public.dead_letters.event_index IS 'place of the item in its message, from 0; -1 is the whole message';
COMMENT ON COLUMN public.dead_letters.event_name IS 'empty where the message did not tell';
COMMENT ON COLUMN public.dead_letters.network IS 'empty where the message did not tell';
COMMENT ON COLUMN public.dead_letters.payload IS 'the item as rindexer sent it; the whole payload where event_index is -1, the fields of the entry if it had none';
COMMENT ON COLUMN public.dead_letters.state IS 'open, replayed, discarded; written: the row stands, and differs from the event as reason_code says';
CREATE VIEW hex.dead_letters AS
 SELECT t.stream,
    t.message_id,
    t.event_index,
    t.event_name,
    ('0x'::text || encode(t.event_signature_hash, 'hex'::text)) AS event_signature_hash,
    t.network,
    t.reason_code,
    t.detail,
    t.sqlstate,
    ('0x'::text || encode(t.payload, 'hex'::text)) AS payload,
    t.first_seen,
    t.last_seen,
    t.attempts,
    t.state
   FROM public.dead_letters t;
COMMENT ON COLUMN hex.dead_letters.message_id IS 'id of the stream entry';
COMMENT ON COLUMN hex.dead_letters.event_index IS 'place of the item in its message, from 0; -1 is the whole message';
COMMENT ON COLUMN hex.dead_letters.event_name IS 'empty where the message did not tell';
COMMENT ON COLUMN hex.dead_letters.network IS 'empty where the message did not tell';
COMMENT ON COLUMN hex.dead_letters.payload IS 'the item as rindexer sent it; the whole payload where event_index is -1, the fields of the entry if it had none';
COMMENT ON COLUMN hex.dead_letters.state IS 'open, replayed, discarded; written: the row stands, and differs from the event as reason_code says';
CREATE TABLE public.deposited_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    sender bytea NOT NULL,
    receiver bytea NOT NULL,
    term_id bytea NOT NULL,
    curve_id numeric(78,0) NOT NULL,
    assets numeric(78,0) NOT NULL,
    assets_after_fees numeric(78,0) NOT NULL,
    shares numeric(78,0) NOT NULL,
    total_shares numeric(78,0) NOT NULL,
    vault_type smallint NOT NULL
);
COMMENT ON TABLE public.deposited_events IS 'event Deposited(address indexed sender, address indexed receiver, bytes32 indexed termId, uint256 curveId, uint256 assets, uint256 assetsAfterFees, uint256 shares, uint256 totalShares, uint8 vaultType)';
COMMENT ON COLUMN public.deposited_events.sender IS 'address indexed sender';
COMMENT ON COLUMN public.deposited_events.receiver IS 'address indexed receiver';
COMMENT ON COLUMN public.deposited_events.term_id IS 'bytes32 indexed termId';
COMMENT ON COLUMN public.deposited_events.curve_id IS 'uint256 curveId';
COMMENT ON COLUMN public.deposited_events.assets IS 'uint256 assets';
COMMENT ON COLUMN public.deposited_events.assets_after_fees IS 'uint256 assetsAfterFees';
COMMENT ON COLUMN public.deposited_events.shares IS 'uint256 shares';
COMMENT ON COLUMN public.deposited_events.total_shares IS 'uint256 totalShares';
COMMENT ON COLUMN public.deposited_events.vault_type IS 'uint8 vaultType';
CREATE VIEW hex.deposited_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.sender, 'hex'::text)) AS sender,
    ('0x'::text || encode(t.receiver, 'hex'::text)) AS receiver,
    ('0x'::text || encode(t.term_id, 'hex'::text)) AS term_id,
    t.curve_id,
    t.assets,
    t.assets_after_fees,
    t.shares,
    t.total_shares,
    t.vault_type
   FROM public.deposited_events t;
COMMENT ON COLUMN hex.deposited_events.sender IS 'address indexed sender';
COMMENT ON COLUMN hex.deposited_events.receiver IS 'address indexed receiver';
COMMENT ON COLUMN hex.deposited_events.term_id IS 'bytes32 indexed termId';
COMMENT ON COLUMN hex.deposited_events.curve_id IS 'uint256 curveId';
COMMENT ON COLUMN hex.deposited_events.assets IS 'uint256 assets';
COMMENT ON COLUMN hex.deposited_events.assets_after_fees IS 'uint256 assetsAfterFees';
COMMENT ON COLUMN hex.deposited_events.shares IS 'uint256 shares';
COMMENT ON COLUMN hex.deposited_events.total_shares IS 'uint256 totalShares';
COMMENT ON COLUMN hex.deposited_events.vault_type IS 'uint8 vaultType';
CREATE TABLE public.erc721_approval_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    owner bytea NOT NULL,
    approved bytea NOT NULL,
    token_id numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.erc721_approval_events IS 'event Approval(address indexed owner, address indexed approved, uint256 indexed tokenId)';
COMMENT ON COLUMN public.erc721_approval_events.owner IS 'address indexed owner';
COMMENT ON COLUMN public.erc721_approval_events.approved IS 'address indexed approved';
COMMENT ON COLUMN public.erc721_approval_events.token_id IS 'uint256 indexed tokenId';
CREATE VIEW hex.erc721_approval_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.owner, 'hex'::text)) AS owner,
    ('0x'::text || encode(t.approved, 'hex'::text)) AS approved,
    t.token_id
   FROM public.erc721_approval_events t;
COMMENT ON COLUMN hex.erc721_approval_events.owner IS 'address indexed owner';
COMMENT ON COLUMN hex.erc721_approval_events.approved IS 'address indexed approved';
COMMENT ON COLUMN hex.erc721_approval_events.token_id IS 'uint256 indexed tokenId';
CREATE TABLE public.erc721_transfer_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    from_1 bytea NOT NULL,
    to_2 bytea NOT NULL,
    token_id numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.erc721_transfer_events IS 'event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)';
COMMENT ON COLUMN public.erc721_transfer_events.from_1 IS 'address indexed from';
COMMENT ON COLUMN public.erc721_transfer_events.to_2 IS 'address indexed to';
COMMENT ON COLUMN public.erc721_transfer_events.token_id IS 'uint256 indexed tokenId';
CREATE VIEW hex.erc721_transfer_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.from_1, 'hex'::text)) AS from_1,
    ('0x'::text || encode(t.to_2, 'hex'::text)) AS to_2,
    t.token_id
   FROM public.erc721_transfer_events t;
COMMENT ON COLUMN hex.erc721_transfer_events.from_1 IS 'address indexed from';
COMMENT ON COLUMN hex.erc721_transfer_events.to_2 IS 'address indexed to';
COMMENT ON COLUMN hex.erc721_transfer_events.token_id IS 'uint256 indexed tokenId';
CREATE TABLE public.general_config_updated_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    admin bytea NOT NULL,
    protocol_multisig bytea NOT NULL,
    fee_denominator numeric(78,0) NOT NULL,
    trust_bonding bytea NOT NULL,
    min_deposit numeric(78,0) NOT NULL,
    min_share numeric(78,0) NOT NULL,
    atom_data_max_length numeric(78,0) NOT NULL,
    fee_threshold numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.general_config_updated_events IS 'event GeneralConfigUpdated(address indexed admin, address indexed protocolMultisig, uint256 feeDenominator, address indexed trustBonding, uint256 minDeposit, uint256 minShare, uint256 atomDataMaxLength, uint256 feeThreshold)';
COMMENT ON COLUMN public.general_config_updated_events.admin IS 'address indexed admin';
COMMENT ON COLUMN public.general_config_updated_events.protocol_multisig IS 'address indexed protocolMultisig';
COMMENT ON COLUMN public.general_config_updated_events.fee_denominator IS 'uint256 feeDenominator';
COMMENT ON COLUMN public.general_config_updated_events.trust_bonding IS 'address indexed trustBonding';
COMMENT ON COLUMN public.general_config_updated_events.min_deposit IS 'uint256 minDeposit';
COMMENT ON COLUMN public.general_config_updated_events.min_share IS 'uint256 minShare';
COMMENT ON COLUMN public.general_config_updated_events.atom_data_max_length IS 'uint256 atomDataMaxLength';
COMMENT ON COLUMN public.general_config_updated_events.fee_threshold IS 'uint256 feeThreshold';
CREATE VIEW hex.general_config_updated_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.admin, 'hex'::text)) AS admin,
    ('0x'::text || encode(t.protocol_multisig, 'hex'::text)) AS protocol_multisig,
    t.fee_denominator,
    ('0x'::text || encode(t.trust_bonding, 'hex'::text)) AS trust_bonding,
    t.min_deposit,
    t.min_share,
    t.atom_data_max_length,
    t.fee_threshold
   FROM public.general_config_updated_events t;
COMMENT ON COLUMN hex.general_config_updated_events.admin IS 'address indexed admin';
COMMENT ON COLUMN hex.general_config_updated_events.protocol_multisig IS 'address indexed protocolMultisig';
COMMENT ON COLUMN hex.general_config_updated_events.fee_denominator IS 'uint256 feeDenominator';
COMMENT ON COLUMN hex.general_config_updated_events.trust_bonding IS 'address indexed trustBonding';
COMMENT ON COLUMN hex.general_config_updated_events.min_deposit IS 'uint256 minDeposit';
COMMENT ON COLUMN hex.general_config_updated_events.min_share IS 'uint256 minShare';
COMMENT ON COLUMN hex.general_config_updated_events.atom_data_max_length IS 'uint256 atomDataMaxLength';
COMMENT ON COLUMN hex.general_config_updated_events.fee_threshold IS 'uint256 feeThreshold';
CREATE TABLE public.generic_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    event_name text NOT NULL,
    event_signature_hash bytea NOT NULL,
    event_data jsonb NOT NULL
);
COMMENT ON TABLE public.generic_events IS 'events that no ABI describes, as rindexer sent them';
COMMENT ON COLUMN public.generic_events.event_name IS 'the ABI''s name or an alias of it; empty where the message had none';
COMMENT ON COLUMN public.generic_events.event_signature_hash IS 'topic0; zeros in messages of rindexer before 0.13';
COMMENT ON COLUMN public.generic_events.event_data IS 'the parameters as rindexer sent them, U+0000 replaced with U+FFFD';
CREATE VIEW hex.generic_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    t.event_name,
    ('0x'::text || encode(t.event_signature_hash, 'hex'::text)) AS event_signature_hash,
    t.event_data
   FROM public.generic_events t;
COMMENT ON COLUMN hex.generic_events.event_name IS 'the ABI''s name or an alias of it; empty where the message had none';
COMMENT ON COLUMN hex.generic_events.event_signature_hash IS 'topic0; zeros in messages of rindexer before 0.13';
COMMENT ON COLUMN hex.generic_events.event_data IS 'the parameters as rindexer sent them, U+0000 replaced with U+FFFD';
CREATE TABLE public.initialized_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    version numeric(20,0) NOT NULL
);
COMMENT ON TABLE public.initialized_events IS 'event Initialized(uint64 version)';
COMMENT ON COLUMN public.initialized_events.version IS 'uint64 version';
CREATE VIEW hex.initialized_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    t.version
   FROM public.initialized_events t;
COMMENT ON COLUMN hex.initialized_events.version IS 'uint64 version';
CREATE TABLE public.paused_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    account bytea NOT NULL
);
COMMENT ON TABLE public.paused_events IS 'event Paused(address account)';
COMMENT ON COLUMN public.paused_events.account IS 'address account';
CREATE VIEW hex.paused_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.account, 'hex'::text)) AS account
   FROM public.paused_events t;
COMMENT ON COLUMN hex.paused_events.account IS 'address account';
CREATE TABLE public.personal_utilization_added_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    user_1 bytea NOT NULL,
    epoch numeric(78,0) NOT NULL,
    value_added numeric(78,0) NOT NULL,
    personal_utilization numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.personal_utilization_added_events IS 'event PersonalUtilizationAdded(address indexed user, uint256 indexed epoch, int256 indexed valueAdded, int256 personalUtilization)';
COMMENT ON COLUMN public.personal_utilization_added_events.user_1 IS 'address indexed user';
COMMENT ON COLUMN public.personal_utilization_added_events.epoch IS 'uint256 indexed epoch';
COMMENT ON COLUMN public.personal_utilization_added_events.value_added IS 'int256 indexed valueAdded';
COMMENT ON COLUMN public.personal_utilization_added_events.personal_utilization IS 'int256 personalUtilization';
CREATE VIEW hex.personal_utilization_added_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.user_1, 'hex'::text)) AS user_1,
    t.epoch,
    t.value_added,
    t.personal_utilization
   FROM public.personal_utilization_added_events t;
COMMENT ON COLUMN hex.personal_utilization_added_events.user_1 IS 'address indexed user';
COMMENT ON COLUMN hex.personal_utilization_added_events.epoch IS 'uint256 indexed epoch';
COMMENT ON COLUMN hex.personal_utilization_added_events.value_added IS 'int256 indexed valueAdded';
COMMENT ON COLUMN hex.personal_utilization_added_events.personal_utilization IS 'int256 personalUtilization';
CREATE TABLE public.personal_utilization_removed_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    user_1 bytea NOT NULL,
    epoch numeric(78,0) NOT NULL,
    value_removed numeric(78,0) NOT NULL,
    personal_utilization numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.personal_utilization_removed_events IS 'event PersonalUtilizationRemoved(address indexed user, uint256 indexed epoch, int256 indexed valueRemoved, int256 personalUtilization)';
COMMENT ON COLUMN public.personal_utilization_removed_events.user_1 IS 'address indexed user';
COMMENT ON COLUMN public.personal_utilization_removed_events.epoch IS 'uint256 indexed epoch';
COMMENT ON COLUMN public.personal_utilization_removed_events.value_removed IS 'int256 indexed valueRemoved';
COMMENT ON COLUMN public.personal_utilization_removed_events.personal_utilization IS 'int256 personalUtilization';
CREATE VIEW hex.personal_utilization_removed_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.user_1, 'hex'::text)) AS user_1,
    t.epoch,
    t.value_removed,
    t.personal_utilization
   FROM public.personal_utilization_removed_events t;
COMMENT ON COLUMN hex.personal_utilization_removed_events.user_1 IS 'address indexed user';
COMMENT ON COLUMN hex.personal_utilization_removed_events.epoch IS 'uint256 indexed epoch';
COMMENT ON COLUMN hex.personal_utilization_removed_events.value_removed IS 'int256 indexed valueRemoved';
COMMENT ON COLUMN hex.personal_utilization_removed_events.personal_utilization IS 'int256 personalUtilization';
CREATE TABLE public.protocol_fee_accrued_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    epoch numeric(78,0) NOT NULL,
    sender bytea NOT NULL,
    amount numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.protocol_fee_accrued_events IS 'event ProtocolFeeAccrued(uint256 indexed epoch, address indexed sender, uint256 amount)';
COMMENT ON COLUMN public.protocol_fee_accrued_events.epoch IS 'uint256 indexed epoch';
COMMENT ON COLUMN public.protocol_fee_accrued_events.sender IS 'address indexed sender';
COMMENT ON COLUMN public.protocol_fee_accrued_events.amount IS 'uint256 amount';
CREATE VIEW hex.protocol_fee_accrued_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    t.epoch,
    ('0x'::text || encode(t.sender, 'hex'::text)) AS sender,
    t.amount
   FROM public.protocol_fee_accrued_events t;
COMMENT ON COLUMN hex.protocol_fee_accrued_events.epoch IS 'uint256 indexed epoch';
COMMENT ON COLUMN hex.protocol_fee_accrued_events.sender IS 'address indexed sender';
COMMENT ON COLUMN hex.protocol_fee_accrued_events.amount IS 'uint256 amount';
CREATE TABLE public.protocol_fee_transferred_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    epoch numeric(78,0) NOT NULL,
    destination bytea NOT NULL,
    amount numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.protocol_fee_transferred_events IS 'event ProtocolFeeTransferred(uint256 indexed epoch, address indexed destination, uint256 amount)';
COMMENT ON COLUMN public.protocol_fee_transferred_events.epoch IS 'uint256 indexed epoch';
COMMENT ON COLUMN public.protocol_fee_transferred_events.destination IS 'address indexed destination';
COMMENT ON COLUMN public.protocol_fee_transferred_events.amount IS 'uint256 amount';
CREATE VIEW hex.protocol_fee_transferred_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    t.epoch,
    ('0x'::text || encode(t.destination, 'hex'::text)) AS destination,
    t.amount
   FROM public.protocol_fee_transferred_events t;
COMMENT ON COLUMN hex.protocol_fee_transferred_events.epoch IS 'uint256 indexed epoch';
COMMENT ON COLUMN hex.protocol_fee_transferred_events.destination IS 'address indexed destination';
COMMENT ON COLUMN hex.protocol_fee_transferred_events.amount IS 'uint256 amount';
CREATE TABLE public.redeemed_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    sender bytea NOT NULL,
    receiver bytea NOT NULL,
    term_id bytea NOT NULL,
    curve_id numeric(78,0) NOT NULL,
    shares numeric(78,0) NOT NULL,
    total_shares numeric(78,0) NOT NULL,
    assets numeric(78,0) NOT NULL,
    fees numeric(78,0) NOT NULL,
    vault_type smallint NOT NULL
);
COMMENT ON TABLE public.redeemed_events IS 'event Redeemed(address indexed sender, address indexed receiver, bytes32 indexed termId, uint256 curveId, uint256 shares, uint256 totalShares, uint256 assets, uint256 fees, uint8 vaultType)';
COMMENT ON COLUMN public.redeemed_events.sender IS 'address indexed sender';
COMMENT ON COLUMN public.redeemed_events.receiver IS 'address indexed receiver';
COMMENT ON COLUMN public.redeemed_events.term_id IS 'bytes32 indexed termId';
COMMENT ON COLUMN public.redeemed_events.curve_id IS 'uint256 curveId';
COMMENT ON COLUMN public.redeemed_events.shares IS 'uint256 shares';
COMMENT ON COLUMN public.redeemed_events.total_shares IS 'uint256 totalShares';
COMMENT ON COLUMN public.redeemed_events.assets IS 'uint256 assets';
COMMENT ON COLUMN public.redeemed_events.fees IS 'uint256 fees';
COMMENT ON COLUMN public.redeemed_events.vault_type IS 'uint8 vaultType';
CREATE VIEW hex.redeemed_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.sender, 'hex'::text)) AS sender,
    ('0x'::text || encode(t.receiver, 'hex'::text)) AS receiver,
    ('0x'::text || encode(t.term_id, 'hex'::text)) AS term_id,
    t.curve_id,
    t.shares,
    t.total_shares,
    t.assets,
    t.fees,
    t.vault_type
   FROM public.redeemed_events t;
COMMENT ON COLUMN hex.redeemed_events.sender IS 'address indexed sender';
COMMENT ON COLUMN hex.redeemed_events.receiver IS 'address indexed receiver';
COMMENT ON COLUMN hex.redeemed_events.term_id IS 'bytes32 indexed termId';
COMMENT ON COLUMN hex.redeemed_events.curve_id IS 'uint256 curveId';
COMMENT ON COLUMN hex.redeemed_events.shares IS 'uint256 shares';
COMMENT ON COLUMN hex.redeemed_events.total_shares IS 'uint256 totalShares';
COMMENT ON COLUMN hex.redeemed_events.assets IS 'uint256 assets';
COMMENT ON COLUMN hex.redeemed_events.fees IS 'uint256 fees';
COMMENT ON COLUMN hex.redeemed_events.vault_type IS 'uint8 vaultType';
CREATE TABLE public.reorgs (
    stream text NOT NULL,
    message_id text NOT NULL,
    event_index integer NOT NULL,
    network text NOT NULL,
    fork_block bigint NOT NULL,
    last_block bigint,
    notice jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.reorgs IS 'rindexer''s notices of reorgs, one row a copy';
COMMENT ON COLUMN public.reorgs.last_block IS 'end of the range, which overstates: it reaches into the new branch; NULL is no end (rindexer before 0.40)';
CREATE VIEW hex.reorgs AS
 SELECT t.stream,
    t.message_id,
    t.event_index,
    t.network,
    t.fork_block,
    t.last_block,
    t.notice,
    t.created_at
   FROM public.reorgs t;
COMMENT ON COLUMN hex.reorgs.last_block IS 'end of the range, which overstates: it reaches into the new branch; NULL is no end (rindexer before 0.40)';
CREATE TABLE public.role_admin_changed_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    role bytea NOT NULL,
    previous_admin_role bytea NOT NULL,
    new_admin_role bytea NOT NULL
);
COMMENT ON TABLE public.role_admin_changed_events IS 'event RoleAdminChanged(bytes32 indexed role, bytes32 indexed previousAdminRole, bytes32 indexed newAdminRole)';
COMMENT ON COLUMN public.role_admin_changed_events.role IS 'bytes32 indexed role';
COMMENT ON COLUMN public.role_admin_changed_events.previous_admin_role IS 'bytes32 indexed previousAdminRole';
COMMENT ON COLUMN public.role_admin_changed_events.new_admin_role IS 'bytes32 indexed newAdminRole';
CREATE VIEW hex.role_admin_changed_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.role, 'hex'::text)) AS role,
    ('0x'::text || encode(t.previous_admin_role, 'hex'::text)) AS previous_admin_role,
    ('0x'::text || encode(t.new_admin_role, 'hex'::text)) AS new_admin_role
   FROM public.role_admin_changed_events t;
COMMENT ON COLUMN hex.role_admin_changed_events.role IS 'bytes32 indexed role';
COMMENT ON COLUMN hex.role_admin_changed_events.previous_admin_role IS 'bytes32 indexed previousAdminRole';
COMMENT ON COLUMN hex.role_admin_changed_events.new_admin_role IS 'bytes32 indexed newAdminRole';
CREATE TABLE public.role_granted_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    role bytea NOT NULL,
    account bytea NOT NULL,
    sender bytea NOT NULL
);
COMMENT ON TABLE public.role_granted_events IS 'event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)';
COMMENT ON COLUMN public.role_granted_events.role IS 'bytes32 indexed role';
COMMENT ON COLUMN public.role_granted_events.account IS 'address indexed account';
COMMENT ON COLUMN public.role_granted_events.sender IS 'address indexed sender';
CREATE VIEW hex.role_granted_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.role, 'hex'::text)) AS role,
    ('0x'::text || encode(t.account, 'hex'::text)) AS account,
    ('0x'::text || encode(t.sender, 'hex'::text)) AS sender
   FROM public.role_granted_events t;
COMMENT ON COLUMN hex.role_granted_events.role IS 'bytes32 indexed role';
COMMENT ON COLUMN hex.role_granted_events.account IS 'address indexed account';
COMMENT ON COLUMN hex.role_granted_events.sender IS 'address indexed sender';
CREATE TABLE public.role_revoked_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    role bytea NOT NULL,
    account bytea NOT NULL,
    sender bytea NOT NULL
);
COMMENT ON TABLE public.role_revoked_events IS 'event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)';
COMMENT ON COLUMN public.role_revoked_events.role IS 'bytes32 indexed role';
COMMENT ON COLUMN public.role_revoked_events.account IS 'address indexed account';
COMMENT ON COLUMN public.role_revoked_events.sender IS 'address indexed sender';
CREATE VIEW hex.role_revoked_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.role, 'hex'::text)) AS role,
    ('0x'::text || encode(t.account, 'hex'::text)) AS account,
    ('0x'::text || encode(t.sender, 'hex'::text)) AS sender
   FROM public.role_revoked_events t;
COMMENT ON COLUMN hex.role_revoked_events.role IS 'bytes32 indexed role';
COMMENT ON COLUMN hex.role_revoked_events.account IS 'address indexed account';
COMMENT ON COLUMN hex.role_revoked_events.sender IS 'address indexed sender';
CREATE TABLE public.schema_state (
    only_row boolean DEFAULT true NOT NULL,
    schema_hash bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT schema_state_only_row CHECK (only_row)
);
COMMENT ON TABLE public.schema_state IS 'the hash of the schema files that were applied last, which makes a start quick';
CREATE VIEW hex.schema_state AS
 SELECT t.only_row,
    ('0x'::text || encode(t.schema_hash, 'hex'::text)) AS schema_hash,
    t.applied_at
   FROM public.schema_state t;
CREATE TABLE public.share_price_changed_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    term_id bytea NOT NULL,
    curve_id numeric(78,0) NOT NULL,
    share_price numeric(78,0) NOT NULL,
    total_assets numeric(78,0) NOT NULL,
    total_shares numeric(78,0) NOT NULL,
    vault_type smallint NOT NULL
);
COMMENT ON TABLE public.share_price_changed_events IS 'event SharePriceChanged(bytes32 indexed termId, uint256 indexed curveId, uint256 sharePrice, uint256 totalAssets, uint256 totalShares, uint8 vaultType)';
COMMENT ON COLUMN public.share_price_changed_events.term_id IS 'bytes32 indexed termId';
COMMENT ON COLUMN public.share_price_changed_events.curve_id IS 'uint256 indexed curveId';
COMMENT ON COLUMN public.share_price_changed_events.share_price IS 'uint256 sharePrice';
COMMENT ON COLUMN public.share_price_changed_events.total_assets IS 'uint256 totalAssets';
COMMENT ON COLUMN public.share_price_changed_events.total_shares IS 'uint256 totalShares';
COMMENT ON COLUMN public.share_price_changed_events.vault_type IS 'uint8 vaultType';
CREATE VIEW hex.share_price_changed_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.term_id, 'hex'::text)) AS term_id,
    t.curve_id,
    t.share_price,
    t.total_assets,
    t.total_shares,
    t.vault_type
   FROM public.share_price_changed_events t;
COMMENT ON COLUMN hex.share_price_changed_events.term_id IS 'bytes32 indexed termId';
COMMENT ON COLUMN hex.share_price_changed_events.curve_id IS 'uint256 indexed curveId';
COMMENT ON COLUMN hex.share_price_changed_events.share_price IS 'uint256 sharePrice';
COMMENT ON COLUMN hex.share_price_changed_events.total_assets IS 'uint256 totalAssets';
COMMENT ON COLUMN hex.share_price_changed_events.total_shares IS 'uint256 totalShares';
COMMENT ON COLUMN hex.share_price_changed_events.vault_type IS 'uint8 vaultType';
CREATE TABLE public.total_utilization_added_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    epoch numeric(78,0) NOT NULL,
    value_added numeric(78,0) NOT NULL,
    total_utilization numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.total_utilization_added_events IS 'event TotalUtilizationAdded(uint256 indexed epoch, int256 indexed valueAdded, int256 indexed totalUtilization)';
COMMENT ON COLUMN public.total_utilization_added_events.epoch IS 'uint256 indexed epoch';
COMMENT ON COLUMN public.total_utilization_added_events.value_added IS 'int256 indexed valueAdded';
COMMENT ON COLUMN public.total_utilization_added_events.total_utilization IS 'int256 indexed totalUtilization';
CREATE VIEW hex.total_utilization_added_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    t.epoch,
    t.value_added,
    t.total_utilization
   FROM public.total_utilization_added_events t;
COMMENT ON COLUMN hex.total_utilization_added_events.epoch IS 'uint256 indexed epoch';
COMMENT ON COLUMN hex.total_utilization_added_events.value_added IS 'int256 indexed valueAdded';
COMMENT ON COLUMN hex.total_utilization_added_events.total_utilization IS 'int256 indexed totalUtilization';
CREATE TABLE public.total_utilization_removed_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    epoch numeric(78,0) NOT NULL,
    value_removed numeric(78,0) NOT NULL,
    total_utilization numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.total_utilization_removed_events IS 'event TotalUtilizationRemoved(uint256 indexed epoch, int256 indexed valueRemoved, int256 indexed totalUtilization)';
COMMENT ON COLUMN public.total_utilization_removed_events.epoch IS 'uint256 indexed epoch';
COMMENT ON COLUMN public.total_utilization_removed_events.value_removed IS 'int256 indexed valueRemoved';
COMMENT ON COLUMN public.total_utilization_removed_events.total_utilization IS 'int256 indexed totalUtilization';
CREATE VIEW hex.total_utilization_removed_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    t.epoch,
    t.value_removed,
    t.total_utilization
   FROM public.total_utilization_removed_events t;
COMMENT ON COLUMN hex.total_utilization_removed_events.epoch IS 'uint256 indexed epoch';
COMMENT ON COLUMN hex.total_utilization_removed_events.value_removed IS 'int256 indexed valueRemoved';
COMMENT ON COLUMN hex.total_utilization_removed_events.total_utilization IS 'int256 indexed totalUtilization';
CREATE TABLE public.transfer_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    from_1 bytea NOT NULL,
    to_2 bytea NOT NULL,
    value numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.transfer_events IS 'event Transfer(address indexed from, address indexed to, uint256 value)';
COMMENT ON COLUMN public.transfer_events.from_1 IS 'address indexed from';
COMMENT ON COLUMN public.transfer_events.to_2 IS 'address indexed to';
COMMENT ON COLUMN public.transfer_events.value IS 'uint256 value';
CREATE VIEW hex.transfer_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.from_1, 'hex'::text)) AS from_1,
    ('0x'::text || encode(t.to_2, 'hex'::text)) AS to_2,
    t.value
   FROM public.transfer_events t;
COMMENT ON COLUMN hex.transfer_events.from_1 IS 'address indexed from';
COMMENT ON COLUMN hex.transfer_events.to_2 IS 'address indexed to';
COMMENT ON COLUMN hex.transfer_events.value IS 'uint256 value';
CREATE TABLE public.triple_config_updated_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    triple_creation_protocol_fee numeric(78,0) NOT NULL,
    atom_deposit_fraction_for_triple numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.triple_config_updated_events IS 'event TripleConfigUpdated(uint256 tripleCreationProtocolFee, uint256 atomDepositFractionForTriple)';
COMMENT ON COLUMN public.triple_config_updated_events.triple_creation_protocol_fee IS 'uint256 tripleCreationProtocolFee';
COMMENT ON COLUMN public.triple_config_updated_events.atom_deposit_fraction_for_triple IS 'uint256 atomDepositFractionForTriple';
CREATE VIEW hex.triple_config_updated_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    t.triple_creation_protocol_fee,
    t.atom_deposit_fraction_for_triple
   FROM public.triple_config_updated_events t;
COMMENT ON COLUMN hex.triple_config_updated_events.triple_creation_protocol_fee IS 'uint256 tripleCreationProtocolFee';
COMMENT ON COLUMN hex.triple_config_updated_events.atom_deposit_fraction_for_triple IS 'uint256 atomDepositFractionForTriple';
CREATE TABLE public.triple_created_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    creator bytea NOT NULL,
    term_id bytea NOT NULL,
    subject_id bytea NOT NULL,
    predicate_id bytea NOT NULL,
    object_id bytea NOT NULL
);
COMMENT ON TABLE public.triple_created_events IS 'event TripleCreated(address indexed creator, bytes32 indexed termId, bytes32 subjectId, bytes32 predicateId, bytes32 objectId)';
COMMENT ON COLUMN public.triple_created_events.creator IS 'address indexed creator';
COMMENT ON COLUMN public.triple_created_events.term_id IS 'bytes32 indexed termId';
COMMENT ON COLUMN public.triple_created_events.subject_id IS 'bytes32 subjectId';
COMMENT ON COLUMN public.triple_created_events.predicate_id IS 'bytes32 predicateId';
COMMENT ON COLUMN public.triple_created_events.object_id IS 'bytes32 objectId';
CREATE VIEW hex.triple_created_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.creator, 'hex'::text)) AS creator,
    ('0x'::text || encode(t.term_id, 'hex'::text)) AS term_id,
    ('0x'::text || encode(t.subject_id, 'hex'::text)) AS subject_id,
    ('0x'::text || encode(t.predicate_id, 'hex'::text)) AS predicate_id,
    ('0x'::text || encode(t.object_id, 'hex'::text)) AS object_id
   FROM public.triple_created_events t;
COMMENT ON COLUMN hex.triple_created_events.creator IS 'address indexed creator';
COMMENT ON COLUMN hex.triple_created_events.term_id IS 'bytes32 indexed termId';
COMMENT ON COLUMN hex.triple_created_events.subject_id IS 'bytes32 subjectId';
COMMENT ON COLUMN hex.triple_created_events.predicate_id IS 'bytes32 predicateId';
COMMENT ON COLUMN hex.triple_created_events.object_id IS 'bytes32 objectId';
CREATE TABLE public.unpaused_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    account bytea NOT NULL
);
COMMENT ON TABLE public.unpaused_events IS 'event Unpaused(address account)';
COMMENT ON COLUMN public.unpaused_events.account IS 'address account';
CREATE VIEW hex.unpaused_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.account, 'hex'::text)) AS account
   FROM public.unpaused_events t;
COMMENT ON COLUMN hex.unpaused_events.account IS 'address account';
CREATE TABLE public.vault_fees_updated_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    entry_fee numeric(78,0) NOT NULL,
    exit_fee numeric(78,0) NOT NULL,
    protocol_fee numeric(78,0) NOT NULL
);
COMMENT ON TABLE public.vault_fees_updated_events IS 'event VaultFeesUpdated(uint256 entryFee, uint256 exitFee, uint256 protocolFee)';
COMMENT ON COLUMN public.vault_fees_updated_events.entry_fee IS 'uint256 entryFee';
COMMENT ON COLUMN public.vault_fees_updated_events.exit_fee IS 'uint256 exitFee';
COMMENT ON COLUMN public.vault_fees_updated_events.protocol_fee IS 'uint256 protocolFee';
CREATE VIEW hex.vault_fees_updated_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    t.entry_fee,
    t.exit_fee,
    t.protocol_fee
   FROM public.vault_fees_updated_events t;
COMMENT ON COLUMN hex.vault_fees_updated_events.entry_fee IS 'uint256 entryFee';
COMMENT ON COLUMN hex.vault_fees_updated_events.exit_fee IS 'uint256 exitFee';
COMMENT ON COLUMN hex.vault_fees_updated_events.protocol_fee IS 'uint256 protocolFee';
CREATE TABLE public.wallet_config_updated_events (
    transaction_hash bytea NOT NULL,
    log_index bigint NOT NULL,
    network text NOT NULL,
    chain_id bigint,
    address bytea NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    block_timestamp timestamp with time zone,
    transaction_index bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    entry_point bytea NOT NULL,
    atom_warden bytea NOT NULL,
    atom_wallet_beacon bytea NOT NULL,
    atom_wallet_factory bytea NOT NULL
);
COMMENT ON TABLE public.wallet_config_updated_events IS 'event WalletConfigUpdated(address indexed entryPoint, address indexed atomWarden, address indexed atomWalletBeacon, address atomWalletFactory)';
COMMENT ON COLUMN public.wallet_config_updated_events.entry_point IS 'address indexed entryPoint';
COMMENT ON COLUMN public.wallet_config_updated_events.atom_warden IS 'address indexed atomWarden';
COMMENT ON COLUMN public.wallet_config_updated_events.atom_wallet_beacon IS 'address indexed atomWalletBeacon';
COMMENT ON COLUMN public.wallet_config_updated_events.atom_wallet_factory IS 'address atomWalletFactory';
CREATE VIEW hex.wallet_config_updated_events AS
 SELECT ('0x'::text || encode(t.transaction_hash, 'hex'::text)) AS transaction_hash,
    t.log_index,
    t.network,
    t.chain_id,
    ('0x'::text || encode(t.address, 'hex'::text)) AS address,
    t.block_number,
    ('0x'::text || encode(t.block_hash, 'hex'::text)) AS block_hash,
    t.block_timestamp,
    t.transaction_index,
    t.created_at,
    ('0x'::text || encode(t.entry_point, 'hex'::text)) AS entry_point,
    ('0x'::text || encode(t.atom_warden, 'hex'::text)) AS atom_warden,
    ('0x'::text || encode(t.atom_wallet_beacon, 'hex'::text)) AS atom_wallet_beacon,
    ('0x'::text || encode(t.atom_wallet_factory, 'hex'::text)) AS atom_wallet_factory
   FROM public.wallet_config_updated_events t;
COMMENT ON COLUMN hex.wallet_config_updated_events.entry_point IS 'address indexed entryPoint';
COMMENT ON COLUMN hex.wallet_config_updated_events.atom_warden IS 'address indexed atomWarden';
COMMENT ON COLUMN hex.wallet_config_updated_events.atom_wallet_beacon IS 'address indexed atomWalletBeacon';
COMMENT ON COLUMN hex.wallet_config_updated_events.atom_wallet_factory IS 'address atomWalletFactory';
INSERT INTO public.atom_created_events VALUES
	('\xc10000000199c91b979d234058c005ea53bf19594d99c91b979d234058c005ea', 1, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:02.123+00', 1, '2025-09-01 00:00:00.655321+00', '\xca00000001c2ce36d19e6cf7111044dd934ee1cf', '\xaa000000014524f17a5640c6ccc57bc5a68c0ab3b94524f17a5640c6ccc57bc5', '\x', '\xa700000001ee7733547fbb26cdfeb9b6a4f84231'),
	('\xc1000000025c385d6d334ea0a9301bd28ea067aba75c385d6d334ea0a9301bd2', 2, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:04.123+00', 2, '2025-09-01 00:00:00.656321+00', '\xca00000002a7584c36ca843e4a3c0625a1390773', '\xaa000000021ebd82a5a4abd5962c3556bc679a388c1ebd82a5a4abd5962c3556', '\x00ff00', '\xa7000000021642cd3962249d6aaf0eec2836023f'),
	('\xc100000003d0a4f1984f1ee1f764a04b6536d96b1bd0a4f1984f1ee1f764a04b', 3, 'ethereum', NULL, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:06.123+00', 0, '2025-09-01 00:00:00.657321+00', '\xca00000000dcda63ab9721ba70b3e257f7eb9f7b', '\xaa000000030f4fb1e434c07e498ed5138b49d46ec30f4fb1e434c07e498ed513', '\x697066733a2f2f516d33c3a9e6bca2f09f9982', '\xa7000000031efaf9b6cc3ccfb96ce9f57d68c555'),
	('\xc1000000040ae79a56a8ffad7be7d27b4ab266a9120ae79a56a8ffad7be7d27b', 4, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', NULL, 1, '2025-09-01 00:00:00.658321+00', '\xca00000001c2ce36d19e6cf7111044dd934ee1cf', '\xaa000000046ceff69b40e08d7323da91cb6683977a6ceff69b40e08d7323da91', '\x697066733a2f2f516d34c3a9e6bca2f09f9982', '\xa700000004b912f0e9ed7eb23252370c7a588a00'),
	('\xc100000005d4e99aaa1f75eb02a66f89dc95ca6e3cd4e99aaa1f75eb02a66f89', 0, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:10.123+00', 2, '2025-09-01 00:00:00.659321+00', '\xca00000002a7584c36ca843e4a3c0625a1390773', '\xaa00000005f36eef004356bd9bc79f5e794a339946f36eef004356bd9bc79f5e', '\x697066733a2f2f516d35c3a9e6bca2f09f9982', '\xa70000000521b42b828d22497fd6261f8b8cac0c'),
	('\xc100000006e77aa1b8a24da9674c86f83bb588777be77aa1b8a24da9674c86f8', 1, 'ethereum', NULL, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:12.123+00', 0, '2025-09-01 00:00:00.660321+00', '\xca00000000dcda63ab9721ba70b3e257f7eb9f7b', '\xaa00000006fe3a47541576a7311cdf02753b65501cfe3a47541576a7311cdf02', '\x697066733a2f2f516d36c3a9e6bca2f09f9982', '\xa70000000628c0306b74ea36caccd5e7a7667075'),
	('\xc1000000074d41ca3ae901a60c9d82d1eb80b586614d41ca3ae901a60c9d82d1', 2, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:14.123+00', 1, '2025-09-01 00:00:00.661321+00', '\xca00000001c2ce36d19e6cf7111044dd934ee1cf', '\xaa000000074631748c13939e408681681237dcec254631748c13939e40868168', '\x697066733a2f2f516d37c3a9e6bca2f09f9982', '\xa700000007068815e086d67013e8300188e50513'),
	('\xc100000008856deecf45fa4ace6b5b49bd4ad54acf856deecf45fa4ace6b5b49', 3, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', NULL, 2, '2025-09-01 00:00:00.662321+00', '\xca00000002a7584c36ca843e4a3c0625a1390773', '\xaa00000008bc02825482843c73c56392a0aa0da165bc02825482843c73c56392', '\x697066733a2f2f516d38c3a9e6bca2f09f9982', '\xa70000000849ce39db34b99ef74936ed6d374867'),
	('\xc100000009647e24fdbfcbc54e7dbb98e11c45059b647e24fdbfcbc54e7dbb98', 4, 'ethereum', NULL, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:18.123+00', 0, '2025-09-01 00:00:00.663321+00', '\xca00000000dcda63ab9721ba70b3e257f7eb9f7b', '\xaa00000009e76a2f0f39106e5e833f1323866171d4e76a2f0f39106e5e833f13', '\x697066733a2f2f516d39c3a9e6bca2f09f9982', '\xa700000009c9ceacdf41060f6acff522f9c338ba'),
	('\xc10000000a1c3572c61fd1a44b8bc60d32f1f7cc1f1c3572c61fd1a44b8bc60d', 0, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', '2025-08-29 10:00:20.123+00', 1, '2025-09-01 00:00:00.664321+00', '\xca00000001c2ce36d19e6cf7111044dd934ee1cf', '\xaa0000000a3da48ab7e0a1c4a800a39c6a00811e613da48ab7e0a1c4a800a39c', '\x697066733a2f2f516d3130c3a9e6bca2f09f9982', '\xa70000000a759979d963c762101461842da271c4'),
	('\xc10000000b3dc7cc3bcd55653ac732ec8a3b0e09aa3dc7cc3bcd55653ac732ec', 1, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', '2025-08-29 10:00:22.123+00', 2, '2025-09-01 00:00:00.665321+00', '\xca00000002a7584c36ca843e4a3c0625a1390773', '\xaa0000000b5c9f9903627f3b3b55d776a055189e445c9f9903627f3b3b55d776', '\x697066733a2f2f516d3131c3a9e6bca2f09f9982', '\xa70000000b68d40eb07ec351342342425a927fe0'),
	('\xc10000000cda6eea9ba936c68e20fa410302d65b09da6eea9ba936c68e20fa41', 2, 'ethereum', NULL, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', NULL, 0, '2025-09-01 00:00:00.666321+00', '\xca00000000dcda63ab9721ba70b3e257f7eb9f7b', '\xaa0000000c3a743f59caf40284c487c72b06669c0a3a743f59caf40284c487c7', '\x697066733a2f2f516d3132c3a9e6bca2f09f9982', '\xa70000000cd3a10421e919b0ff692fca60633755');
INSERT INTO public.blocks VALUES
	('rindexer_producer', 'intuition', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', 175646160000000000000000000000000, 175646160000000000000000000000000),
	('rindexer_producer', 'intuition', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', 175646160000000000000000000000001, 175646160000000000000000000000002),
	('rindexer_producer', 'intuition', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', 175646160000000000000000000000002, 175646160000000000000000000000004);
INSERT INTO public.dead_letters VALUES
	('rindexer_producer', '175646160001-0', -1, '', NULL, '', 'not_json', 'what was wrong; with "quotes" and '' too', NULL, '\x7b00ff22', '2025-09-01 00:00:00+00', '2025-09-02 00:00:00+00', 1, 'open'),
	('rindexer_producer', '175646160002-0', 0, 'Deposited', '\xf7000000025c240e2f0693bf45f2cd42a6c67c41575c240e2f0693bf45f2cd42', 'intuition', 'key_conflict', 'what was wrong; with "quotes" and '' too', NULL, '\x7b00ff22', '2025-09-01 00:00:00+00', '2025-09-02 00:00:00+00', 2, 'replayed'),
	('rindexer_producer', '175646160003-0', 1, 'Deposited', '\xf7000000038c6e9167014d9aad2317354d0948973d8c6e9167014d9aad231735', 'intuition', 'key_conflict', 'what was wrong; with "quotes" and '' too', '22003', '\x7b00ff22', '2025-09-01 00:00:00+00', '2025-09-02 00:00:00+00', 3, 'discarded'),
	('rindexer_producer', '175646160004-0', 2, 'Deposited', '\xf700000004939ae7f47ad58ea857458243f28f3c10939ae7f47ad58ea8574582', 'intuition', 'key_conflict', 'what was wrong; with "quotes" and '' too', NULL, '\x7b00ff22', '2025-09-01 00:00:00+00', '2025-09-02 00:00:00+00', 4, 'written');
INSERT INTO public.deposited_events VALUES
	('\xc300000001048b821311c9daae12c9918632dd2838048b821311c9daae12c991', 1, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:02+00', 1, '2025-09-01 00:00:00.001+00', '\x5e00000001b45ce27d6c3332679a43345a5de21d', '\x7e00000001b56c3e19f5a9156859dc89cdf30afc', '\xaa000000014524f17a5640c6ccc57bc5a68c0ab3b94524f17a5640c6ccc57bc5', 1, 0, 2000000000000000014, 3000000000000000021, 115792089237316195423570985008687907853269984665640564039457584007913129639931, 1),
	('\xc3000000028c6aa8068da0e0de08691b91863f11f68c6aa8068da0e0de08691b', 2, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:04+00', 2, '2025-09-01 00:00:00.002+00', '\x5e00000002c29e661156ee6cdb9ff7e305d898e5', '\x7e00000002cb936c3a480f946447f01f4d77d4d6', '\xaa000000021ebd82a5a4abd5962c3556bc679a388c1ebd82a5a4abd5962c3556', 0, 2000000000000000014, 3000000000000000021, 115792089237316195423570985008687907853269984665640564039457584007913129639931, 0, 2),
	('\xc300000003feb6b720fb72a2c99f740c24d7f6e368feb6b720fb72a2c99f740c', 3, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:06+00', 0, '2025-09-01 00:00:00.003+00', '\x5e00000000a2316974230c2b19e989071e521b9b', '\x7e00000003ed5bb80f46a76945b1cc86a09a854c', '\xaa000000030f4fb1e434c07e498ed5138b49d46ec30f4fb1e434c07e498ed513', 1, 3000000000000000021, 115792089237316195423570985008687907853269984665640564039457584007913129639931, 0, 6000000000000000042, 0),
	('\xc300000004f621871c906652d63f7a87d50cc81bb5f621871c906652d63f7a87', 4, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:08+00', 1, '2025-09-01 00:00:00.004+00', '\x5e00000001b45ce27d6c3332679a43345a5de21d', '\x7e00000000622063ecd8f36d3846af5fc7c8efbb', '\xaa000000046ceff69b40e08d7323da91cb6683977a6ceff69b40e08d7323da91', 0, 115792089237316195423570985008687907853269984665640564039457584007913129639931, 0, 6000000000000000042, 7000000000000000049, 1),
	('\xc300000005157f62a2be53b56ec76d4abf8d329153157f62a2be53b56ec76d4a', 0, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:10+00', 2, '2025-09-01 00:00:00.005+00', '\x5e00000002c29e661156ee6cdb9ff7e305d898e5', '\x7e00000001b56c3e19f5a9156859dc89cdf30afc', '\xaa00000005f36eef004356bd9bc79f5e794a339946f36eef004356bd9bc79f5e', 1, 0, 6000000000000000042, 7000000000000000049, 115792089237316195423570985008687907853269984665640564039457584007913129639927, 2),
	('\xc3000000060605032afdb4bb8cdc5e3e969c33d1dd0605032afdb4bb8cdc5e3e', 1, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:12+00', 0, '2025-09-01 00:00:00.006+00', '\x5e00000000a2316974230c2b19e989071e521b9b', '\x7e00000002cb936c3a480f946447f01f4d77d4d6', '\xaa00000006fe3a47541576a7311cdf02753b65501cfe3a47541576a7311cdf02', 0, 6000000000000000042, 7000000000000000049, 115792089237316195423570985008687907853269984665640564039457584007913129639927, 0, 0),
	('\xc30000000761adaa589829c01feb3bf7df563a94c661adaa589829c01feb3bf7', 2, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:14+00', 1, '2025-09-01 00:00:00.007+00', '\x5e00000001b45ce27d6c3332679a43345a5de21d', '\x7e00000003ed5bb80f46a76945b1cc86a09a854c', '\xaa000000074631748c13939e408681681237dcec254631748c13939e40868168', 1, 7000000000000000049, 115792089237316195423570985008687907853269984665640564039457584007913129639927, 0, 10000000000000000070, 1),
	('\xc300000008628cc8fc94ab4adad79e586b32c479ca628cc8fc94ab4adad79e58', 3, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:16+00', 2, '2025-09-01 00:00:00.008+00', '\x5e00000002c29e661156ee6cdb9ff7e305d898e5', '\x7e00000000622063ecd8f36d3846af5fc7c8efbb', '\xaa00000008bc02825482843c73c56392a0aa0da165bc02825482843c73c56392', 0, 115792089237316195423570985008687907853269984665640564039457584007913129639927, 0, 10000000000000000070, 11000000000000000077, 2),
	('\xc3000000098cecbb717800d07e6b36ab8ae1b04f5c8cecbb717800d07e6b36ab', 4, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:18+00', 0, '2025-09-01 00:00:00.009+00', '\x5e00000000a2316974230c2b19e989071e521b9b', '\x7e00000001b56c3e19f5a9156859dc89cdf30afc', '\xaa00000009e76a2f0f39106e5e833f1323866171d4e76a2f0f39106e5e833f13', 1, 0, 10000000000000000070, 11000000000000000077, 115792089237316195423570985008687907853269984665640564039457584007913129639923, 0),
	('\xc30000000a4fe21f89381a3a2a5bf111160b48f90f4fe21f89381a3a2a5bf111', 0, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', '2025-08-29 10:00:20+00', 1, '2025-09-01 00:00:00.01+00', '\x5e00000001b45ce27d6c3332679a43345a5de21d', '\x7e00000002cb936c3a480f946447f01f4d77d4d6', '\xaa0000000a3da48ab7e0a1c4a800a39c6a00811e613da48ab7e0a1c4a800a39c', 0, 10000000000000000070, 11000000000000000077, 115792089237316195423570985008687907853269984665640564039457584007913129639923, 0, 1),
	('\xc30000000b3d5516bb0f07ac8cb647cc8ea6b0a40d3d5516bb0f07ac8cb647cc', 1, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', '2025-08-29 10:00:22+00', 2, '2025-09-01 00:00:00.011+00', '\x5e00000002c29e661156ee6cdb9ff7e305d898e5', '\x7e00000003ed5bb80f46a76945b1cc86a09a854c', '\xaa0000000b5c9f9903627f3b3b55d776a055189e445c9f9903627f3b3b55d776', 1, 11000000000000000077, 115792089237316195423570985008687907853269984665640564039457584007913129639923, 0, 14000000000000000098, 2),
	('\xc30000000c3bb8032d01c2d9c2ab7a54dd204ca0ff3bb8032d01c2d9c2ab7a54', 2, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', '2025-08-29 10:00:24+00', 0, '2025-09-01 00:00:00.012+00', '\x5e00000000a2316974230c2b19e989071e521b9b', '\x7e00000000622063ecd8f36d3846af5fc7c8efbb', '\xaa0000000c3a743f59caf40284c487c72b06669c0a3a743f59caf40284c487c7', 0, 115792089237316195423570985008687907853269984665640564039457584007913129639923, 0, 14000000000000000098, 15000000000000000105, 0);
INSERT INTO public.generic_events VALUES
	('\xc600000001c51a2a823244943ca0521e0befe846ebc51a2a823244943ca0521e', 1, 'intuition', 1155, '\x9e00000001c75ebd41437169d429926844c0c45e', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', NULL, 1, '2025-09-01 00:00:00.001+00', '', '\x7000000001b4a528955b84f584974e92d025a75d1fb4a528955b84f584974e92', '{"who": "0x6e35cf57a41fa15ea0eae9c33e751b01a784fe7e", "list": [1, null, "é🙂"], "amount": "115792089237316195423570985008687907853269984665640564039457584007913129639935", "number": 10000000000000000000000000000000000000000}'),
	('\xc60000000201162b46e26c96e42271e3e298d1c2b901162b46e26c96e42271e3', 2, 'intuition', 1155, '\x9e00000001c75ebd41437169d429926844c0c45e', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', NULL, 2, '2025-09-01 00:00:00.002+00', 'Unheard', '\x7000000000e5841df2166dd424a57127423d276bbee5841df2166dd424a57127', '{"who": "0x6e35cf57a41fa15ea0eae9c33e751b01a784fe7e", "list": [2, null, "é🙂"], "amount": "115792089237316195423570985008687907853269984665640564039457584007913129639935", "number": 10000000000000000000000000000000000000000}'),
	('\xc6000000032f11c63dfd0863b7d351968f1420d9fb2f11c63dfd0863b7d35196', 3, 'intuition', 1155, '\x9e00000001c75ebd41437169d429926844c0c45e', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', NULL, 0, '2025-09-01 00:00:00.003+00', 'Unheard', '\x7000000001b4a528955b84f584974e92d025a75d1fb4a528955b84f584974e92', '{"who": "0x6e35cf57a41fa15ea0eae9c33e751b01a784fe7e", "list": [3, null, "é🙂"], "amount": "115792089237316195423570985008687907853269984665640564039457584007913129639935", "number": 10000000000000000000000000000000000000000}'),
	('\xc60000000488da64cd45164153e9f301457d992eb288da64cd45164153e9f301', 4, 'intuition', 1155, '\x9e00000001c75ebd41437169d429926844c0c45e', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', NULL, 1, '2025-09-01 00:00:00.004+00', 'Unheard', '\x7000000000e5841df2166dd424a57127423d276bbee5841df2166dd424a57127', '{"who": "0x6e35cf57a41fa15ea0eae9c33e751b01a784fe7e", "list": [4, null, "é🙂"], "amount": "115792089237316195423570985008687907853269984665640564039457584007913129639935", "number": 10000000000000000000000000000000000000000}'),
	('\xc600000005cf30c5a9bfb152765dae97cee99689f8cf30c5a9bfb152765dae97', 0, 'intuition', 1155, '\x9e00000001c75ebd41437169d429926844c0c45e', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', NULL, 2, '2025-09-01 00:00:00.005+00', 'Unheard', '\x7000000001b4a528955b84f584974e92d025a75d1fb4a528955b84f584974e92', '{"who": "0x6e35cf57a41fa15ea0eae9c33e751b01a784fe7e", "list": [5, null, "é🙂"], "amount": "115792089237316195423570985008687907853269984665640564039457584007913129639935", "number": 10000000000000000000000000000000000000000}'),
	('\xc600000006178c7757b43381bf43d0078a84a586ac178c7757b43381bf43d007', 1, 'intuition', 1155, '\x9e00000001c75ebd41437169d429926844c0c45e', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', NULL, 0, '2025-09-01 00:00:00.006+00', 'Unheard', '\x7000000000e5841df2166dd424a57127423d276bbee5841df2166dd424a57127', '{"who": "0x6e35cf57a41fa15ea0eae9c33e751b01a784fe7e", "list": [6, null, "é🙂"], "amount": "115792089237316195423570985008687907853269984665640564039457584007913129639935", "number": 10000000000000000000000000000000000000000}');
INSERT INTO public.redeemed_events VALUES
	('\xc400000001cf84131f90589f7d06ad2f55ade6765acf84131f90589f7d06ad2f', 1, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:02+00', 1, '2025-09-01 00:00:00.001+00', '\x5e00000001b45ce27d6c3332679a43345a5de21d', '\x7e00000001b56c3e19f5a9156859dc89cdf30afc', '\xaa000000014524f17a5640c6ccc57bc5a68c0ab3b94524f17a5640c6ccc57bc5', 1, 0, 2000000000000000014, 3000000000000000021, 115792089237316195423570985008687907853269984665640564039457584007913129639931, 1),
	('\xc400000002e8536def9dd3f9cec97d1b07285ab8f9e8536def9dd3f9cec97d1b', 2, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:04+00', 2, '2025-09-01 00:00:00.002+00', '\x5e00000002c29e661156ee6cdb9ff7e305d898e5', '\x7e00000002cb936c3a480f946447f01f4d77d4d6', '\xaa000000021ebd82a5a4abd5962c3556bc679a388c1ebd82a5a4abd5962c3556', 0, 2000000000000000014, 3000000000000000021, 115792089237316195423570985008687907853269984665640564039457584007913129639931, 0, 2),
	('\xc400000003caee5b6ac87e26d893dc9f44f6f2a50ccaee5b6ac87e26d893dc9f', 3, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:06+00', 0, '2025-09-01 00:00:00.003+00', '\x5e00000000a2316974230c2b19e989071e521b9b', '\x7e00000003ed5bb80f46a76945b1cc86a09a854c', '\xaa000000030f4fb1e434c07e498ed5138b49d46ec30f4fb1e434c07e498ed513', 1, 3000000000000000021, 115792089237316195423570985008687907853269984665640564039457584007913129639931, 0, 6000000000000000042, 0),
	('\xc40000000418a2ed0bbf9cd483570dd5b9563bc32c18a2ed0bbf9cd483570dd5', 4, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:08+00', 1, '2025-09-01 00:00:00.004+00', '\x5e00000001b45ce27d6c3332679a43345a5de21d', '\x7e00000000622063ecd8f36d3846af5fc7c8efbb', '\xaa000000046ceff69b40e08d7323da91cb6683977a6ceff69b40e08d7323da91', 0, 115792089237316195423570985008687907853269984665640564039457584007913129639931, 0, 6000000000000000042, 7000000000000000049, 1),
	('\xc400000005044f2a6eda8910a8c2fbab0a3d79452c044f2a6eda8910a8c2fbab', 0, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:10+00', 2, '2025-09-01 00:00:00.005+00', '\x5e00000002c29e661156ee6cdb9ff7e305d898e5', '\x7e00000001b56c3e19f5a9156859dc89cdf30afc', '\xaa00000005f36eef004356bd9bc79f5e794a339946f36eef004356bd9bc79f5e', 1, 0, 6000000000000000042, 7000000000000000049, 115792089237316195423570985008687907853269984665640564039457584007913129639927, 2),
	('\xc4000000062eee138f866ed8993971164cf969590d2eee138f866ed899397116', 1, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:12+00', 0, '2025-09-01 00:00:00.006+00', '\x5e00000000a2316974230c2b19e989071e521b9b', '\x7e00000002cb936c3a480f946447f01f4d77d4d6', '\xaa00000006fe3a47541576a7311cdf02753b65501cfe3a47541576a7311cdf02', 0, 6000000000000000042, 7000000000000000049, 115792089237316195423570985008687907853269984665640564039457584007913129639927, 0, 0),
	('\xc4000000078be96794c21eb6fc5fa9f29207d3fa6c8be96794c21eb6fc5fa9f2', 2, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:14+00', 1, '2025-09-01 00:00:00.007+00', '\x5e00000001b45ce27d6c3332679a43345a5de21d', '\x7e00000003ed5bb80f46a76945b1cc86a09a854c', '\xaa000000074631748c13939e408681681237dcec254631748c13939e40868168', 1, 7000000000000000049, 115792089237316195423570985008687907853269984665640564039457584007913129639927, 0, 10000000000000000070, 1),
	('\xc400000008f3024e1e60e8aa70f7c59b4287de9ef0f3024e1e60e8aa70f7c59b', 3, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:16+00', 2, '2025-09-01 00:00:00.008+00', '\x5e00000002c29e661156ee6cdb9ff7e305d898e5', '\x7e00000000622063ecd8f36d3846af5fc7c8efbb', '\xaa00000008bc02825482843c73c56392a0aa0da165bc02825482843c73c56392', 0, 115792089237316195423570985008687907853269984665640564039457584007913129639927, 0, 10000000000000000070, 11000000000000000077, 2),
	('\xc400000009b7163ce9548ae82a700b48362cebc548b7163ce9548ae82a700b48', 4, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:18+00', 0, '2025-09-01 00:00:00.009+00', '\x5e00000000a2316974230c2b19e989071e521b9b', '\x7e00000001b56c3e19f5a9156859dc89cdf30afc', '\xaa00000009e76a2f0f39106e5e833f1323866171d4e76a2f0f39106e5e833f13', 1, 0, 10000000000000000070, 11000000000000000077, 115792089237316195423570985008687907853269984665640564039457584007913129639923, 0),
	('\xc40000000a8a70005c0c8f2460f2710de4c448db908a70005c0c8f2460f2710d', 0, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', '2025-08-29 10:00:20+00', 1, '2025-09-01 00:00:00.01+00', '\x5e00000001b45ce27d6c3332679a43345a5de21d', '\x7e00000002cb936c3a480f946447f01f4d77d4d6', '\xaa0000000a3da48ab7e0a1c4a800a39c6a00811e613da48ab7e0a1c4a800a39c', 0, 10000000000000000070, 11000000000000000077, 115792089237316195423570985008687907853269984665640564039457584007913129639923, 0, 1),
	('\xc40000000bb429a08095a902415b1072cf967b3cc2b429a08095a902415b1072', 1, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', '2025-08-29 10:00:22+00', 2, '2025-09-01 00:00:00.011+00', '\x5e00000002c29e661156ee6cdb9ff7e305d898e5', '\x7e00000003ed5bb80f46a76945b1cc86a09a854c', '\xaa0000000b5c9f9903627f3b3b55d776a055189e445c9f9903627f3b3b55d776', 1, 11000000000000000077, 115792089237316195423570985008687907853269984665640564039457584007913129639923, 0, 14000000000000000098, 2),
	('\xc40000000c0696b15ede062f4d04f9bcc4509f9d350696b15ede062f4d04f9bc', 2, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', '2025-08-29 10:00:24+00', 0, '2025-09-01 00:00:00.012+00', '\x5e00000000a2316974230c2b19e989071e521b9b', '\x7e00000000622063ecd8f36d3846af5fc7c8efbb', '\xaa0000000c3a743f59caf40284c487c72b06669c0a3a743f59caf40284c487c7', 0, 115792089237316195423570985008687907853269984665640564039457584007913129639923, 0, 14000000000000000098, 15000000000000000105, 0);
INSERT INTO public.reorgs VALUES
	('rindexer_producer', '1756461600001-0', 0, 'intuition', 1001, NULL, '{"depth": 1}', '2025-09-01 00:00:00+00'),
	('rindexer_producer', '1756461600001-0', 1, 'intuition', 1001, 1002, '{"depth": 2}', '2025-09-01 00:00:00+00');
INSERT INTO public.schema_state VALUES
	(true, '\xb062d05cb178a503d8f61fec0cb64974a07b7698a8bb7683bde7a876d94b66d6', '2025-08-29 00:00:00+00');
INSERT INTO public.share_price_changed_events VALUES
	('\xc50000000170283c4bb47a4134e74388d71bf7616970283c4bb47a4134e74388', 1, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:02+00', 1, '2025-09-01 00:00:00.001+00', '\xaa000000014524f17a5640c6ccc57bc5a68c0ab3b94524f17a5640c6ccc57bc5', 1, 0, 2000000000000000014, 3000000000000000021, 1),
	('\xc5000000023f7d7ba72a6872975f5bd3f2254ab2383f7d7ba72a6872975f5bd3', 2, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:04+00', 2, '2025-09-01 00:00:00.002+00', '\xaa000000021ebd82a5a4abd5962c3556bc679a388c1ebd82a5a4abd5962c3556', 0, 2000000000000000014, 3000000000000000021, 115792089237316195423570985008687907853269984665640564039457584007913129639931, 2),
	('\xc50000000361c9e7fb675f02218005d1e31998473661c9e7fb675f02218005d1', 3, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:06+00', 0, '2025-09-01 00:00:00.003+00', '\xaa000000030f4fb1e434c07e498ed5138b49d46ec30f4fb1e434c07e498ed513', 1, 3000000000000000021, 115792089237316195423570985008687907853269984665640564039457584007913129639931, 0, 0),
	('\xc5000000049b432723daa16652e28d1ff06288ff529b432723daa16652e28d1f', 4, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:08+00', 1, '2025-09-01 00:00:00.004+00', '\xaa000000046ceff69b40e08d7323da91cb6683977a6ceff69b40e08d7323da91', 0, 115792089237316195423570985008687907853269984665640564039457584007913129639931, 0, 6000000000000000042, 1),
	('\xc500000005cfb89ffd5805e9e8e870f1779680bd2ccfb89ffd5805e9e8e870f1', 0, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:10+00', 2, '2025-09-01 00:00:00.005+00', '\xaa00000005f36eef004356bd9bc79f5e794a339946f36eef004356bd9bc79f5e', 1, 0, 6000000000000000042, 7000000000000000049, 2),
	('\xc50000000615faa2ce0bb8fbb9ceb57b38bc3abd6c15faa2ce0bb8fbb9ceb57b', 1, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:12+00', 0, '2025-09-01 00:00:00.006+00', '\xaa00000006fe3a47541576a7311cdf02753b65501cfe3a47541576a7311cdf02', 0, 6000000000000000042, 7000000000000000049, 115792089237316195423570985008687907853269984665640564039457584007913129639927, 0),
	('\xc5000000079620f1cef1aad37d886947d4c7b5bd959620f1cef1aad37d886947', 2, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:14+00', 1, '2025-09-01 00:00:00.007+00', '\xaa000000074631748c13939e408681681237dcec254631748c13939e40868168', 1, 7000000000000000049, 115792089237316195423570985008687907853269984665640564039457584007913129639927, 0, 1),
	('\xc5000000080fe197f2ce4dd36d6139a893a43a8acd0fe197f2ce4dd36d6139a8', 3, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:16+00', 2, '2025-09-01 00:00:00.008+00', '\xaa00000008bc02825482843c73c56392a0aa0da165bc02825482843c73c56392', 0, 115792089237316195423570985008687907853269984665640564039457584007913129639927, 0, 10000000000000000070, 2),
	('\xc5000000094fbda18b0514e1467ce010763b9f863d4fbda18b0514e1467ce010', 4, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:18+00', 0, '2025-09-01 00:00:00.009+00', '\xaa00000009e76a2f0f39106e5e833f1323866171d4e76a2f0f39106e5e833f13', 1, 0, 10000000000000000070, 11000000000000000077, 0),
	('\xc50000000a218fa873f37c7ed82ccc674fc6beece0218fa873f37c7ed82ccc67', 0, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', '2025-08-29 10:00:20+00', 1, '2025-09-01 00:00:00.01+00', '\xaa0000000a3da48ab7e0a1c4a800a39c6a00811e613da48ab7e0a1c4a800a39c', 0, 10000000000000000070, 11000000000000000077, 115792089237316195423570985008687907853269984665640564039457584007913129639923, 1),
	('\xc50000000bfade0ff6410d04f68bd6595e08e2ffbbfade0ff6410d04f68bd659', 1, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', '2025-08-29 10:00:22+00', 2, '2025-09-01 00:00:00.011+00', '\xaa0000000b5c9f9903627f3b3b55d776a055189e445c9f9903627f3b3b55d776', 1, 11000000000000000077, 115792089237316195423570985008687907853269984665640564039457584007913129639923, 0, 2),
	('\xc50000000c0a851c57f0dbc9400494715a1354d40d0a851c57f0dbc940049471', 2, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', '2025-08-29 10:00:24+00', 0, '2025-09-01 00:00:00.012+00', '\xaa0000000c3a743f59caf40284c487c72b06669c0a3a743f59caf40284c487c7', 0, 115792089237316195423570985008687907853269984665640564039457584007913129639923, 0, 14000000000000000098, 0);
INSERT INTO public.triple_created_events VALUES
	('\xc200000001a4157eabf48518bb189351bcf3b52e21a4157eabf48518bb189351', 1, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:02+00', 1, '2025-09-01 00:00:00.001+00', '\xca00000001c2ce36d19e6cf7111044dd934ee1cf', '\xab0000000168b6a776378decbb4a79cda89087c4ce68b6a776378decbb4a79cd', '\xaa000000014524f17a5640c6ccc57bc5a68c0ab3b94524f17a5640c6ccc57bc5', '\xaa000000021ebd82a5a4abd5962c3556bc679a388c1ebd82a5a4abd5962c3556', '\xaa000000030f4fb1e434c07e498ed5138b49d46ec30f4fb1e434c07e498ed513'),
	('\xc20000000299ff292e23794ad843b5d75c459ed28999ff292e23794ad843b5d7', 2, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:04+00', 2, '2025-09-01 00:00:00.002+00', '\xca00000002a7584c36ca843e4a3c0625a1390773', '\xab0000000253f1ce1310367adfe34e70e39c454d8853f1ce1310367adfe34e70', '\xaa000000021ebd82a5a4abd5962c3556bc679a388c1ebd82a5a4abd5962c3556', '\xaa000000030f4fb1e434c07e498ed5138b49d46ec30f4fb1e434c07e498ed513', '\xaa000000046ceff69b40e08d7323da91cb6683977a6ceff69b40e08d7323da91'),
	('\xc200000003de118786b5cddc3188d04a75e15d854ede118786b5cddc3188d04a', 3, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:06+00', 0, '2025-09-01 00:00:00.003+00', '\xca00000000dcda63ab9721ba70b3e257f7eb9f7b', '\xab0000000399a7dd8f21187921b3b62d328a98a10e99a7dd8f21187921b3b62d', '\xaa000000030f4fb1e434c07e498ed5138b49d46ec30f4fb1e434c07e498ed513', '\xaa000000046ceff69b40e08d7323da91cb6683977a6ceff69b40e08d7323da91', '\xaa00000005f36eef004356bd9bc79f5e794a339946f36eef004356bd9bc79f5e'),
	('\xc200000004f13904a0edbe91cc85cfd7b824d9b801f13904a0edbe91cc85cfd7', 4, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1000, '\xb100000000e324ad8ed03e3a7b3b98cf21cfdaadbbe324ad8ed03e3a7b3b98cf', '2025-08-29 10:00:08+00', 1, '2025-09-01 00:00:00.004+00', '\xca00000001c2ce36d19e6cf7111044dd934ee1cf', '\xab00000004d7af5d83fa0ee375faf1a386528f437dd7af5d83fa0ee375faf1a3', '\xaa000000046ceff69b40e08d7323da91cb6683977a6ceff69b40e08d7323da91', '\xaa00000005f36eef004356bd9bc79f5e794a339946f36eef004356bd9bc79f5e', '\xaa00000006fe3a47541576a7311cdf02753b65501cfe3a47541576a7311cdf02'),
	('\xc2000000055f7478e5278270a0851340d2deda39435f7478e5278270a0851340', 0, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:10+00', 2, '2025-09-01 00:00:00.005+00', '\xca00000002a7584c36ca843e4a3c0625a1390773', '\xab0000000503753883dc14bdd53dab5d175abd09f103753883dc14bdd53dab5d', '\xaa00000005f36eef004356bd9bc79f5e794a339946f36eef004356bd9bc79f5e', '\xaa00000006fe3a47541576a7311cdf02753b65501cfe3a47541576a7311cdf02', '\xaa000000074631748c13939e408681681237dcec254631748c13939e40868168'),
	('\xc2000000068557acbd605dce2d0a6106c47bcd23388557acbd605dce2d0a6106', 1, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:12+00', 0, '2025-09-01 00:00:00.006+00', '\xca00000000dcda63ab9721ba70b3e257f7eb9f7b', '\xab00000006ed74883a0e62f7670f6dd6bf9390ab48ed74883a0e62f7670f6dd6', '\xaa00000006fe3a47541576a7311cdf02753b65501cfe3a47541576a7311cdf02', '\xaa000000074631748c13939e408681681237dcec254631748c13939e40868168', '\xaa00000008bc02825482843c73c56392a0aa0da165bc02825482843c73c56392'),
	('\xc200000007f1852259718f260ca67402fd8acb42f8f1852259718f260ca67402', 2, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:14+00', 1, '2025-09-01 00:00:00.007+00', '\xca00000001c2ce36d19e6cf7111044dd934ee1cf', '\xab0000000720e8a6dc4a14e987cca668822d90e3c820e8a6dc4a14e987cca668', '\xaa000000074631748c13939e408681681237dcec254631748c13939e40868168', '\xaa00000008bc02825482843c73c56392a0aa0da165bc02825482843c73c56392', '\xaa00000009e76a2f0f39106e5e833f1323866171d4e76a2f0f39106e5e833f13'),
	('\xc200000008074d5d17d831582ffcaf1edde78d2adb074d5d17d831582ffcaf1e', 3, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:16+00', 2, '2025-09-01 00:00:00.008+00', '\xca00000002a7584c36ca843e4a3c0625a1390773', '\xab00000008eef506da7f4e2aec4139d1d2f7960654eef506da7f4e2aec4139d1', '\xaa00000008bc02825482843c73c56392a0aa0da165bc02825482843c73c56392', '\xaa00000009e76a2f0f39106e5e833f1323866171d4e76a2f0f39106e5e833f13', '\xaa0000000a3da48ab7e0a1c4a800a39c6a00811e613da48ab7e0a1c4a800a39c'),
	('\xc200000009081b16bcd52a14c866fe2ab1ae3c065a081b16bcd52a14c866fe2a', 4, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1001, '\xb10000000114451daa5c7f813573b8a72a0e1cfd9514451daa5c7f813573b8a7', '2025-08-29 10:00:18+00', 0, '2025-09-01 00:00:00.009+00', '\xca00000000dcda63ab9721ba70b3e257f7eb9f7b', '\xab0000000920382795e431c0e5e06bf4c95b9c8a8020382795e431c0e5e06bf4', '\xaa00000009e76a2f0f39106e5e833f1323866171d4e76a2f0f39106e5e833f13', '\xaa0000000a3da48ab7e0a1c4a800a39c6a00811e613da48ab7e0a1c4a800a39c', '\xaa0000000b5c9f9903627f3b3b55d776a055189e445c9f9903627f3b3b55d776'),
	('\xc20000000a22cf1cc1c4e13ca438a3912c74d3f4b822cf1cc1c4e13ca438a391', 0, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', '2025-08-29 10:00:20+00', 1, '2025-09-01 00:00:00.01+00', '\xca00000001c2ce36d19e6cf7111044dd934ee1cf', '\xab0000000a072623e6ba866a6db73228be0af0bf45072623e6ba866a6db73228', '\xaa0000000a3da48ab7e0a1c4a800a39c6a00811e613da48ab7e0a1c4a800a39c', '\xaa0000000b5c9f9903627f3b3b55d776a055189e445c9f9903627f3b3b55d776', '\xaa0000000c3a743f59caf40284c487c72b06669c0a3a743f59caf40284c487c7'),
	('\xc20000000b714b25de66b0a97e9fefda8c18d9a827714b25de66b0a97e9fefda', 1, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', '2025-08-29 10:00:22+00', 2, '2025-09-01 00:00:00.011+00', '\xca00000002a7584c36ca843e4a3c0625a1390773', '\xab0000000b14f85674e5431a14512d4cb7efb11c2414f85674e5431a14512d4c', '\xaa0000000b5c9f9903627f3b3b55d776a055189e445c9f9903627f3b3b55d776', '\xaa0000000c3a743f59caf40284c487c72b06669c0a3a743f59caf40284c487c7', '\xaa0000000d0139849b34f5b6babaa1046f63e64e840139849b34f5b6babaa104'),
	('\xc20000000c896032d9754887506517373b0d96dfa6896032d975488750651737', 2, 'intuition', 1155, '\x6e000000012a5aa7b0aad3c3bf0b6d0721bc2acd', 1002, '\xb1000000022afd410e2e5b23dad6f18513b2f72d0d2afd410e2e5b23dad6f185', '2025-08-29 10:00:24+00', 0, '2025-09-01 00:00:00.012+00', '\xca00000000dcda63ab9721ba70b3e257f7eb9f7b', '\xab0000000c749d7048edd2de31c2c7a88d4d196254749d7048edd2de31c2c7a8', '\xaa0000000c3a743f59caf40284c487c72b06669c0a3a743f59caf40284c487c7', '\xaa0000000d0139849b34f5b6babaa1046f63e64e840139849b34f5b6babaa104', '\xaa0000000e1e5c7040c0e68852877a250c64c6e22c1e5c7040c0e68852877a25');
ALTER TABLE ONLY public.approval_events
    ADD CONSTRAINT approval_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.approval_for_all_events
    ADD CONSTRAINT approval_for_all_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.approval_type_updated_events
    ADD CONSTRAINT approval_type_updated_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.atom_config_updated_events
    ADD CONSTRAINT atom_config_updated_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.atom_created_events
    ADD CONSTRAINT atom_created_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.atom_wallet_deposit_fee_collected_events
    ADD CONSTRAINT atom_wallet_deposit_fee_collected_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.atom_wallet_deposit_fees_claimed_events
    ADD CONSTRAINT atom_wallet_deposit_fees_claimed_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.blocks
    ADD CONSTRAINT blocks_pkey PRIMARY KEY (stream, network, number, hash);
ALTER TABLE ONLY public.bonding_curve_config_updated_events
    ADD CONSTRAINT bonding_curve_config_updated_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (stream, message_id, event_index);
ALTER TABLE ONLY public.deposited_events
    ADD CONSTRAINT deposited_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.erc721_approval_events
    ADD CONSTRAINT erc721_approval_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.erc721_transfer_events
    ADD CONSTRAINT erc721_transfer_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.general_config_updated_events
    ADD CONSTRAINT general_config_updated_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.generic_events
    ADD CONSTRAINT generic_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash, event_signature_hash);
ALTER TABLE ONLY public.initialized_events
    ADD CONSTRAINT initialized_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.paused_events
    ADD CONSTRAINT paused_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.personal_utilization_added_events
    ADD CONSTRAINT personal_utilization_added_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.personal_utilization_removed_events
    ADD CONSTRAINT personal_utilization_removed_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.protocol_fee_accrued_events
    ADD CONSTRAINT protocol_fee_accrued_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.protocol_fee_transferred_events
    ADD CONSTRAINT protocol_fee_transferred_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.redeemed_events
    ADD CONSTRAINT redeemed_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.reorgs
    ADD CONSTRAINT reorgs_pkey PRIMARY KEY (stream, message_id, event_index);
ALTER TABLE ONLY public.role_admin_changed_events
    ADD CONSTRAINT role_admin_changed_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.role_granted_events
    ADD CONSTRAINT role_granted_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.role_revoked_events
    ADD CONSTRAINT role_revoked_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.schema_state
    ADD CONSTRAINT schema_state_pkey PRIMARY KEY (only_row);
ALTER TABLE ONLY public.share_price_changed_events
    ADD CONSTRAINT share_price_changed_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.total_utilization_added_events
    ADD CONSTRAINT total_utilization_added_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.total_utilization_removed_events
    ADD CONSTRAINT total_utilization_removed_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.transfer_events
    ADD CONSTRAINT transfer_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.triple_config_updated_events
    ADD CONSTRAINT triple_config_updated_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.triple_created_events
    ADD CONSTRAINT triple_created_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.unpaused_events
    ADD CONSTRAINT unpaused_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.vault_fees_updated_events
    ADD CONSTRAINT vault_fees_updated_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
ALTER TABLE ONLY public.wallet_config_updated_events
    ADD CONSTRAINT wallet_config_updated_events_pkey PRIMARY KEY (network, block_number, log_index, transaction_hash);
CREATE INDEX approval_events_block_timestamp_idx ON public.approval_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX approval_events_owner_idx ON public.approval_events USING btree (owner);
CREATE INDEX approval_events_spender_idx ON public.approval_events USING btree (spender);
CREATE INDEX approval_events_transaction_hash_idx ON public.approval_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX approval_for_all_events_block_timestamp_idx ON public.approval_for_all_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX approval_for_all_events_operator_idx ON public.approval_for_all_events USING btree (operator);
CREATE INDEX approval_for_all_events_owner_idx ON public.approval_for_all_events USING btree (owner);
CREATE INDEX approval_for_all_events_transaction_hash_idx ON public.approval_for_all_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX approval_type_updated_events_block_timestamp_idx ON public.approval_type_updated_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX approval_type_updated_events_receiver_idx ON public.approval_type_updated_events USING btree (receiver);
CREATE INDEX approval_type_updated_events_sender_idx ON public.approval_type_updated_events USING btree (sender);
CREATE INDEX approval_type_updated_events_transaction_hash_idx ON public.approval_type_updated_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX atom_config_updated_events_block_timestamp_idx ON public.atom_config_updated_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX atom_config_updated_events_transaction_hash_idx ON public.atom_config_updated_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX atom_created_events_block_timestamp_idx ON public.atom_created_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX atom_created_events_creator_idx ON public.atom_created_events USING btree (creator);
CREATE INDEX atom_created_events_term_id_idx ON public.atom_created_events USING btree (term_id);
CREATE INDEX atom_created_events_transaction_hash_idx ON public.atom_created_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX atom_wallet_deposit_fee_collected_events_block_timestamp_idx ON public.atom_wallet_deposit_fee_collected_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX atom_wallet_deposit_fee_collected_events_sender_idx ON public.atom_wallet_deposit_fee_collected_events USING btree (sender);
CREATE INDEX atom_wallet_deposit_fee_collected_events_term_id_idx ON public.atom_wallet_deposit_fee_collected_events USING btree (term_id);
CREATE INDEX atom_wallet_deposit_fee_collected_events_transaction_hash_idx ON public.atom_wallet_deposit_fee_collected_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX atom_wallet_deposit_fees_claimed_events_atom_wallet_owner_idx ON public.atom_wallet_deposit_fees_claimed_events USING btree (atom_wallet_owner);
CREATE INDEX atom_wallet_deposit_fees_claimed_events_block_timestamp_idx ON public.atom_wallet_deposit_fees_claimed_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX atom_wallet_deposit_fees_claimed_events_fees_claimed_idx ON public.atom_wallet_deposit_fees_claimed_events USING btree (fees_claimed);
CREATE INDEX atom_wallet_deposit_fees_claimed_events_term_id_idx ON public.atom_wallet_deposit_fees_claimed_events USING btree (term_id);
CREATE INDEX atom_wallet_deposit_fees_claimed_events_transaction_hash_idx ON public.atom_wallet_deposit_fees_claimed_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX bonding_curve_config_updated_events_block_timestamp_idx ON public.bonding_curve_config_updated_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX bonding_curve_config_updated_events_registry_idx ON public.bonding_curve_config_updated_events USING btree (registry);
CREATE INDEX bonding_curve_config_updated_events_transaction_hash_idx ON public.bonding_curve_config_updated_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX dead_letters_open_idx ON public.dead_letters USING btree (reason_code, first_seen) WHERE (state = 'open'::text);
CREATE INDEX deposited_events_block_timestamp_idx ON public.deposited_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX deposited_events_receiver_idx ON public.deposited_events USING btree (receiver);
CREATE INDEX deposited_events_sender_idx ON public.deposited_events USING btree (sender);
CREATE INDEX deposited_events_term_id_idx ON public.deposited_events USING btree (term_id);
CREATE INDEX deposited_events_transaction_hash_idx ON public.deposited_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX erc721_approval_events_approved_idx ON public.erc721_approval_events USING btree (approved);
CREATE INDEX erc721_approval_events_block_timestamp_idx ON public.erc721_approval_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX erc721_approval_events_owner_idx ON public.erc721_approval_events USING btree (owner);
CREATE INDEX erc721_approval_events_token_id_idx ON public.erc721_approval_events USING btree (token_id);
CREATE INDEX erc721_approval_events_transaction_hash_idx ON public.erc721_approval_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX erc721_transfer_events_block_timestamp_idx ON public.erc721_transfer_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX erc721_transfer_events_from_1_idx ON public.erc721_transfer_events USING btree (from_1);
CREATE INDEX erc721_transfer_events_to_2_idx ON public.erc721_transfer_events USING btree (to_2);
CREATE INDEX erc721_transfer_events_token_id_idx ON public.erc721_transfer_events USING btree (token_id);
CREATE INDEX erc721_transfer_events_transaction_hash_idx ON public.erc721_transfer_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX general_config_updated_events_admin_idx ON public.general_config_updated_events USING btree (admin);
CREATE INDEX general_config_updated_events_block_timestamp_idx ON public.general_config_updated_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX general_config_updated_events_protocol_multisig_idx ON public.general_config_updated_events USING btree (protocol_multisig);
CREATE INDEX general_config_updated_events_transaction_hash_idx ON public.general_config_updated_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX general_config_updated_events_trust_bonding_idx ON public.general_config_updated_events USING btree (trust_bonding);
CREATE INDEX generic_events_block_timestamp_idx ON public.generic_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX generic_events_event_signature_hash_idx ON public.generic_events USING btree (event_signature_hash);
CREATE INDEX generic_events_transaction_hash_idx ON public.generic_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX initialized_events_block_timestamp_idx ON public.initialized_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX initialized_events_transaction_hash_idx ON public.initialized_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX paused_events_block_timestamp_idx ON public.paused_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX paused_events_transaction_hash_idx ON public.paused_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX personal_utilization_added_events_block_timestamp_idx ON public.personal_utilization_added_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX personal_utilization_added_events_epoch_idx ON public.personal_utilization_added_events USING btree (epoch);
CREATE INDEX personal_utilization_added_events_transaction_hash_idx ON public.personal_utilization_added_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX personal_utilization_added_events_user_1_idx ON public.personal_utilization_added_events USING btree (user_1);
CREATE INDEX personal_utilization_added_events_value_added_idx ON public.personal_utilization_added_events USING btree (value_added);
CREATE INDEX personal_utilization_removed_events_block_timestamp_idx ON public.personal_utilization_removed_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX personal_utilization_removed_events_epoch_idx ON public.personal_utilization_removed_events USING btree (epoch);
CREATE INDEX personal_utilization_removed_events_transaction_hash_idx ON public.personal_utilization_removed_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX personal_utilization_removed_events_user_1_idx ON public.personal_utilization_removed_events USING btree (user_1);
CREATE INDEX personal_utilization_removed_events_value_removed_idx ON public.personal_utilization_removed_events USING btree (value_removed);
CREATE INDEX protocol_fee_accrued_events_block_timestamp_idx ON public.protocol_fee_accrued_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX protocol_fee_accrued_events_epoch_idx ON public.protocol_fee_accrued_events USING btree (epoch);
CREATE INDEX protocol_fee_accrued_events_sender_idx ON public.protocol_fee_accrued_events USING btree (sender);
CREATE INDEX protocol_fee_accrued_events_transaction_hash_idx ON public.protocol_fee_accrued_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX protocol_fee_transferred_events_block_timestamp_idx ON public.protocol_fee_transferred_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX protocol_fee_transferred_events_destination_idx ON public.protocol_fee_transferred_events USING btree (destination);
CREATE INDEX protocol_fee_transferred_events_epoch_idx ON public.protocol_fee_transferred_events USING btree (epoch);
CREATE INDEX protocol_fee_transferred_events_transaction_hash_idx ON public.protocol_fee_transferred_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX redeemed_events_block_timestamp_idx ON public.redeemed_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX redeemed_events_receiver_idx ON public.redeemed_events USING btree (receiver);
CREATE INDEX redeemed_events_sender_idx ON public.redeemed_events USING btree (sender);
CREATE INDEX redeemed_events_term_id_idx ON public.redeemed_events USING btree (term_id);
CREATE INDEX redeemed_events_transaction_hash_idx ON public.redeemed_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX role_admin_changed_events_block_timestamp_idx ON public.role_admin_changed_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX role_admin_changed_events_new_admin_role_idx ON public.role_admin_changed_events USING btree (new_admin_role);
CREATE INDEX role_admin_changed_events_previous_admin_role_idx ON public.role_admin_changed_events USING btree (previous_admin_role);
CREATE INDEX role_admin_changed_events_role_idx ON public.role_admin_changed_events USING btree (role);
CREATE INDEX role_admin_changed_events_transaction_hash_idx ON public.role_admin_changed_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX role_granted_events_account_idx ON public.role_granted_events USING btree (account);
CREATE INDEX role_granted_events_block_timestamp_idx ON public.role_granted_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX role_granted_events_role_idx ON public.role_granted_events USING btree (role);
CREATE INDEX role_granted_events_sender_idx ON public.role_granted_events USING btree (sender);
CREATE INDEX role_granted_events_transaction_hash_idx ON public.role_granted_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX role_revoked_events_account_idx ON public.role_revoked_events USING btree (account);
CREATE INDEX role_revoked_events_block_timestamp_idx ON public.role_revoked_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX role_revoked_events_role_idx ON public.role_revoked_events USING btree (role);
CREATE INDEX role_revoked_events_sender_idx ON public.role_revoked_events USING btree (sender);
CREATE INDEX role_revoked_events_transaction_hash_idx ON public.role_revoked_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX share_price_changed_events_block_timestamp_idx ON public.share_price_changed_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX share_price_changed_events_curve_id_idx ON public.share_price_changed_events USING btree (curve_id);
CREATE INDEX share_price_changed_events_term_id_idx ON public.share_price_changed_events USING btree (term_id);
CREATE INDEX share_price_changed_events_transaction_hash_idx ON public.share_price_changed_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX total_utilization_added_events_block_timestamp_idx ON public.total_utilization_added_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX total_utilization_added_events_epoch_idx ON public.total_utilization_added_events USING btree (epoch);
CREATE INDEX total_utilization_added_events_total_utilization_idx ON public.total_utilization_added_events USING btree (total_utilization);
CREATE INDEX total_utilization_added_events_transaction_hash_idx ON public.total_utilization_added_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX total_utilization_added_events_value_added_idx ON public.total_utilization_added_events USING btree (value_added);
CREATE INDEX total_utilization_removed_events_block_timestamp_idx ON public.total_utilization_removed_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX total_utilization_removed_events_epoch_idx ON public.total_utilization_removed_events USING btree (epoch);
CREATE INDEX total_utilization_removed_events_total_utilization_idx ON public.total_utilization_removed_events USING btree (total_utilization);
CREATE INDEX total_utilization_removed_events_transaction_hash_idx ON public.total_utilization_removed_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX total_utilization_removed_events_value_removed_idx ON public.total_utilization_removed_events USING btree (value_removed);
CREATE INDEX transfer_events_block_timestamp_idx ON public.transfer_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX transfer_events_from_1_idx ON public.transfer_events USING btree (from_1);
CREATE INDEX transfer_events_to_2_idx ON public.transfer_events USING btree (to_2);
CREATE INDEX transfer_events_transaction_hash_idx ON public.transfer_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX triple_config_updated_events_block_timestamp_idx ON public.triple_config_updated_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX triple_config_updated_events_transaction_hash_idx ON public.triple_config_updated_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX triple_created_events_block_timestamp_idx ON public.triple_created_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX triple_created_events_creator_idx ON public.triple_created_events USING btree (creator);
CREATE INDEX triple_created_events_term_id_idx ON public.triple_created_events USING btree (term_id);
CREATE INDEX triple_created_events_transaction_hash_idx ON public.triple_created_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX unpaused_events_block_timestamp_idx ON public.unpaused_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX unpaused_events_transaction_hash_idx ON public.unpaused_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX vault_fees_updated_events_block_timestamp_idx ON public.vault_fees_updated_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX vault_fees_updated_events_transaction_hash_idx ON public.vault_fees_updated_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
CREATE INDEX wallet_config_updated_events_atom_wallet_beacon_idx ON public.wallet_config_updated_events USING btree (atom_wallet_beacon);
CREATE INDEX wallet_config_updated_events_atom_warden_idx ON public.wallet_config_updated_events USING btree (atom_warden);
CREATE INDEX wallet_config_updated_events_block_timestamp_idx ON public.wallet_config_updated_events USING brin (block_timestamp) WITH (autosummarize='true');
CREATE INDEX wallet_config_updated_events_entry_point_idx ON public.wallet_config_updated_events USING btree (entry_point);
CREATE INDEX wallet_config_updated_events_transaction_hash_idx ON public.wallet_config_updated_events USING brin (transaction_hash bytea_bloom_ops) WITH (pages_per_range='64', autosummarize='true');
