-- The week in which a device was last connected, and nothing finer; forgotten with the device.
CREATE TABLE device_weeks (
    account BLOB NOT NULL REFERENCES accounts (id),
    device BLOB NOT NULL,
    practice_id BLOB NOT NULL REFERENCES practices (id),
    week BIGINT NOT NULL,
    PRIMARY KEY (account, device)
);
