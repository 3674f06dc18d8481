-- The week in which a device was last connected, and nothing finer; forgotten with the device.
CREATE TABLE device_weeks (
    account BYTEA NOT NULL REFERENCES accounts (id),
    device BYTEA NOT NULL,
    practice_id BYTEA NOT NULL REFERENCES practices (id),
    week BIGINT NOT NULL,
    PRIMARY KEY (account, device)
);
