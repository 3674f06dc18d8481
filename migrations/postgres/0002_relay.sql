-- What the relay keeps. Everything that people wrote is sealed; sealed things are BYTEA.

CREATE TABLE practices (
    id BYTEA NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- card_version and era_floor repeat what the newest card says.
CREATE TABLE accounts (
    id BYTEA NOT NULL PRIMARY KEY,
    practice_id BYTEA NOT NULL REFERENCES practices (id),
    handle TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    identity BYTEA NOT NULL,
    card_version BIGINT NOT NULL,
    era_floor BIGINT NOT NULL,
    opaque BYTEA NOT NULL,
    credentials BYTEA NOT NULL,
    credentials_version BIGINT NOT NULL,
    inner_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE cards (
    account BYTEA NOT NULL REFERENCES accounts (id),
    version BIGINT NOT NULL,
    practice_id BYTEA NOT NULL,
    card BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (account, version)
);

-- The newest revision is the vault; earlier ones are kept for a while.
CREATE TABLE vaults (
    account BYTEA NOT NULL REFERENCES accounts (id),
    revision BIGINT NOT NULL,
    practice_id BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    stored_at BIGINT NOT NULL,
    PRIMARY KEY (account, revision)
);

CREATE TABLE invitations (
    id BYTEA NOT NULL PRIMARY KEY,
    practice_id BYTEA NOT NULL REFERENCES practices (id),
    inviter BYTEA NOT NULL REFERENCES accounts (id),
    role TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    revoked BIGINT NOT NULL,
    used_by BYTEA,
    created_at BIGINT NOT NULL
);
CREATE INDEX invitations_by_inviter ON invitations (inviter, created_at);

CREATE TABLE rosters (
    practice_id BYTEA NOT NULL PRIMARY KEY REFERENCES practices (id),
    version BIGINT NOT NULL,
    roster BYTEA NOT NULL
);

-- Position, head and era stand in one row, which a batch locks; state is the log's state at the start of the era.
CREATE TABLE spaces (
    id BYTEA NOT NULL PRIMARY KEY,
    practice_id BYTEA NOT NULL REFERENCES practices (id),
    seq BIGINT NOT NULL,
    head BYTEA NOT NULL,
    era BYTEA NOT NULL,
    era_started BIGINT NOT NULL,
    state BYTEA NOT NULL
);

-- Who is a member now.
CREATE TABLE members (
    space BYTEA NOT NULL REFERENCES spaces (id),
    account BYTEA NOT NULL REFERENCES accounts (id),
    practice_id BYTEA NOT NULL,
    PRIMARY KEY (space, account)
);
CREATE INDEX members_by_account ON members (account, space);

-- payload is NULL once it was dropped. (space, author, id) makes an append happen once.
CREATE TABLE records (
    space BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    practice_id BYTEA NOT NULL,
    author BYTEA NOT NULL,
    id BYTEA NOT NULL,
    kind BIGINT NOT NULL,
    stored_at BIGINT NOT NULL,
    head BYTEA NOT NULL,
    payload_hash BYTEA NOT NULL,
    header BYTEA NOT NULL,
    signature BYTEA NOT NULL,
    payload BYTEA,
    PRIMARY KEY (space, seq)
);
CREATE UNIQUE INDEX records_once ON records (space, author, id);

-- How far a device has read.
CREATE TABLE cursors (
    device BYTEA NOT NULL,
    space BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (device, space)
);

-- When a member last made an era because of age, or voided one.
CREATE TABLE era_makes (
    space BYTEA NOT NULL,
    account BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (space, account)
);
