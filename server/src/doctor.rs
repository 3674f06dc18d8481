//! `sotto-server doctor`: is everything as it should be?
//!
//! Owns the checks of a data directory and the sentences they end in. Every space is folded again from its first
//! record by the function that clients use. Invariant: it changes nothing but pending migrations; a running server
//! is not disturbed.

use crate::config::Doctor;
use crate::data_dir::{DataDir, DataDirError};
use crate::db::{Db, Location};
use crate::push::PushKey;
use crate::secrets::Secrets;
use crate::start::{StartError, read_high_water};
use crate::store::{MetaKey, PageRow, SqlStore, Store, StoreError};
use sotto_protocol::hash;
use sotto_protocol::ids::{AccountId, Head, RecordId, SpaceId, Version};
use sotto_protocol::limits::PAGE_RECORDS_MAX;
use sotto_protocol::log::{Authentic, CardPin, Facts, LogState, Target};
use sotto_protocol::record::{Drop, EraBody, Kind, Record};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// Spaces looked up at once.
const SPACES_AT_ONCE: usize = 256;

/// What the sentences go to, and whether all of them were good.
struct Findings<'a> {
    out: &'a mut dyn Write,
    good: bool,
}

impl Findings<'_> {
    fn good(&mut self, sentence: &str) -> Result<(), StartError> {
        self.say("ok   ", sentence)
    }

    fn bad(&mut self, sentence: &str) -> Result<(), StartError> {
        self.good = false;
        self.say("WRONG", sentence)
    }

    fn say(&mut self, verdict: &str, sentence: &str) -> Result<(), StartError> {
        let written = writeln!(self.out, "{verdict} {sentence}");
        written.map_err(|e| StartError::Store(StoreError::Internal(format!("output: {e}"))))
    }
}

/// Checks and says. True when all is well.
pub async fn run(options: &Doctor, out: &mut dyn Write) -> Result<bool, StartError> {
    let mut findings = Findings { out, good: true };
    if !options.data.is_dir() {
        findings.bad(&format!("There is no directory {}.", options.data.display()))?;
        return Ok(false);
    }
    check_directory(&options.data, &mut findings)?;
    let location = match &options.database_url {
        Some(url) => Location::postgres(url)?,
        None => Location::Sqlite(options.data.join("sotto.db")),
    };
    let Some(store) = open(&location, &mut findings).await? else { return Ok(false) };
    check_secrets(&options.data, &store, &mut findings).await?;
    check_push_key(&options.data, &mut findings)?;
    check_mark(&options.data, &store, &mut findings).await?;
    check_spaces(&store, &mut findings).await?;
    store.db().close().await;
    Ok(findings.good)
}

/// Checks a copy of a server's data that nobody uses: database and secrets.
pub(crate) async fn check_copy(folder: &Path, out: &mut dyn Write) -> Result<bool, StartError> {
    let mut findings = Findings { out, good: true };
    let location = Location::Sqlite(folder.join("sotto.db"));
    let Some(store) = open(&location, &mut findings).await? else { return Ok(false) };
    check_secrets(folder, &store, &mut findings).await?;
    check_push_key(folder, &mut findings)?;
    check_spaces(&store, &mut findings).await?;
    store.db().close().await;
    Ok(findings.good)
}

/// The store of a database that opens.
async fn open(location: &Location, findings: &mut Findings<'_>) -> Result<Option<SqlStore>, StartError> {
    match Db::open(location).await {
        Ok(db) => {
            findings.good("The database opens, its pages are whole and its tables complete.")?;
            Ok(Some(SqlStore::new(db)))
        }
        Err(error) => findings.bad(&format!("{error}.")).map(|()| None),
    }
}

fn check_directory(data: &Path, findings: &mut Findings<'_>) -> Result<(), StartError> {
    if !data.join("lock").exists() {
        return findings.bad("This is no data directory of a server.");
    }
    match DataDir::open(data) {
        Ok(held) if held.is_initialised()? => {
            findings.good("The data directory is complete, and no server is running on it.")?;
        }
        Ok(_) => findings.bad("The first start of this server was never completed.")?,
        Err(DataDirError::Locked(_)) => findings.good("A server is running on the data directory.")?,
        Err(error) => findings.bad(&format!("{error}."))?,
    }
    #[cfg(unix)]
    for (path, what) in [(data.to_owned(), "data directory"), (data.join("sotto.db"), "database")] {
        use std::os::unix::fs::PermissionsExt as _;
        let Ok(metadata) = path.metadata() else { continue };
        let for_others = metadata.permissions().mode() & 0o077;
        if for_others == 0 {
            findings.good(&format!("Only the server's user can read the {what}."))?;
        } else {
            findings.bad(&format!("Other users of this machine can read the {what} {}.", path.display()))?;
        }
    }
    Ok(())
}

async fn check_secrets(data: &Path, store: &SqlStore, findings: &mut Findings<'_>) -> Result<(), StartError> {
    let (secrets, warning) = match Secrets::load(data) {
        Ok(loaded) => loaded,
        Err(error) => return findings.bad(&format!("{error}.")),
    };
    if let Some(warning) = warning {
        findings.bad(&format!("{warning}."))?;
    }
    match store.meta(MetaKey::Secrets).await? {
        Some(id) if id == secrets.id().0 => {
            findings.good("The secrets are whole and belong to this database.")
        }
        Some(_) => findings.bad("The secrets belong to another database: nobody can sign in."),
        None => findings.bad("The database does not say which secrets belong to it."),
    }
}

fn check_push_key(data: &Path, findings: &mut Findings<'_>) -> Result<(), StartError> {
    match PushKey::load(data) {
        Ok(Some((_, None))) => findings.good("The key for notices is whole."),
        Ok(Some((_, Some(warning)))) => findings.bad(&format!("{warning}.")),
        Ok(None) => findings.good("There is no key for notices yet; the next start makes one."),
        Err(error) => findings.bad(&format!("{error}.")),
    }
}

async fn check_mark(data: &Path, store: &SqlStore, findings: &mut Findings<'_>) -> Result<(), StartError> {
    if store.db().is_shared() {
        return Ok(());
    }
    let (held, mark) = (store.records_total().await?, read_high_water(data)?);
    if held < mark {
        findings.bad(&format!(
            "The database holds {held} records and once held {mark}: it is an older copy. Devices will hand back what it lacks."
        ))
    } else {
        findings.good(&format!("The database holds {held} records, and never held more."))
    }
}

async fn check_spaces(store: &SqlStore, findings: &mut Findings<'_>) -> Result<(), StartError> {
    let (mut spaces, mut records) = (0_u64, 0_u64);
    let mut after = None;
    loop {
        let ids = store.spaces_after(after, SPACES_AT_ONCE).await?;
        let Some(last) = ids.last() else { break };
        after = Some(*last);
        for id in ids {
            spaces += 1;
            match check_space(store, id).await? {
                Ok(count) => records += count,
                Err(why) => findings.bad(&format!("Space {}: {why}.", id.short()))?,
            }
        }
    }
    findings.good(&format!(
        "{spaces} spaces with {records} records were read from their first record to their last."
    ))
}

/// What is remembered while a space is folded.
struct Fold {
    state: LogState,
    heads: Vec<Head>,
    known: BTreeMap<(AccountId, RecordId), Target>,
}

/// The number of records, or what is wrong.
async fn check_space(store: &SqlStore, id: SpaceId) -> Result<Result<u64, String>, StoreError> {
    let mut fold =
        Fold { state: LogState::new(id), heads: vec![hash::head_zero(id)], known: BTreeMap::new() };
    loop {
        let rows = store.page(id, fold.state.seq(), PAGE_RECORDS_MAX, usize::MAX).await?;
        if rows.is_empty() {
            break;
        }
        let heads = store.heads(id, fold.state.seq(), rows.len()).await?;
        if heads.len() != rows.len() {
            return Ok(Err("records changed while they were read; is the server running?".to_owned()));
        }
        for (row, (seq, head)) in rows.iter().zip(heads) {
            if let Err(why) = step(store, &mut fold, row).await? {
                return Ok(Err(format!("record {}: {why}", row.seq)));
            }
            if (fold.state.seq(), fold.state.head()) != (seq, head) {
                return Ok(Err(format!("record {seq}: its stored head does not continue the chain")));
            }
        }
    }
    let Some(stored) = store.space(id).await? else { return Ok(Err("it has vanished".to_owned())) };
    if stored.state.seq() > fold.state.seq() {
        return Ok(Err("its newest records are missing".to_owned()));
    }
    // A running server may have gone on meanwhile; then the stored state was read later than the records.
    if stored.state != fold.state {
        return Ok(Err("its stored state is not what its records say".to_owned()));
    }
    Ok(Ok(fold.state.seq().0))
}

async fn step(store: &SqlStore, fold: &mut Fold, row: &PageRow) -> Result<Result<(), String>, StoreError> {
    let stored = match row.to_stored() {
        Ok(stored) => stored,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let header = stored.record.header().clone();
    if stored.seq != fold.state.seq().next() {
        return Ok(Err("a record before it is missing".to_owned()));
    }
    let Some(card) = store.card(header.author, None).await? else {
        return Ok(Err("its author's account is missing".to_owned()));
    };
    let pins = pins(store, &stored.record).await?;
    let pin = |account: AccountId, version: Version| pins.get(&(account, version)).copied();
    let seen = usize::try_from(header.seen.seq.0).unwrap_or(usize::MAX);
    let target = stored
        .record
        .payload()
        .filter(|_| header.kind == Kind::Drop)
        .and_then(|p| Drop::parse(p.as_slice()).ok());
    let facts = Facts {
        seen_head: fold.heads.get(seen).copied(),
        repeated: fold.known.contains_key(&(header.author, header.id)),
        target: target.and_then(|drop| fold.known.get(&(header.author, drop.target)).copied()),
        card: &pin,
    };
    let judged = Authentic::check(&stored.record, &card).and_then(|record| fold.state.admit(&record, &facts));
    match judged {
        Ok(admission) => {
            fold.state.apply(admission);
            fold.heads.push(fold.state.head());
            let target = Target { kind: header.kind, payload_hash: header.payload_hash };
            fold.known.insert((header.author, header.id), target);
            Ok(Ok(()))
        }
        Err(refusal) => Ok(Err(refusal.to_string())),
    }
}

/// The cards that an era pins.
async fn pins(
    store: &SqlStore,
    record: &Record,
) -> Result<BTreeMap<(AccountId, Version), CardPin>, StoreError> {
    let mut pins = BTreeMap::new();
    let era = record.payload().filter(|_| record.header().kind == Kind::Era);
    let Some(Ok(body)) = era.map(|payload| EraBody::parse(payload.as_slice())) else { return Ok(pins) };
    for member in body.members {
        if let Some(card) = store.card(member.account, Some(member.card_version)).await? {
            let pin = CardPin { hash: card.hash(), identity: card.card().identity };
            pins.insert((member.account, member.card_version), pin);
        }
    }
    Ok(pins)
}
