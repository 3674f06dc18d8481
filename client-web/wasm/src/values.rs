//! JavaScript values: bytes, numbers, rows and outputs.
//!
//! Owns turning what the core says into what JavaScript holds. Refuses to know what it means. Invariant: bytes are
//! `Uint8Array`, numbers are whole and safe, an absent value is `null`.

use js_sys::{Array, JsString, Object, Reflect, Uint8Array};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use sotto_client_core::io::{Change, Output, Row};
use sotto_client_core::wire::CoreError;
use wasm_bindgen::{JsCast, JsValue};

/// What is thrown: a `CoreError` as a plain object.
pub(crate) type Thrown = JsValue;

/// The largest whole number that JavaScript's numbers hold exactly.
const SAFE_MAX: f64 = 9_007_199_254_740_991.0;

/// An error as it is thrown.
pub(crate) fn thrown(error: &CoreError) -> Thrown {
    to_js(error).unwrap_or(JsValue::NULL)
}

/// A value in serde's data model as a plain JavaScript value.
pub(crate) fn to_js<T: Serialize + ?Sized>(value: &T) -> Result<JsValue, Thrown> {
    let serializer = Serializer::new().serialize_missing_as_null(true).serialize_maps_as_objects(true);
    value.serialize(&serializer).map_err(JsValue::from)
}

/// A whole number from JavaScript; whatever is none is the nearest one.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the one conversion from a float that Rust has; it saturates, and NaN is zero"
)]
pub(crate) fn whole(number: f64) -> u64 {
    number.clamp(0.0, SAFE_MAX) as u64
}

/// A number of the core as JavaScript's.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "times, sequence and batch numbers are far below 2^53"
)]
fn number(number: u64) -> JsValue {
    JsValue::from_f64(number as f64)
}

/// Exactly 32 bytes.
pub(crate) fn bytes32(bytes: &[u8], what: &'static str) -> Result<[u8; 32], Thrown> {
    bytes.try_into().map_err(|_| thrown(&CoreError::malformed(what)))
}

/// The `kind` of a command.
pub(crate) fn kind(command: &JsValue) -> Result<String, Thrown> {
    let kind = Reflect::get(command, &JsValue::from_str("kind")).ok().and_then(|kind| kind.as_string());
    kind.ok_or_else(|| thrown(&CoreError::malformed("command")))
}

/// Text in Unicode's normal form C, by the browser's own tables.
pub(crate) fn nfc(text: &JsString) -> String {
    text.normalize("NFC").into()
}

/// Brings a field of a command, if it is there, into normal form C.
pub(crate) fn normalise(command: &JsValue, field: &str) -> Result<(), Thrown> {
    let field = JsValue::from_str(field);
    if let Ok(text) = Reflect::get(command, &field)?.dyn_into::<JsString>() {
        Reflect::set(command, &field, &JsValue::from_str(&nfc(&text)))?;
    }
    Ok(())
}

/// Rows of the store: pairs of name and value.
pub(crate) fn rows_of(rows: &Array) -> Result<Vec<Row>, Thrown> {
    let row = |pair: JsValue| {
        let pair = pair.dyn_into::<Array>().ok()?;
        Some(Row { key: bytes(&pair.get(0))?, value: bytes(&pair.get(1))? })
    };
    let read: Option<Vec<Row>> = rows.iter().map(row).collect();
    read.ok_or_else(|| thrown(&CoreError::malformed("rows")))
}

fn bytes(value: &JsValue) -> Option<Vec<u8>> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
}

/// An event as an output.
pub(crate) fn event<T: Serialize>(event: &T) -> Result<JsValue, Thrown> {
    object("event", &[("event", to_js(event)?)])
}

/// What the host has to do.
pub(crate) fn output(output: &Output) -> Result<JsValue, Thrown> {
    match output {
        Output::Store(batch, changes) => {
            object("store", &[("batch", number(*batch)), ("changes", changes_of(changes))])
        }
        Output::Load(from, to) => object("load", &[("from", array(from)), ("to", array(to))]),
        Output::Dial(origin) => object("dial", &[("origin", JsValue::from_str(&origin.to_string()))]),
        Output::Send(frame) => object("send", &[("frame", array(frame))]),
        Output::HangUp => object("hangUp", &[]),
        Output::Request(id, origin, body) => {
            let origin = JsValue::from_str(&origin.to_string());
            object("request", &[("id", number(*id)), ("origin", origin), ("body", array(body))])
        }
        // Told in the web app's own shape; see [`event`].
        Output::Event(_) => Ok(JsValue::NULL),
        Output::Idle { wake_at } => {
            object("idle", &[("wakeAt", wake_at.map_or(JsValue::NULL, |at| number(at.0)))])
        }
    }
}

fn object(kind: &str, fields: &[(&str, JsValue)]) -> Result<JsValue, Thrown> {
    let object = Object::new();
    Reflect::set(&object, &JsValue::from_str("kind"), &JsValue::from_str(kind))?;
    for (name, value) in fields {
        Reflect::set(&object, &JsValue::from_str(name), value)?;
    }
    Ok(object.into())
}

fn array(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

fn changes_of(changes: &[Change]) -> JsValue {
    let pairs = changes.iter().map(|change| {
        let value = change.value.as_deref().map_or(JsValue::NULL, array);
        Array::of2(&array(&change.key), &value)
    });
    pairs.collect::<Array>().into()
}
