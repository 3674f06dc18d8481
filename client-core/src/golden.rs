//! Golden files of what only clients read: content, vault and the rows of the local store.
//!
//! The lines and the rules for them are those of `protocol/tests/support/golden.rs`; the envelopes around these forms
//! have theirs in [`crate::crypto`].

#[path = "../../protocol/tests/support/golden.rs"]
mod lines;

use crate::cards::CardRow;
use crate::content::{Content, ContentFrame, Edit, Message, Resend, Setting, SettingName, TakeBack};
use crate::crypto::signing::{DeviceKey, IdentityKey};
use crate::io::{DRAFT_BYTES_MAX, MessageId};
use crate::rows::{
    self, AccountRow, EditRow, Entry, EntryBody, LogHeaderRow, OutboxBody, OutboxRow, ROW_VERSION,
    RegisteringRow, SpaceRow, VaultRow,
};
use crate::space::Change;
use crate::vault::{
    Consumed, Inner, InvitationEntry, InvitationText, PeerPin, Renamed, SealingEntry, SecretBytes, SpacePin,
    VAULT_VERSION, Vault,
};
use lines::Golden;
use sotto_protocol::card::{Card, CardDevice, SUITE_1, SealingPublic};
use sotto_protocol::codec::{Bytes, Text};
use sotto_protocol::credentials::{CredentialSet, Method, MethodKind};
use sotto_protocol::ids::{
    AccountId, ApprovalId, DeviceId, EraId, Fingerprint, Handle, Hash, Head, InvitationId, MethodId, Millis,
    PracticeId, RecordId, Revision, Seq, SpaceId, Version,
};
use sotto_protocol::log::LogState;
use sotto_protocol::record::{Approval, Join, Kind, Payload, Seen};
use sotto_protocol::roster::Role;
use sotto_protocol::sign::{PublicKey, SignatureBytes, Signed};
use std::collections::{BTreeMap, BTreeSet};

const ANNA: AccountId = AccountId([0xA0; 16]);
const THERA: AccountId = AccountId([0x70; 16]);
const SPACE: SpaceId = SpaceId([0x51; 16]);
const ERA: EraId = EraId([0x5D; 32]);
const AT: Millis = Millis(1_800_000_000_123);
const TARGET: MessageId = MessageId { author: THERA, record: RecordId([0x59; 16]) };

/// The samples of an enum by the names of their variants; one without a sample does not compile.
macro_rules! samples {
    ($enum:ident { $($variant:ident $fields:tt)* }) => {{
        let name = |value: &$enum| match value { $($enum::$variant { .. } => stringify!($variant)),* };
        vec![$($enum::$variant $fields),*].into_iter().map(|value| (name(&value), value)).collect::<Vec<_>>()
    }};
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

fn bytes<const MAX: usize>(fill: u8, len: usize) -> Bytes<MAX> {
    Bytes::new(vec![fill; len]).unwrap()
}

fn seen(seq: u64) -> Seen {
    Seen { seq: Seq(seq), head: Head([0x54; 32]) }
}

fn contents() -> Vec<(&'static str, Content)> {
    let original = ContentFrame { sent_at: AT, content: Content::Acknowledge(TARGET) };
    samples!(Content {
        Message { 0: Message { text: text("Guten Abend 🌙"), bring: true, show_at: None } }
        Edit { 0: Edit { target: TARGET, text: text("Guten Morgen") } }
        TakeBack { 0: TakeBack { author: TARGET.author, record: TARGET.record, show_at: None } }
        Acknowledge { 0: TARGET }
        Bring { 0: TARGET }
        Hold { 0: TARGET }
        Profile { 0: text("Anna B.") }
        Resend {
            0: Resend { original: TARGET, frame: Bytes::new(original.to_bytes().unwrap()).unwrap() }
        }
        Setting {
            0: Setting { name: SettingName::parse("availability").unwrap(), value: text("{\"v\":1}") }
        }
        Unknown { 0: 900, 1: bytes(0xFF, 3) }
    })
}

#[test]
fn contents_stay_readable() {
    let mut golden = Golden::group("content");
    for (name, content) in contents() {
        let frame = ContentFrame { sent_at: AT, content };
        golden.check_bytes(name, &frame.to_bytes().unwrap(), |bytes| {
            ContentFrame::from_bytes(bytes).as_ref() == Ok(&frame)
        });
    }
    let later = Message { text: text("Bis morgen"), bring: false, show_at: Some(AT.plus(3_600_000)) };
    golden.check("message shown later", &later);
    let withdrawn = TakeBack { show_at: later.show_at, author: TARGET.author, record: TARGET.record };
    golden.check("take-back of a message shown later", &withdrawn);
    golden.check("message id", &TARGET);
    golden.finish();
}

fn vault() -> Vault {
    let space = |confirmed| SpacePin {
        founding: Head([0x55; 32]),
        head: seen(70_002),
        confirmed,
        read: Seq(70_000),
        left: false,
        read_at: None,
    };
    let invitation = |consumed, revoked| InvitationEntry {
        secret: SecretBytes::new([0x33; 32]),
        role: Role::Client,
        expires_at: AT,
        consumed,
        revoked,
    };
    let consumed = Consumed { space: SPACE, account: ANNA, identity: PublicKey([0x41; 32]) };
    Vault {
        version: VAULT_VERSION,
        account: THERA,
        handle: Handle::parse("thera").unwrap(),
        name: text("Thera"),
        identity: PublicKey([0x42; 32]),
        card_version_min: Version(3),
        sealing: vec![
            SealingEntry { since: Version(1), seed: SecretBytes::new([0x34; 32]) },
            SealingEntry { since: Version(3), seed: SecretBytes::new([0x35; 32]) },
        ],
        spaces: BTreeMap::from([(SPACE, space(true)), (SpaceId([0x52; 16]), space(false))]),
        peers: BTreeMap::from([(
            ANNA,
            PeerPin {
                identity: PublicKey([0x41; 32]),
                card_version: Version(2),
                card_hash: Hash([0x56; 32]),
            },
        )]),
        invitations: BTreeMap::from([
            (InvitationId([0x53; 16]), invitation(Some(consumed), false)),
            (InvitationId([0x54; 16]), invitation(None, true)),
        ]),
        devices: BTreeMap::from([(DeviceId([0x71; 16]), text("Laptop"))]),
        owner: Some(Fingerprint([0x57; 32])),
        practice: PracticeId([0x58; 16]),
        roster_version: Version(4),
        sheet_at: None,
        renamed: None,
    }
}

#[test]
fn vaults_and_what_lies_beside_them_stay_readable() {
    let mut golden = Golden::group("vault");
    golden.check("vault", &vault());
    golden.check("vault with names given later", &{
        let renamed = Renamed { at: AT, name: text("The old laptop") };
        Vault { renamed: Some(BTreeMap::from([(DeviceId([0x71; 16]), renamed)])), ..vault() }
    });
    assert_eq!(Vault::from_bytes(&vault().to_bytes()), Ok(vault()));
    golden.check("vault with a time of reading", &{
        let mut vault = vault();
        vault.spaces.values_mut().for_each(|pin| pin.read_at = Some(AT));
        vault
    });
    golden.check("vault with a recovery sheet", &Vault { sheet_at: Some(AT), ..vault() });
    golden.check("vault of an owner, empty", &{
        let (spaces, peers, invitations, devices) = Default::default();
        Vault { spaces, peers, invitations, devices, owner: None, ..vault() }
    });
    golden.check_secret("inner", &Inner { version: 1, identity: SecretBytes::new([0x36; 32]) });
    let invitation = |owner| InvitationText {
        version: 1,
        inviter: text("Thera"),
        note: text("Willkommen"),
        role: Role::Client,
        inviter_role: Role::OwnerTherapist,
        owner,
        practice: text("Praxis Grünstraße"),
    };
    golden.check("invitation text", &invitation(Some(Fingerprint([0x57; 32]))));
    golden.check("invitation text without owner", &invitation(None));
    golden.finish();
}

fn credentials() -> Signed<CredentialSet> {
    let set = CredentialSet {
        account: ANNA,
        version: Version(1),
        opaque_hash: Hash([1; 32]),
        inner_hash: Hash([2; 32]),
        vault_generation: Version(1),
        methods: vec![Method {
            id: MethodId([3; 16]),
            kind: MethodKind::Password,
            unlock: SealingPublic::from_slice(&[4; SealingPublic::LEN]).unwrap(),
            vault_wrap: bytes(5, 1169),
            inner_wrap: bytes(6, 1169),
            created_at: AT,
            login: None,
        }],
    };
    IdentityKey::from_seed([0x43; 32]).sign_object(&set).unwrap()
}

fn card() -> Signed<Card> {
    let (identity, device) = (IdentityKey::from_seed([0x43; 32]), DeviceKey::from_seed([0x44; 32]));
    let card = Card {
        account: ANNA,
        version: Version(1),
        identity: identity.public(),
        devices: vec![CardDevice {
            id: DeviceId([0xA1; 16]),
            key: device.public(),
            added_in: Version(1),
            added_at: AT,
            removed_in: None,
        }],
        sealing: SealingPublic::from_slice(&[7; SealingPublic::LEN]).unwrap(),
        sealing_since: Version(1),
        suites: vec![SUITE_1],
    };
    identity.sign_object(&card).unwrap()
}

fn space_row() -> SpaceRow {
    SpaceRow {
        version: ROW_VERSION,
        log: LogState::new(SPACE),
        bad_eras: BTreeSet::from([ERA]),
        missing: BTreeSet::from([TARGET]),
        join: Some(Join {
            invitation: InvitationId([0x53; 16]),
            inviter: THERA,
            card_hash: Hash([0x5B; 32]),
            proof: Hash([0x5C; 32]),
        }),
        era_at: AT,
        left: true,
    }
}

fn entry(body: EntryBody) -> Entry {
    Entry {
        at: AT,
        id: TARGET,
        device: DeviceId([0x71; 16]),
        era: ERA,
        kind: Kind::Content,
        payload_hash: Hash([0x5A; 32]),
        head: Head([0x5F; 32]),
        body,
    }
}

#[test]
fn rows_of_the_local_store_stay_readable() {
    let mut golden = Golden::group("rows");
    golden.check_secret(
        "account",
        &AccountRow {
            version: ROW_VERSION,
            origin: text("https://practice.example"),
            account: ANNA,
            handle: Handle::parse("anna").unwrap(),
            identity: PublicKey([0x41; 32]),
            role: Role::Client,
            practice: text("Praxis Grünstraße"),
            practice_id: PracticeId([0x58; 16]),
            device: DeviceId([0xA1; 16]),
            device_seed: SecretBytes::new([0x44; 32]),
            vault_key: SecretBytes::new([0x45; 32]),
            credentials: credentials(),
            removed: false,
            restored: true,
        },
    );
    golden.check_secret("registering", &RegisteringRow { request: bytes(8, 100) });
    let plain = Bytes::new(vault().to_bytes().to_vec()).unwrap();
    golden.check_secret("vault", &VaultRow { vault: plain, revision: Revision(17), dirty: true });
    golden.check_secret("card", &CardRow { newest: card(), earlier: vec![card()] });
    golden.check_secret("space", &space_row());
    let empty = (BTreeSet::new(), BTreeSet::new());
    golden.check_secret(
        "space without anything",
        &SpaceRow { bad_eras: empty.0, missing: empty.1, join: None, left: false, ..space_row() },
    );
    let bodies = samples!(EntryBody {
        Visible {}
        Opened { frame: bytes(9, 40) }
        Closed {}
        Bad {}
        Dropped {}
    });
    for (name, body) in bodies {
        golden.check_secret(&format!("entry {name}"), &entry(body));
    }
    golden.check_secret(
        "log header",
        &LogHeaderRow { at: AT, header: bytes(10, 240), signature: SignatureBytes([11; 64]) },
    );
    let approval = Approval {
        id: ApprovalId([0x55; 16]),
        space: SPACE,
        approver: ANNA,
        account: AccountId([0x60; 16]),
        identity: PublicKey([0x41; 32]),
        role: Role::Prescriber,
        introduced_by: THERA,
        starts_at: AT,
        expires_at: AT.plus(1000),
    };
    let approval = IdentityKey::from_seed([0x43; 32]).sign_object(&approval).unwrap();
    let wanted = samples!(Change {
        Remove { account: THERA }
        Add { account: AccountId([0x60; 16]), role: Role::Prescriber, approval }
    });
    for (name, change) in wanted {
        golden.check_secret(&format!("wanted {name}"), &vec![change]);
    }
    let payload: Payload = bytes(12, 100);
    golden.check("log payload", &payload);
    golden.check("draft", &text::<DRAFT_BYTES_MAX>("Guten Abend, ich"));
    golden.check("edit", &EditRow { target: RecordId([0x59; 16]), text: text("Guten Morgen") });
    let outbox = samples!(OutboxBody {
        Content { frame: bytes(9, 40) }
        Drop { target: RecordId([0x59; 16]) }
    });
    for (name, body) in outbox {
        golden.check_secret(
            &format!("outbox {name}"),
            &OutboxRow {
                id: RecordId([0x5E; 16]),
                body,
                readers: BTreeSet::from([THERA, ANNA]),
                queued_at: AT,
                refused: Some(53),
                attempted: true,
            },
        );
    }
    golden.finish();
}

/// A name is bound into the seal of its row, so a changed name is a lost row.
#[test]
fn names_of_rows_stay() {
    let names = [
        rows::ACCOUNT.to_vec(),
        rows::REGISTERING.to_vec(),
        rows::VAULT.to_vec(),
        rows::card(ANNA),
        rows::space(SPACE),
        rows::era_key(SPACE, ERA),
        rows::entry(SPACE, Seq(258)),
        rows::outbox(SPACE, 7),
        rows::wanted(SPACE),
        rows::draft(SPACE),
        rows::edit(SPACE),
        rows::log_header(SPACE, Seq(258)),
        rows::log_payload(SPACE, Seq(258)),
    ];
    let mut golden = Golden::group("row-names");
    for name in names {
        let sort: Vec<u8> = name.iter().copied().take_while(|b| *b != b'/').collect();
        let sort = String::from_utf8(sort).unwrap();
        let part = if name.ends_with(b"/h") { " header" } else { "" };
        golden.check_bytes(&format!("{sort}{part}"), &name, |golden| golden == name);
    }
    golden.finish();
}
