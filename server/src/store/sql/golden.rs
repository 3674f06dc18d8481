//! Golden files of what lies in a database beside the records themselves: the state of a space, names of roles.
//!
//! The lines and the rules for them are those of `protocol/tests/support/golden.rs`.

#[expect(dead_code, reason = "shared with crates that have more forms")]
#[path = "../../../../protocol/tests/support/golden.rs"]
mod lines;

use super::{state_bytes, state_from_bytes};
use lines::Golden;
use sotto_protocol::codec::{decode, unhex};
use sotto_protocol::log::LogState;
use sotto_protocol::roster::Role;

#[test]
fn stored_states_and_roles_stay_readable() {
    let mut golden = Golden::group("stored");
    let samples = include_str!("../../../../protocol/tests/golden/log-state.hex");
    for line in samples.lines() {
        let (name, digits) = line.split_once(": ").unwrap();
        let state: LogState = decode(&unhex(digits).unwrap(), "state").unwrap();
        golden.check_bytes(&format!("state {name}"), &state_bytes(&state), |bytes| {
            state_from_bytes(bytes, state.seq(), state.head()).is_ok_and(|opened| opened == state)
        });
    }
    for role in Role::ALL {
        golden.check_bytes(&format!("role {role:?}"), role.as_str().as_bytes(), |bytes| {
            Role::parse(std::str::from_utf8(bytes).unwrap()) == Ok(role)
        });
    }
    golden.finish();
}

#[test]
fn a_state_of_a_later_form_is_damage_and_not_an_empty_space() {
    let state = LogState::new(sotto_protocol::ids::SpaceId([1; 16]));
    let mut bytes = state_bytes(&state);
    bytes[0] += 1;
    assert!(state_from_bytes(&bytes, state.seq(), state.head()).is_err());
    assert!(state_from_bytes(&[], state.seq(), state.head()).is_err());
    let cut = state_bytes(&state);
    assert!(state_from_bytes(&cut[..cut.len() - 1], state.seq(), state.head()).is_err());
}
