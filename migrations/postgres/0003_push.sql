-- Where a push service takes notices for a device; forgotten with the device.
CREATE TABLE push_endpoints (
    account BYTEA NOT NULL REFERENCES accounts (id),
    device BYTEA NOT NULL,
    practice_id BYTEA NOT NULL REFERENCES practices (id),
    endpoint TEXT NOT NULL UNIQUE,
    stored_at BIGINT NOT NULL,
    PRIMARY KEY (account, device)
);
