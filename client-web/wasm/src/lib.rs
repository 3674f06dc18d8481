//! The client core, offered to the browser's worker.
//!
//! Owns the border that `client-web/src/core/api.ts` describes: JavaScript values in, JavaScript values out. Refuses
//! to decide anything; that is `sotto-client-core`, whose `wire` module owns the shapes. Invariant: nothing that
//! JavaScript passes in makes it panic; what is thrown is a `CoreError`.

mod values;

use crate::values::{Thrown, bytes32, rows_of, thrown, to_js};
use js_sys::{Array, JsString};
use sotto_client_core::crypto::keys::StorageKey;
use sotto_client_core::crypto::lock;
use sotto_client_core::crypto::passphrase::Password;
use sotto_client_core::crypto::rng::Entropy;
use sotto_client_core::io::{Input, Output};
use sotto_client_core::wire::{self, CoreError};
use sotto_client_core::{Client, Config};
use sotto_protocol::ids::{Millis, SpaceId};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

/// One client.
#[wasm_bindgen]
pub struct Core(Client);

/// A client on its rows and its storage key; `seed` is 32 random bytes, fresh for every run.
#[wasm_bindgen]
pub fn open(rows: &Array, storage_key: &[u8], seed: &[u8], now: f64) -> Result<Core, Thrown> {
    let storage = StorageKey::from_slice(storage_key).ok_or_else(|| thrown(&bad("storage key")))?;
    let entropy = Entropy::from_seed(bytes32(seed, "seed")?);
    let client = Client::open(rows_of(rows)?, storage, entropy, Config::default(), millis(now));
    client.map(Core).map_err(|error| thrown(&error.into()))
}

/// Seals a storage key under a password; `seed` is 32 random bytes.
#[wasm_bindgen(js_name = sealStorageKey)]
pub fn seal_storage_key(storage_key: &[u8], password: String, seed: &[u8]) -> Result<Vec<u8>, Thrown> {
    let storage = StorageKey::from_slice(storage_key).ok_or_else(|| thrown(&bad("storage key")))?;
    let mut entropy = Entropy::from_seed(bytes32(seed, "seed")?);
    lock::seal_storage_key(&storage, &secret(password), &mut entropy).map_err(|error| thrown(&error.into()))
}

/// Opens what [`seal_storage_key`] made.
#[wasm_bindgen(js_name = openStorageKey)]
pub fn open_storage_key(sealed: &[u8], password: String) -> Result<Vec<u8>, Thrown> {
    let opened = lock::open_storage_key(sealed, &secret(password));
    opened.map(|key| key.expose().to_vec()).map_err(|error| thrown(&error.into()))
}

/// A passphrase of 80 bits; `seed` is 32 random bytes.
#[wasm_bindgen(js_name = generatePassphrase)]
pub fn generate_passphrase(seed: &[u8]) -> Result<String, Thrown> {
    let mut entropy = Entropy::from_seed(bytes32(seed, "seed")?);
    Ok(Password::generate(&mut entropy).expose().to_owned())
}

/// What a password is worth.
#[wasm_bindgen]
pub fn strength(password: String) -> Result<JsValue, Thrown> {
    to_js(&wire::strength(&secret(password)))
}

#[wasm_bindgen]
impl Core {
    /// A person wants something.
    pub fn command(&mut self, command: JsValue, now: f64) -> Result<(), Thrown> {
        let kind = values::kind(&command)?;
        values::normalise(&command, "password")?;
        let arguments = serde_wasm_bindgen::Deserializer::from(command);
        let command = wire::command(&kind, arguments).map_err(|error| thrown(&error))?;
        self.handle(Input::Command(command), now)
    }

    /// The connection stands.
    pub fn connected(&mut self, now: f64) -> Result<(), Thrown> {
        self.handle(Input::Connected, now)
    }

    /// The connection is gone.
    pub fn disconnected(&mut self, now: f64) -> Result<(), Thrown> {
        self.handle(Input::Disconnected, now)
    }

    /// A WebSocket message.
    pub fn frame(&mut self, bytes: Vec<u8>, now: f64) -> Result<(), Thrown> {
        self.handle(Input::Frame(bytes), now)
    }

    /// The answer to a request; `undefined` when there was none.
    pub fn response(&mut self, id: f64, body: Option<Vec<u8>>, now: f64) -> Result<(), Thrown> {
        self.handle(Input::Response(values::whole(id), body), now)
    }

    /// A batch is on disk.
    pub fn stored(&mut self, batch: f64, now: f64) -> Result<(), Thrown> {
        self.handle(Input::Stored(values::whole(batch)), now)
    }

    /// The rows asked for with `load`.
    pub fn loaded(&mut self, rows: &Array, now: f64) -> Result<(), Thrown> {
        let rows = rows_of(rows)?;
        self.handle(Input::Loaded(rows), now)
    }

    /// It is `wakeAt`, or the host has a reason to look.
    pub fn wake(&mut self, now: f64) -> Result<(), Thrown> {
        self.handle(Input::Wake, now)
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Result<JsValue, Thrown> {
        loop {
            let output = self.0.poll();
            match &output {
                // What the web app has no use for is not told.
                Output::Event(event) => match wire::event(event) {
                    Some(event) => return values::event(&event),
                    None => continue,
                },
                output => return values::output(output),
            }
        }
    }

    /// The account on this device.
    pub fn account(&self) -> Result<JsValue, Thrown> {
        to_js(&self.0.account())
    }

    /// The account's spaces.
    pub fn spaces(&self) -> Result<JsValue, Thrown> {
        to_js(&self.0.spaces())
    }

    /// One space.
    pub fn space(&self, id: &str) -> Result<JsValue, Thrown> {
        to_js(&self.0.space(space(id)?))
    }

    /// Messages `start .. start + count`.
    pub fn page(&self, id: &str, start: f64, count: f64) -> Result<JsValue, Thrown> {
        to_js(&self.0.messages_page(space(id)?, values::whole(start), values::whole(count)))
    }

    /// The account's devices.
    pub fn devices(&self) -> Result<JsValue, Thrown> {
        to_js(&self.0.devices())
    }

    /// Invitations this account made.
    pub fn invitations(&self) -> Result<JsValue, Thrown> {
        to_js(&self.0.invitations())
    }

    /// The account's own space.
    #[wasm_bindgen(js_name = ownSpace)]
    pub fn own_space(&self) -> Result<JsValue, Thrown> {
        to_js(&self.0.own_space())
    }

    /// The server's clock minus this one's.
    #[wasm_bindgen(js_name = clockOffMs)]
    pub fn clock_off_ms(&self) -> Result<JsValue, Thrown> {
        to_js(&self.0.clock_off_ms())
    }
}

impl Core {
    fn handle(&mut self, input: Input, now: f64) -> Result<(), Thrown> {
        self.0.handle(input, millis(now)).map_err(|rejected| thrown(&rejected.into()))
    }
}

fn bad(what: &'static str) -> CoreError {
    CoreError::malformed(what)
}

fn millis(now: f64) -> Millis {
    Millis(values::whole(now))
}

fn space(id: &str) -> Result<SpaceId, Thrown> {
    id.parse().map_err(|_| thrown(&bad("space")))
}

/// Takes the password out of a string that is wiped.
fn secret(text: String) -> Password {
    let text = Zeroizing::new(text);
    Password::new(&Zeroizing::new(values::nfc(&JsString::from(text.as_str()))))
}
