//! The client core, offered to the browser's worker.
//!
//! Owns the border that `client-web/src/core/api.ts` describes: JavaScript values in, JavaScript values out. Refuses
//! to decide anything; that is `sotto-client-core`. Invariant: nothing that JavaScript passes in makes it panic.

use wasm_bindgen::prelude::wasm_bindgen;

/// Bytes of the longest password that the core takes, UTF-8.
#[wasm_bindgen(js_name = passwordBytesMax)]
pub fn password_bytes_max() -> usize {
    sotto_client_core::crypto::passphrase::PASSWORD_BYTES_MAX
}
