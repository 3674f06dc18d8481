//! The functions behind the fuzz targets are those of the test crate, so that what is found replays as a test.

#[path = "../../tests/src/fuzzing.rs"]
pub mod fuzzing;
#[path = "../../tests/src/recording.rs"]
pub mod recording;
