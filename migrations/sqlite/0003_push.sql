-- Where a push service takes notices for a device; forgotten with the device.
CREATE TABLE push_endpoints (
    account BLOB NOT NULL REFERENCES accounts (id),
    device BLOB NOT NULL,
    practice_id BLOB NOT NULL REFERENCES practices (id),
    endpoint TEXT NOT NULL UNIQUE,
    stored_at BIGINT NOT NULL,
    PRIMARY KEY (account, device)
);
