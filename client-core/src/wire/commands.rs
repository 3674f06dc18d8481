//! Commands as the web app gives them.
//!
//! Owns reading each kind of `Command` and `Draft` in `api.ts`. Refuses to know who may give which. Invariant: a link,
//! a name or an id that is not one is told by its own code, before the client hears of it.
//!
//! The kind is read by the caller and each kind has a small struct: an enum with a tag inside would bring serde's
//! buffering of unknown data into the browser for nothing.

use crate::crypto::passphrase::Password;
use crate::crypto::recovery;
use crate::export::{Form, Language, Wanted, Zone};
use crate::io::{Command, Draft, MessageId};
use crate::wire::CoreError;
use core::str::FromStr;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use sotto_protocol::factor::{FactorCode, FactorProof, WebauthnJson};
use sotto_protocol::frame::PushEndpoint;
use sotto_protocol::ids::{Handle, Millis, RecordId, Seq, SpaceId};
use sotto_protocol::link::{InvitationLink, Origin, SetupLink};
use sotto_protocol::roster::Role;
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// Reads a command of this kind.
pub fn command<'de, D: Deserializer<'de>>(kind: &str, arguments: D) -> Result<Command, CoreError> {
    match kind {
        "setup" => read::<Setup, D>(arguments, "setup")?.into_command(),
        "peek" => {
            let Peek { link } = read(arguments, "peek")?;
            Ok(Command::PeekInvitation { link: InvitationLink::parse(&link)? })
        }
        "peekSetup" => {
            let Peek { link } = read(arguments, "peekSetup")?;
            Ok(Command::PeekSetup { link: SetupLink::parse(&link)? })
        }
        "join" => read::<Join, D>(arguments, "join")?.into_command(),
        "login" => read::<Login, D>(arguments, "login")?.into_command(),
        "invite" => {
            let Invite { role, note, ttl_ms } = read(arguments, "invite")?;
            Ok(Command::Invite { role: role_of(&role)?, note, ttl_ms })
        }
        "revoke" => Ok(Command::Revoke(id(&read::<ById, D>(arguments, "revoke")?.id)?)),
        "write" => {
            let Write { space, id: record, draft } = read(arguments, "write")?;
            let id = record.as_deref().map(id::<RecordId>).transpose()?;
            Ok(Command::Write { space: id_of(&space)?, id, draft: draft.into_draft()? })
        }
        "keepDraft" => {
            let KeepDraft { space, target, text } = read(arguments, "keepDraft")?;
            let target = target.as_deref().map(id::<RecordId>).transpose()?;
            Ok(Command::KeepDraft { space: id_of(&space)?, target, text })
        }
        "acceptReaders" => {
            Ok(Command::AcceptReaders(read::<InSpace, D>(arguments, "acceptReaders")?.space()?))
        }
        "markRead" => {
            let MarkRead { space, seq } = read(arguments, "markRead")?;
            Ok(Command::MarkRead { space: id_of(&space)?, seq: Seq(seq) })
        }
        "removeDevice" => {
            let RemoveDevice { device, password } = read(arguments, "removeDevice")?;
            Ok(Command::RemoveDevice { device: id(&device)?, password: secret(password) })
        }
        "removeLost" => {
            let RemoveLost { devices, password, new } = read(arguments, "removeLost")?;
            let devices = devices.iter().map(|device| id(device)).collect::<Result<_, _>>()?;
            Ok(Command::RemoveLost { devices, password: secret(password), new: secret(new) })
        }
        "recover" => read::<Recover, D>(arguments, "recover")?.into_command(),
        "changePassword" => {
            let ChangePassword { password, new } = read(arguments, "changePassword")?;
            Ok(Command::ChangePassword { password: secret(password), new: secret(new) })
        }
        "makeSheet" => Ok(Command::MakeSheet { password: given::<D>(arguments, "makeSheet")? }),
        "sheetKept" => Ok(Command::SheetKept),
        "reopen" => Ok(Command::Reopen { password: given::<D>(arguments, "reopen")? }),
        "renameDevice" => {
            let RenameDevice { device, name } = read(arguments, "renameDevice")?;
            Ok(Command::RenameDevice { device: id(&device)?, name })
        }
        "wake" => Ok(Command::Wake { password: secret(read::<Wake, D>(arguments, "wake")?.password) }),
        "showCode" => {
            let code = read::<Code, D>(arguments, "showCode")?.code;
            Ok(Command::ShowFactor(FactorProof::Totp { code: code_of(&code)? }))
        }
        "showPasskey" => {
            let assertion = read::<ShowPasskey, D>(arguments, "showPasskey")?.assertion;
            let assertion = WebauthnJson::new(assertion).map_err(|_| CoreError::malformed("assertion"))?;
            Ok(Command::ShowFactor(FactorProof::Passkey { assertion }))
        }
        "stopFactor" => Ok(Command::StopFactor),
        "offerTotp" => Ok(Command::OfferTotp),
        "addTotp" => {
            let AddTotp { password, code } = read(arguments, "addTotp")?;
            Ok(Command::AddTotp { password: secret(password), code: code_of(&code)? })
        }
        "removeFactor" => {
            let RemoveFactor { password, id: factor } = read(arguments, "removeFactor")?;
            Ok(Command::RemoveFactor { password: secret(password), id: id(&factor)? })
        }
        "requireFactors" => {
            Ok(Command::RequireFactors(read::<RequireFactors, D>(arguments, "requireFactors")?.required))
        }
        "foundOwn" => Ok(Command::FoundOwn),
        "people" => Ok(Command::People),
        "glance" => Ok(Command::Glance),
        "pushKey" => Ok(Command::PushKey),
        "pushTo" => {
            let endpoint = read::<PushTo, D>(arguments, "pushTo")?.endpoint;
            let endpoint = endpoint.map(PushEndpoint::new).transpose();
            Ok(Command::PushTo(endpoint.map_err(|_| CoreError::malformed("endpoint"))?))
        }
        "export" => read::<Export, D>(arguments, "export")?.into_command(),
        "exportMore" => Ok(Command::ExportMore(read::<Numbered, D>(arguments, "exportMore")?.export)),
        "exportStop" => Ok(Command::ExportStop(read::<Numbered, D>(arguments, "exportStop")?.export)),
        "sync" => Ok(Command::Sync),
        _ => Err(CoreError::malformed("kind of command")),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Setup {
    link: String,
    handle: String,
    name: String,
    practice: String,
    role: String,
    password: String,
    device_name: String,
    #[serde(default)]
    sheet: bool,
}

#[derive(Deserialize)]
struct Peek {
    link: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Join {
    link: String,
    handle: String,
    name: String,
    password: String,
    device_name: String,
    #[serde(default)]
    sheet: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Login {
    origin: String,
    handle: String,
    password: String,
    device_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invite {
    role: String,
    note: String,
    ttl_ms: u64,
}

#[derive(Deserialize)]
struct PushTo {
    endpoint: Option<String>,
}

#[derive(Deserialize)]
struct ById {
    id: String,
}

#[derive(Deserialize)]
struct InSpace {
    space: String,
}

#[derive(Deserialize)]
struct Write {
    space: String,
    id: Option<String>,
    draft: DraftShape,
}

/// Every field that some kind of draft has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DraftShape {
    kind: String,
    text: Option<String>,
    bring: Option<bool>,
    show_at: Option<u64>,
    target: Option<TargetShape>,
    name: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
struct TargetShape {
    author: String,
    record: String,
}

#[derive(Deserialize)]
struct KeepDraft {
    space: String,
    target: Option<String>,
    text: String,
}

#[derive(Deserialize)]
struct MarkRead {
    space: String,
    seq: u64,
}

#[derive(Deserialize)]
struct RenameDevice {
    device: String,
    name: String,
}

#[derive(Deserialize)]
struct Wake {
    password: String,
}

#[derive(Deserialize)]
struct RemoveDevice {
    device: String,
    password: String,
}

#[derive(Deserialize)]
struct RemoveLost {
    devices: Vec<String>,
    password: String,
    new: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recover {
    origin: String,
    handle: String,
    words: String,
    new: String,
    device_name: String,
}

#[derive(Deserialize)]
struct ChangePassword {
    password: String,
    new: String,
}

#[derive(Deserialize)]
struct Export {
    spaces: Option<Vec<String>>,
    from: Option<u64>,
    until: Option<u64>,
    form: String,
    language: String,
    zone: ZoneShape,
}

#[derive(Deserialize)]
struct ZoneShape {
    name: String,
    offsets: Vec<OffsetShape>,
}

#[derive(Deserialize)]
struct OffsetShape {
    from: u64,
    minutes: i16,
}

#[derive(Deserialize)]
struct Numbered {
    export: u64,
}

#[derive(Deserialize)]
struct Given {
    password: String,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct ShowPasskey {
    assertion: String,
}

#[derive(Deserialize)]
struct AddTotp {
    password: String,
    code: String,
}

#[derive(Deserialize)]
struct RemoveFactor {
    password: String,
    id: String,
}

#[derive(Deserialize)]
struct RequireFactors {
    required: bool,
}

impl Setup {
    fn into_command(self) -> Result<Command, CoreError> {
        let password = secret(self.password);
        Ok(Command::Setup {
            link: SetupLink::parse(&self.link)?,
            handle: handle(&self.handle)?,
            name: self.name,
            practice: self.practice,
            role: role_of(&self.role)?,
            password,
            device_name: self.device_name,
            sheet: self.sheet,
        })
    }
}

impl Join {
    fn into_command(self) -> Result<Command, CoreError> {
        let password = secret(self.password);
        Ok(Command::Join {
            link: InvitationLink::parse(&self.link)?,
            handle: handle(&self.handle)?,
            name: self.name,
            password,
            device_name: self.device_name,
            sheet: self.sheet,
        })
    }
}

impl Login {
    fn into_command(self) -> Result<Command, CoreError> {
        let password = secret(self.password);
        Ok(Command::Login {
            origin: Origin::parse(&self.origin)?,
            handle: handle(&self.handle)?,
            password,
            device_name: self.device_name,
        })
    }
}

impl Recover {
    fn into_command(self) -> Result<Command, CoreError> {
        let (words, new) = (Zeroizing::new(self.words), secret(self.new));
        Ok(Command::Recover {
            origin: Origin::parse(&self.origin)?,
            handle: handle(&self.handle)?,
            code: recovery::from_words(&words)?,
            new,
            device_name: self.device_name,
        })
    }
}

impl Export {
    fn into_command(self) -> Result<Command, CoreError> {
        let mut spaces = self.spaces.as_ref().map(|_| BTreeSet::new());
        for id in self.spaces.iter().flatten() {
            spaces.get_or_insert_default().insert(id_of(id)?);
        }
        let form = match self.form.as_str() {
            "html" => Form::Html,
            "json" => Form::Json,
            _ => return Err(CoreError::malformed("form")),
        };
        let language = Language::parse(&self.language).ok_or(CoreError::malformed("language"))?;
        let mut offsets = Vec::with_capacity(self.zone.offsets.len());
        for OffsetShape { from, minutes } in self.zone.offsets {
            offsets.push((Millis(from), minutes));
        }
        let zone = Zone { name: self.zone.name, offsets };
        let (from, until) = (self.from.map(Millis), self.until.map(Millis));
        Ok(Command::Export(Box::new(Wanted { spaces, from, until, form, language, zone })))
    }
}

impl InSpace {
    fn space(&self) -> Result<SpaceId, CoreError> {
        id_of(&self.space)
    }
}

impl DraftShape {
    fn into_draft(self) -> Result<Draft, CoreError> {
        let missing = || CoreError::malformed("draft");
        let target = || self.target.as_ref().ok_or_else(missing)?.message();
        Ok(match self.kind.as_str() {
            "message" => Draft::Message {
                text: self.text.ok_or_else(missing)?,
                bring: self.bring.unwrap_or_default(),
                show_at: self.show_at.map(Millis),
            },
            "edit" => Draft::Edit { target: target()?, text: self.text.ok_or_else(missing)? },
            "takeBack" => Draft::TakeBack(target()?),
            "acknowledge" => Draft::Acknowledge(target()?),
            "bring" => Draft::Bring(target()?),
            "hold" => Draft::Hold(target()?),
            "setting" => Draft::Setting {
                name: self.name.ok_or_else(missing)?,
                value: self.value.ok_or_else(missing)?,
            },
            _ => return Err(CoreError::malformed("kind of draft")),
        })
    }
}

impl TargetShape {
    fn message(&self) -> Result<MessageId, CoreError> {
        Ok(MessageId { author: id(&self.author)?, record: id(&self.record)? })
    }
}

fn read<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    arguments: D,
    what: &'static str,
) -> Result<T, CoreError> {
    T::deserialize(arguments).map_err(|_| CoreError::malformed(what))
}

fn code_of(text: &str) -> Result<FactorCode, CoreError> {
    FactorCode::new(text).map_err(|_| CoreError::malformed("code"))
}

/// A password alone.
fn given<'de, D: Deserializer<'de>>(arguments: D, what: &'static str) -> Result<Password, CoreError> {
    Ok(secret(read::<Given, D>(arguments, what)?.password))
}

fn id<T: FromStr>(text: &str) -> Result<T, CoreError> {
    text.parse().map_err(|_| CoreError::malformed("id"))
}

fn id_of(text: &str) -> Result<SpaceId, CoreError> {
    id(text)
}

fn handle(text: &str) -> Result<Handle, CoreError> {
    Handle::parse(text).map_err(|_| CoreError::new("handle_malformed"))
}

fn role_of(text: &str) -> Result<Role, CoreError> {
    Role::parse(&text.replace('_', "-")).map_err(|_| CoreError::malformed("role"))
}

/// Takes the password out of a string that is wiped.
fn secret(text: String) -> Password {
    Password::new(&Zeroizing::new(text))
}
