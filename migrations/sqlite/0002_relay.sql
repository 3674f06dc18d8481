-- What the relay keeps. Everything that people wrote is sealed; sealed things are BLOB.

CREATE TABLE practices (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- card_version and era_floor repeat what the newest card says.
CREATE TABLE accounts (
    id BLOB NOT NULL PRIMARY KEY,
    practice_id BLOB NOT NULL REFERENCES practices (id),
    handle TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    identity BLOB NOT NULL,
    card_version BIGINT NOT NULL,
    era_floor BIGINT NOT NULL,
    opaque BLOB NOT NULL,
    credentials BLOB NOT NULL,
    credentials_version BIGINT NOT NULL,
    inner_sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE cards (
    account BLOB NOT NULL REFERENCES accounts (id),
    version BIGINT NOT NULL,
    practice_id BLOB NOT NULL,
    card BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (account, version)
);

-- The newest revision is the vault; earlier ones are kept for a while.
CREATE TABLE vaults (
    account BLOB NOT NULL REFERENCES accounts (id),
    revision BIGINT NOT NULL,
    practice_id BLOB NOT NULL,
    sealed BLOB NOT NULL,
    stored_at BIGINT NOT NULL,
    PRIMARY KEY (account, revision)
);

CREATE TABLE invitations (
    id BLOB NOT NULL PRIMARY KEY,
    practice_id BLOB NOT NULL REFERENCES practices (id),
    inviter BLOB NOT NULL REFERENCES accounts (id),
    role TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    sealed BLOB NOT NULL,
    revoked BIGINT NOT NULL,
    used_by BLOB,
    created_at BIGINT NOT NULL
);
CREATE INDEX invitations_by_inviter ON invitations (inviter, created_at);

CREATE TABLE rosters (
    practice_id BLOB NOT NULL PRIMARY KEY REFERENCES practices (id),
    version BIGINT NOT NULL,
    roster BLOB NOT NULL
);

-- Position, head and era stand in one row, which a batch locks; state is the log's state at the start of the era.
CREATE TABLE spaces (
    id BLOB NOT NULL PRIMARY KEY,
    practice_id BLOB NOT NULL REFERENCES practices (id),
    seq BIGINT NOT NULL,
    head BLOB NOT NULL,
    era BLOB NOT NULL,
    era_started BIGINT NOT NULL,
    state BLOB NOT NULL
);

-- Who is a member now.
CREATE TABLE members (
    space BLOB NOT NULL REFERENCES spaces (id),
    account BLOB NOT NULL REFERENCES accounts (id),
    practice_id BLOB NOT NULL,
    PRIMARY KEY (space, account)
);
CREATE INDEX members_by_account ON members (account, space);

-- payload is NULL once it was dropped. (space, author, id) makes an append happen once.
CREATE TABLE records (
    space BLOB NOT NULL,
    seq BIGINT NOT NULL,
    practice_id BLOB NOT NULL,
    author BLOB NOT NULL,
    id BLOB NOT NULL,
    kind BIGINT NOT NULL,
    stored_at BIGINT NOT NULL,
    head BLOB NOT NULL,
    payload_hash BLOB NOT NULL,
    header BLOB NOT NULL,
    signature BLOB NOT NULL,
    payload BLOB,
    PRIMARY KEY (space, seq)
);
CREATE UNIQUE INDEX records_once ON records (space, author, id);

-- How far a device has read.
CREATE TABLE cursors (
    device BLOB NOT NULL,
    space BLOB NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (device, space)
);

-- When a member last made an era because of age, or voided one.
CREATE TABLE era_makes (
    space BLOB NOT NULL,
    account BLOB NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (space, account)
);
