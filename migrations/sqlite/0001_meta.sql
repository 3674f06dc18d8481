-- What this database knows about itself: one row per fact, values as the application encodes them.
CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
);
