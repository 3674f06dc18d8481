//! The two binaries, from outside: real processes, sockets and files. A module per scenario.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something cannot be"
)]

mod a_record_goes_along;
mod a_second_answer_to_guesses_never_differs;
mod a_second_step_after_the_password;
mod an_older_copy_of_the_server_is_healed;
mod backups_come_back;
mod bad_input_disturbs_nobody;
mod damaged_files_are_reported;
mod help_and_json_are_as_documented;
mod idle_devices_wait_for_their_person;
mod killing_anything_loses_nothing;
mod links_open_once;
mod messages_wait_until_they_can_go;
mod nothing_readable_leaves_the_devices;
mod several_devices_at_once;
mod stopping_in_order_loses_nothing;
mod the_life_of_a_practice;
mod the_ways_into_an_account;
mod tls_or_nothing;
