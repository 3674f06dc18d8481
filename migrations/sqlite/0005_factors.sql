-- What somebody shows after her password. Sealed under the server's secret: a database alone opens none.
CREATE TABLE factors (
    account BLOB NOT NULL REFERENCES accounts (id),
    id BLOB NOT NULL,
    practice_id BLOB NOT NULL REFERENCES practices (id),
    kind BIGINT NOT NULL,
    sealed BLOB NOT NULL,
    used BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);

-- Since when the practice asks its staff for one.
ALTER TABLE practices ADD COLUMN factors_since BIGINT;
