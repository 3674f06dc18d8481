//! What goes into the client and what comes out.
//!
//! Owns the contract between the state machine and its host (browser worker, command line, simulation): inputs,
//! outputs, commands and events. Refuses to know how a host does what it is asked. Invariant: outputs are
//! carried out in order; everything after a [`Output::Store`] waits until the host has answered
//! [`Input::Stored`], so that nothing is shown or sent that a reload would lose.

use crate::crypto::passphrase::Password;
use crate::crypto::unlock::RecoveryCode;
use crate::export::{Contents, ExportId, Wanted};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::factor::{FactorCode, FactorProof, FactorSummary, WebauthnJson};
use sotto_protocol::frame::{Person, PushEndpoint, PushPublic, TableGlance};
use sotto_protocol::ids::{
    AccountId, DeviceId, FactorId, Handle, InvitationId, Millis, RecordId, Seq, SpaceId, Version,
};
use sotto_protocol::limits::TEXT_BYTES_MAX;
use sotto_protocol::link::{InvitationLink, Origin, SetupLink};
use sotto_protocol::record::Seen;
use sotto_protocol::roster::Role;
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// Number of a batch to be stored.
pub type BatchId = u64;
/// Number of an HTTP request.
pub type RequestId = u64;

/// One change of the local store: the new sealed value, or `None` to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Name of the row.
    pub key: Vec<u8>,
    /// Sealed value.
    pub value: Option<Vec<u8>>,
}

/// A row of the local store as the host kept it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Name.
    pub key: Vec<u8>,
    /// Sealed value.
    pub value: Vec<u8>,
}

/// Rows whose names begin with this are not given to [`Client::open`](crate::Client::open); the client asks for
/// them with [`Output::Load`] when it needs them.
pub const LAZY_PREFIX: &[u8] = b"log/";

/// What is typed and not sent, UTF-8: more than a message may have, so that nothing is lost on the way to a shorter one.
pub const DRAFT_BYTES_MAX: usize = 4 * TEXT_BYTES_MAX;

/// What happens to a client.
#[derive(Debug)]
pub enum Input {
    /// A person wants something.
    Command(Command),
    /// The connection asked for with [`Output::Dial`] stands.
    Connected,
    /// The connection is gone, or could not be made.
    Disconnected,
    /// A WebSocket message.
    Frame(Vec<u8>),
    /// The answer to [`Output::Request`]: the body of a 200, or `None` when there was none.
    Response(RequestId, Option<Vec<u8>>),
    /// The batch is on disk.
    Stored(BatchId),
    /// The rows asked for with [`Output::Load`], in order of their names.
    Loaded(Vec<Row>),
    /// It is `wake_at`.
    Wake,
}

/// What a host has to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Store all of these changes, or none; then answer [`Input::Stored`]. Nothing else comes before that.
    Store(BatchId, Vec<Change>),
    /// Read the rows from the first name (included) to the second (excluded); answer [`Input::Loaded`].
    Load(Vec<u8>, Vec<u8>),
    /// Open a WebSocket to this server; answer [`Input::Connected`] or [`Input::Disconnected`].
    Dial(Origin),
    /// Send a WebSocket message.
    Send(Vec<u8>),
    /// Close the WebSocket; answer [`Input::Disconnected`].
    HangUp,
    /// POST the body to `/v1/account` of this server; answer [`Input::Response`].
    Request(RequestId, Origin, Vec<u8>),
    /// Tell whoever listens.
    Event(Event),
    /// Nothing to do until something happens, or until the given time.
    Idle {
        /// When to say [`Input::Wake`] at the latest.
        wake_at: Option<Millis>,
    },
}

/// What a person can ask for.
#[derive(Debug)]
pub enum Command {
    /// Found the practice. Done when [`Event::SignedIn`] comes.
    Setup {
        /// Set-up link.
        link: SetupLink,
        /// Sign-in name.
        handle: Handle,
        /// Her name, for those she writes with.
        name: String,
        /// The practice's name.
        practice: String,
        /// `Owner` or `OwnerTherapist`.
        role: Role,
        /// Password.
        password: Password,
        /// What to call this device.
        device_name: String,
        /// Make a recovery sheet, too: [`Event::Sheet`].
        sheet: bool,
    },
    /// Read what an invitation says. Needs no account and registers nothing. Done when [`Event::Welcome`] comes.
    PeekInvitation {
        /// Invitation.
        link: InvitationLink,
    },
    /// Ask whether a set-up link still founds a practice. Done when [`Event::SetupOpen`] comes.
    PeekSetup {
        /// Set-up link.
        link: SetupLink,
    },
    /// Join by an invitation. Done when [`Event::SignedIn`] comes.
    Join {
        /// Invitation.
        link: InvitationLink,
        /// Sign-in name.
        handle: Handle,
        /// Her name.
        name: String,
        /// Password.
        password: Password,
        /// What to call this device.
        device_name: String,
        /// Make a recovery sheet, too: [`Event::Sheet`].
        sheet: bool,
    },
    /// Sign in on this device. Done when [`Event::SignedIn`] comes.
    Login {
        /// Server.
        origin: Origin,
        /// Sign-in name.
        handle: Handle,
        /// Password.
        password: Password,
        /// What to call this device.
        device_name: String,
    },
    /// Sign in with the recovery sheet, on this device, and set a new password. Done when [`Event::SignedIn`] comes.
    Recover {
        /// Server.
        origin: Origin,
        /// Sign-in name.
        handle: Handle,
        /// The sheet's code.
        code: RecoveryCode,
        /// New password.
        new: Password,
        /// What to call this device.
        device_name: String,
    },
    /// Change the password. Step-up. Done when [`Event::PasswordChanged`] comes; nothing is signed out.
    ChangePassword {
        /// The present password.
        password: Password,
        /// The new one.
        new: Password,
    },
    /// Make a recovery sheet; an earlier one stops working. Step-up. Done when [`Event::Sheet`] comes.
    MakeSheet {
        /// Password.
        password: Password,
    },
    /// She has printed or saved the sheet: its words are forgotten here.
    SheetKept,
    /// Remove devices of one's own that somebody else may have, and put everything under new keys. Step-up. Done when
    /// [`Event::PasswordChanged`] comes; the new eras follow by themselves. Open invitations are withdrawn.
    RemoveLost {
        /// Which.
        devices: BTreeSet<DeviceId>,
        /// The present password.
        password: Password,
        /// A new one.
        new: Password,
    },
    /// Show a second factor after [`Event::FactorNeeded`]; what was begun goes on.
    ShowFactor(FactorProof),
    /// Give up what waits for a second factor. It ends with [`Failure::Stopped`].
    StopFactor,
    /// Offer a key to an authenticator app. Done when [`Event::TotpOffered`] comes.
    OfferTotp,
    /// Set up the app that was offered a key. Step-up. Done when [`Event::Factors`] comes.
    AddTotp {
        /// Password.
        password: Password,
        /// What the app shows.
        code: FactorCode,
    },
    /// Remove a second factor. Step-up. Done when [`Event::Factors`] comes.
    RemoveFactor {
        /// Password.
        password: Password,
        /// Which.
        id: FactorId,
    },
    /// Ask the practice's staff for a second factor, or no more. For its owner; done when [`Event::FactorsRequired`] comes.
    RequireFactors(bool),
    /// Go on after [`Event::PasswordNeeded`]. Done when [`Event::Reopened`] comes.
    Reopen {
        /// The password that was set on the other device.
        password: Password,
    },
    /// Make an invitation. Done when [`Event::Invitation`] comes, with everything stored on the server.
    Invite {
        /// What the joiner will be.
        role: Role,
        /// A note for her, sealed.
        note: String,
        /// For how long, milliseconds.
        ttl_ms: u64,
    },
    /// Withdraw an invitation.
    Revoke(InvitationId),
    /// Write something. It is in the outbox when [`Event::Queued`] comes.
    Write {
        /// Where.
        space: SpaceId,
        /// What it will be known as, chosen by the host; the same id again is [`Event::Queued`] again and writes nothing.
        id: Option<RecordId>,
        /// What.
        draft: Draft,
    },
    /// Keep what is typed and not sent, on this device only; empty removes it.
    KeepDraft {
        /// Where.
        space: SpaceId,
        /// The message of one's own whose text is being changed; none when it is a new one.
        target: Option<RecordId>,
        /// The text so far, at most [`DRAFT_BYTES_MAX`] bytes.
        text: String,
    },
    /// The person has looked at who reads now; send what waits for that.
    AcceptReaders(SpaceId),
    /// Remember that everything up to here was looked at (private; for counting unread).
    MarkRead {
        /// Where.
        space: SpaceId,
        /// Up to here.
        seq: Seq,
    },
    /// Remove one of one's devices. Step-up: asks for the password.
    RemoveDevice {
        /// Which.
        device: DeviceId,
        /// Password.
        password: Password,
    },
    /// Call one of one's devices something else.
    RenameDevice {
        /// Which.
        device: DeviceId,
        /// The name.
        name: String,
    },
    /// Sign in again on this device, which was not connected for long. Step-up: asks for the password.
    Wake {
        /// Password.
        password: Password,
    },
    /// Remove a reader from a space.
    RemoveMember {
        /// Where.
        space: SpaceId,
        /// Whom.
        account: AccountId,
    },
    /// Add a reader to a space. Step-up: the client's approval is signed by her identity.
    AddMember {
        /// Where.
        space: SpaceId,
        /// Whom.
        account: AccountId,
        /// As what.
        role: Role,
        /// Her identity key, from a place the person trusts: the roster, or a card shown face to face.
        identity: sotto_protocol::sign::PublicKey,
        /// Password.
        password: Password,
    },
    /// Sign the practice's roster anew: everybody whose joining this owner's device has confirmed. Step-up.
    SignRoster {
        /// Password.
        password: Password,
    },
    /// Send something to whoever is connected. It is not stored anywhere.
    SendEphemeral {
        /// Where.
        space: SpaceId,
        /// What.
        body: Vec<u8>,
    },
    /// Found the space of one's own, unless there is one. Done when [`Event::SpaceAdded`] names it and
    /// [`Client::own_space`](crate::Client::own_space) gives it.
    FoundOwn,
    /// Ask who has an account. For the practice's owner; answered by [`Event::People`].
    People,
    /// Ask what the server can see. For the practice's owner; answered by [`Event::Glance`].
    Glance,
    /// Ask for the key under which the server sends notices. Answered by [`Event::PushKey`].
    PushKey,
    /// Say where this device takes notices, or that it takes none. Done when [`Event::PushSet`] comes.
    PushTo(Option<PushEndpoint>),
    /// Begin a file of one's record. Done when [`Event::ExportBegun`] comes; its pieces are asked for one by one.
    Export(Box<Wanted>),
    /// The next piece of it: [`Event::ExportPiece`], or [`Event::Failed`], and then there is no more.
    ExportMore(ExportId),
    /// The rest is not wanted.
    ExportStop(ExportId),
    /// Send everything, fetch everything, write the vault. [`Event::Synced`] comes when there is nothing left to do.
    Sync,
}

/// Something to be written into a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Draft {
    /// A message; `bring` puts it on the list for the next session at once.
    Message {
        /// Text, at most [`sotto_protocol::limits::TEXT_BYTES_MAX`] bytes.
        text: String,
        /// Bring to session.
        bring: bool,
        /// Others are shown it from then on, at most [`sotto_protocol::limits::SHOW_LATER_MS_MAX`] ahead; at once when absent
        /// or past. Until then it can be taken back as if it had never been there.
        show_at: Option<Millis>,
    },
    /// A new text for one's own message.
    Edit {
        /// Which.
        target: MessageId,
        /// New text.
        text: String,
    },
    /// Take one's own message back.
    TakeBack(MessageId),
    /// "I have read this."
    Acknowledge(MessageId),
    /// Bring this message to the session.
    Bring(MessageId),
    /// "Kept for your session."
    Hold(MessageId),
    /// What one says about oneself under a name.
    Setting {
        /// Name: 1 to 64 characters of `a-z 0-9 . -`.
        name: String,
        /// JSON text, at most [`sotto_protocol::limits::SETTING_BYTES_MAX`] bytes.
        value: String,
    },
}

/// A message: its author and the record's id.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    minicbor::Encode,
    minicbor::Decode,
    serde::Serialize,
)]
#[cbor(array)]
pub struct MessageId {
    /// Author.
    #[n(0)]
    pub author: AccountId,
    /// Record.
    #[n(1)]
    pub record: RecordId,
}

/// What a client tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// This device is signed in and admitted.
    SignedIn {
        /// Account.
        account: AccountId,
    },
    /// A command failed; nothing was changed.
    Failed(Failure),
    /// What an invitation says, before joining goes on: who invites, to what practice.
    Welcome {
        /// The inviter's name.
        inviter: String,
        /// The practice's name.
        practice: String,
        /// Her note.
        note: String,
        /// What the joiner will be.
        role: Role,
    },
    /// The set-up link founds a practice.
    SetupOpen,
    /// An invitation is ready; this is its link. Shown once.
    Invitation {
        /// Id.
        id: InvitationId,
        /// Link.
        link: Zeroizing<String>,
    },
    /// An invitation was withdrawn.
    Revoked(InvitationId),
    /// A draft is safe in the outbox.
    Queued {
        /// Space.
        space: SpaceId,
        /// What it will be known as.
        id: MessageId,
    },
    /// One's own record has its place on the server.
    Delivered {
        /// Space.
        space: SpaceId,
        /// Which.
        id: MessageId,
        /// Where.
        seq: Seq,
    },
    /// The server refused one's own record for good; the text stays in the outbox, marked.
    Refused {
        /// Space.
        space: SpaceId,
        /// Which.
        id: MessageId,
        /// Why.
        code: ErrorCode,
    },
    /// The view of the space changed: new records were verified, or whether all are here is another answer now.
    Updated {
        /// Space.
        space: SpaceId,
        /// Up to here.
        seq: Seq,
    },
    /// A space became known.
    SpaceAdded(SpaceId),
    /// The joiner's proof was checked: she holds the invitation. One can answer now.
    Confirmed {
        /// Space.
        space: SpaceId,
        /// Who joined.
        account: AccountId,
    },
    /// The readers changed to more or other people than the writer saw; what waits needs her tap.
    ReadersChanged(SpaceId),
    /// Who can read changed: an era began.
    EraBegan {
        /// Space.
        space: SpaceId,
        /// By whom.
        by: AccountId,
        /// Added readers.
        added: Vec<AccountId>,
        /// Removed readers.
        removed: Vec<AccountId>,
    },
    /// Something is not as it must be.
    Alarm {
        /// Where; `None` when it concerns the account.
        space: Option<SpaceId>,
        /// What.
        alarm: Alarm,
    },
    /// Records that the server had lost were handed back.
    HandedBack {
        /// Space.
        space: SpaceId,
        /// How many.
        records: u64,
    },
    /// After signing in on an empty device: everything is here.
    Restored {
        /// Messages that can be read.
        messages: u64,
        /// Spaces.
        spaces: u64,
    },
    /// This device was removed from the account. What waits in the outbox is kept.
    DeviceRemoved,
    /// A device was removed; its eras are renewed.
    DeviceGone(DeviceId),
    /// The new password holds.
    PasswordChanged,
    /// A recovery sheet was made. Its words come again at each start until [`Command::SheetKept`].
    Sheet {
        /// The words, spaces between them.
        words: Zeroizing<String>,
        /// When it was made.
        made_at: Millis,
    },
    /// Another device of the account has put the vault under a new key, with a new password: this one waits for
    /// [`Command::Reopen`]. What it holds can be read, and what is written waits.
    PasswordNeeded,
    /// The vault is open again.
    Reopened,
    /// The password is right, and the account has second factors: waits for [`Command::ShowFactor`].
    FactorNeeded {
        /// It has an authenticator app.
        totp: bool,
        /// Request options for the browser, if it has passkeys for this.
        passkey: Option<WebauthnJson>,
        /// Why what was shown before was not enough; it can be shown again.
        refused: Option<Failure>,
    },
    /// A key for an authenticator app.
    TotpOffered {
        /// In base32 (RFC 4648).
        secret: Zeroizing<String>,
    },
    /// The account's second factors as they are now.
    Factors(Vec<FactorSummary>),
    /// The practice asks its staff for a second factor, and without one this device is not let in. What it holds can be
    /// read, and what is written waits.
    FactorRequired,
    /// Whether the practice asks for factors was set.
    FactorsRequired(bool),
    /// The server lets this device connect only after somebody signs in on it again: it was not connected for long. What
    /// waits in the outbox is kept.
    DeviceIdle,
    /// This device may connect again.
    Woken,
    /// Devices were removed because they were not connected for long.
    IdleRemoved(Vec<DeviceId>),
    /// The roster was signed and stored.
    RosterSigned {
        /// Its version.
        version: Version,
        /// How many are on it.
        people: u64,
    },
    /// Somebody's ephemeral frame.
    Ephemeral {
        /// Space.
        space: SpaceId,
        /// Author.
        author: AccountId,
        /// Her device.
        device: DeviceId,
        /// What.
        body: Vec<u8>,
    },
    /// Everybody with an account in the practice.
    People(Vec<Person>),
    /// What the server holds of the practice.
    Glance(Vec<TableGlance>),
    /// The key under which the server sends notices; none when it sends none.
    PushKey(Option<PushPublic>),
    /// The server knows where this device takes notices, or that it takes none.
    PushSet,
    /// A file of one's record is begun.
    ExportBegun {
        /// Which.
        export: ExportId,
        /// What it will contain.
        contents: Contents,
    },
    /// A piece of the file: they follow each other.
    ExportPiece {
        /// Of which.
        export: ExportId,
        /// Text, at most [`crate::export::PIECE_BYTES_MAX`] bytes.
        piece: String,
        /// So much is done,
        done: u64,
        /// of so much.
        of: u64,
        /// The file is complete.
        last: bool,
    },
    /// Nothing is left to do.
    Synced,
    /// Connected and signed in.
    Online,
    /// The connection is gone.
    Offline,
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server said so.
    #[error("{code}")]
    Server {
        /// What.
        code: ErrorCode,
        /// When to try again, milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// The server could not be reached, or did not answer in time.
    #[error("The server can't be reached. Nothing is lost; please try again when you're connected.")]
    Unreachable,
    /// The server answered something that cannot be true.
    #[error("The server's answer is not what was signed ({0}). Nothing was done.")]
    Dishonest(&'static str),
    /// Handle or password is wrong.
    #[error("The name or the password is not right.")]
    WrongPassword,
    /// Handle or recovery sheet is wrong, or the sheet was replaced.
    #[error("The name is not right, or this sheet was replaced by a newer one.")]
    WrongSheet,
    /// She gave up what was under way.
    #[error("This was stopped. Nothing was changed.")]
    Stopped,
    /// A change of password was sent and not answered.
    #[error(
        "The server didn't answer. Perhaps the new password holds already: try it first. If it is refused, the old one still does."
    )]
    Unanswered,
    /// The record is not what it was when its file was begun.
    #[error("Something in the record changed while the file was being made. Please make it again.")]
    RecordChanged,
    /// What is stored here of the record does not open.
    #[error("A part of the record that is stored on this device can't be read. Nothing was made.")]
    RecordUnreadable,
}

/// What a client noticed that an honest server or member would not cause.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Alarm {
    /// A record does not continue the chain, or another history was seen.
    Forked,
    /// A record or card with a signature that does not verify.
    Forged,
    /// A record that breaks the rules of the space.
    RuleBroken,
    /// Records are missing that were there before, or that another device has seen. `have` is what the server shows.
    Withheld {
        /// What should be there at least.
        expected: Seen,
        /// What is there.
        have: Seq,
    },
    /// A payload is missing without a drop.
    PayloadWithheld,
    /// The server's data was set back; what was lost is being handed back.
    SetBack,
    /// The vault is older than one already seen, or does not open.
    OldVault,
    /// A card is older than one already seen.
    OldCard,
    /// The roster is older than one already seen, or not signed by the owner.
    OldRoster,
    /// A card contradicts an earlier one, or its identity is not the one pinned.
    IdentityChanged(AccountId),
    /// Somebody joined without the invitation's secret, or a second time.
    Uninvited(AccountId),
    /// An era's key could not be opened, or is not the one committed to. Its maker is named; it is voided.
    BadEra(AccountId),
    /// Content that its author sealed wrongly.
    BadContent(AccountId),
    /// A record of a later version of Sotto.
    UpdateNeeded,
}

/// Why a command was refused at once. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// There is no account on this device.
    #[error("This device is not signed in. Use `setup`, `join` or `login` first.")]
    NotSignedIn,
    /// There is an account on this device already.
    #[error("This device already belongs to an account.")]
    SignedIn,
    /// Another sign-in or step-up is under way.
    #[error("Something like this is already under way.")]
    Busy,
    /// No such space here.
    #[error("There is no such conversation here.")]
    SpaceUnknown,
    /// No such message, or not one's own.
    #[error("There is no such message of yours.")]
    MessageUnknown,
    /// The joiner's proof has not been checked.
    #[error("This conversation is not confirmed yet: nobody knows who joined. It can't be answered.")]
    Unconfirmed,
    /// Something about this space is not as it must be.
    #[error("Something about this conversation is not right. Nothing is sent until that is looked at.")]
    Alarmed,
    /// One is no longer a member.
    #[error("You are no longer part of this conversation.")]
    NotMember,
    /// Too long, or empty.
    #[error("{what} has {got} bytes; {max} are possible.")]
    TooLong {
        /// What.
        what: &'static str,
        /// Its size.
        got: usize,
        /// The limit.
        max: usize,
    },
    /// Nothing to say.
    #[error("There is nothing in it.")]
    Empty,
    /// The password is too weak.
    #[error("This password is too easy to guess. Use at least 12 characters, or a few unrelated words.")]
    WeakPassword,
    /// A bound of this device.
    #[error("Too much at once: {0}.")]
    Limit(&'static str),
    /// Not the right role, or not a device of one's own.
    #[error("Not possible: {0}.")]
    NotAllowed(&'static str),
}
