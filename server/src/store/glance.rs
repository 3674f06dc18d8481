//! What the practice's owner is shown of each table.
//!
//! Owns which columns there are, what they hold, and which rows belong to a practice. Refuses to know how a cell is
//! worded. Invariants: every table that holds something of a practice is listed with every column; a row of another
//! practice is never read; what is shown is bounded.

use sotto_protocol::ids::Millis;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Ids, hashes, and whatever is sealed or signed.
    Bytes,
    /// A number.
    Number,
    /// A time.
    Time,
    /// A name, a handle, a role.
    Text,
    /// Where a push service takes notices. Whoever knows it all is trusted with it, so only its host is shown.
    Address,
}

/// What stands in a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// Bytes.
    Bytes(Vec<u8>),
    /// A number.
    Number(u64),
    /// A time.
    Time(Millis),
    /// A text.
    Text(String),
    /// An address.
    Address(String),
}

/// A table as it is shown.
#[derive(Debug)]
pub struct Shape {
    /// Name.
    pub name: &'static str,
    /// Columns.
    pub columns: &'static [(&'static str, Holds)],
    /// Counts the rows of practice `$1`.
    pub(super) count: &'static str,
    /// The newest `$2` rows of practice `$1`; the columns in order, and one more.
    pub(super) newest: &'static str,
}

/// Rows of a table.
#[derive(Clone, Debug)]
pub struct TableRows {
    /// Which.
    pub shape: &'static Shape,
    /// How many rows of the practice there are.
    pub count: u64,
    /// The newest.
    pub rows: Vec<Vec<Cell>>,
}

macro_rules! shapes {
    ($($name:literal { $($column:literal $holds:ident),+ } from $from:literal order $order:literal $(count $count:literal)?;)+) => {
        &[$(Shape {
            name: $name,
            columns: &[$(($column, Holds::$holds)),+],
            count: shapes!(@count $from $($count)?),
            newest: concat!("SELECT ", $("t.", $column, ", ",)+ "1 FROM ", $from, " ORDER BY ", $order, " LIMIT $2"),
        }),+]
    };
    (@count $from:literal $count:literal) => { $count };
    (@count $from:literal) => { concat!("SELECT count(*) FROM ", $from) };
}

/// Every table that holds something of a practice.
pub const SHAPES: &[Shape] = shapes! {
    "practices" { "id" Bytes, "name" Text, "created_at" Time, "factors_since" Time }
        from "practices t WHERE t.id = $1" order "t.created_at DESC, t.id";
    "accounts" {
        "id" Bytes, "practice_id" Bytes, "handle" Text, "role" Text, "identity" Bytes, "card_version" Number,
        "era_floor" Number, "opaque" Bytes, "credentials" Bytes, "credentials_version" Number, "inner_sealed" Bytes,
        "created_at" Time
    } from "accounts t WHERE t.practice_id = $1" order "t.created_at DESC, t.id";
    "cards" { "account" Bytes, "version" Number, "practice_id" Bytes, "card" Bytes, "hash" Bytes }
        from "cards t WHERE t.practice_id = $1" order "t.version DESC, t.account";
    "vaults" { "account" Bytes, "revision" Number, "practice_id" Bytes, "sealed" Bytes, "stored_at" Time }
        from "vaults t WHERE t.practice_id = $1" order "t.stored_at DESC, t.account, t.revision DESC";
    "invitations" {
        "id" Bytes, "practice_id" Bytes, "inviter" Bytes, "role" Text, "expires_at" Time, "sealed" Bytes,
        "revoked" Number, "used_by" Bytes, "created_at" Time
    } from "invitations t WHERE t.practice_id = $1" order "t.created_at DESC, t.id";
    "rosters" { "practice_id" Bytes, "version" Number, "roster" Bytes }
        from "rosters t WHERE t.practice_id = $1" order "t.version DESC";
    "spaces" {
        "id" Bytes, "practice_id" Bytes, "seq" Number, "head" Bytes, "era" Bytes, "era_started" Time, "state" Bytes
    } from "spaces t WHERE t.practice_id = $1" order "t.era_started DESC, t.id";
    "members" { "space" Bytes, "account" Bytes, "practice_id" Bytes }
        from "members t WHERE t.practice_id = $1" order "t.space, t.account";
    // Numbers are dense, so a space holds as many records as its last number; and no space has more than `$2` of the
    // newest. Neither reads the whole table.
    "records" {
        "space" Bytes, "seq" Number, "practice_id" Bytes, "author" Bytes, "id" Bytes, "kind" Number,
        "stored_at" Time, "head" Bytes, "payload_hash" Bytes, "header" Bytes, "signature" Bytes, "payload" Bytes
    } from "spaces s JOIN records t ON t.space = s.id AND t.seq > s.seq - $2 WHERE s.practice_id = $1"
        order "t.stored_at DESC, t.space, t.seq DESC"
        count "SELECT CAST(COALESCE(sum(t.seq), 0) AS BIGINT) FROM spaces t WHERE t.practice_id = $1";
    "cursors" { "device" Bytes, "space" Bytes, "seq" Number }
        from "cursors t JOIN spaces s ON s.id = t.space WHERE s.practice_id = $1" order "t.device, t.space";
    "era_makes" { "space" Bytes, "account" Bytes, "made_at" Time }
        from "era_makes t JOIN spaces s ON s.id = t.space WHERE s.practice_id = $1"
        order "t.made_at DESC, t.space, t.account";
    "device_weeks" { "account" Bytes, "device" Bytes, "practice_id" Bytes, "week" Number }
        from "device_weeks t WHERE t.practice_id = $1" order "t.week DESC, t.account, t.device";
    "factors" {
        "account" Bytes, "id" Bytes, "practice_id" Bytes, "kind" Number, "sealed" Bytes, "used" Number, "created_at" Time
    } from "factors t WHERE t.practice_id = $1" order "t.created_at DESC, t.account, t.id";
    "push_endpoints" {
        "account" Bytes, "device" Bytes, "practice_id" Bytes, "endpoint" Address, "stored_at" Time
    } from "push_endpoints t WHERE t.practice_id = $1" order "t.stored_at DESC, t.account, t.device";
};
