-- What somebody shows after her password. Sealed under the server's secret: a database alone opens none.
CREATE TABLE factors (
    account BYTEA NOT NULL REFERENCES accounts (id),
    id BYTEA NOT NULL,
    practice_id BYTEA NOT NULL REFERENCES practices (id),
    kind BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    used BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);

-- Since when the practice asks its staff for one.
ALTER TABLE practices ADD COLUMN factors_since BIGINT;
