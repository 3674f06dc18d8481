//! Standard output and standard error.
//!
//! Owns writing to both, and making foreign text harmless to a terminal. Refuses to know what is said. Invariants:
//! results go to standard output and everything else to standard error; what others wrote cannot steer the terminal.

use crate::error::CliError;
use serde::Serialize;
use std::io::{self, Write as _};

/// Where and in which form to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    pub(crate) json: bool,
}

impl Out {
    /// A result in the form that was asked for.
    pub(crate) fn result(self, value: &impl Serialize, text: impl FnOnce() -> String) -> io::Result<()> {
        if self.json { json_line(value) } else { line(&text()) }
    }

    /// Something to know, on standard error; not for scripts.
    pub(crate) fn note(self, text: &str) {
        if !self.json {
            to_stderr(text);
        }
    }

    /// Something that is not as it must be, on standard error.
    pub(crate) fn alarm(self, alarm: &crate::json::AlarmJson) {
        if self.json {
            to_stderr(&to_json(&serde_json::json!({ "alarm": alarm })));
        } else {
            to_stderr(&format!("Attention: {}", alarm.message));
        }
    }

    /// Why it failed, on standard error.
    pub(crate) fn error(self, error: &CliError) {
        let (code, number) = error.code();
        self.failure(code, number, &error.to_string());
    }

    /// The same from its parts.
    pub(crate) fn failure(self, code: &str, number: u16, message: &str) {
        if self.json {
            let error = serde_json::json!({ "code": code, "number": number, "message": message });
            to_stderr(&to_json(&serde_json::json!({ "error": error })));
        } else {
            to_stderr(message);
        }
    }
}

/// A result for people: a line on standard output.
pub(crate) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// A result for scripts: a JSON value on a line of its own on standard output.
pub(crate) fn json_line(value: &impl Serialize) -> io::Result<()> {
    line(&to_json(value))
}

fn to_stderr(text: &str) {
    // There is nowhere left to say that standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

fn to_json(value: &impl Serialize) -> String {
    // The shapes of `json` have text keys only, so this does not fail.
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// Text of others, over several lines. Control characters could move the cursor, rename the window or hide what was
/// written; marks that turn the direction of writing could reorder it.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if is_harmful(c) && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// A name of others, on one line.
pub(crate) fn harmless_line(text: &str) -> String {
    text.chars().map(|c| if is_harmful(c) { '\u{fffd}' } else { c }).collect()
}

fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Fails when a text for people has a word that the product never uses.
#[cfg(test)]
pub(crate) fn assert_plain_words(text: &str) {
    // File names are not words.
    let text = text.replace("storage.key", "").to_lowercase();
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        for never in
            ["key", "keys", "verify", "verified", "seen", "streak", "score", "healed", "breakthrough"]
        {
            assert_ne!(word, never, "in: {text}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        assert_eq!(
            harmless("a\u{1b}[2Jb\r\nc\td\u{9b}e\u{202e}f"),
            "a\u{fffd}[2Jb\u{fffd}\nc\td\u{fffd}e\u{fffd}f"
        );
        assert_eq!(harmless_line("two\nlines"), "two\u{fffd}lines");
        assert_eq!(harmless("Grüße, 你好 🙂"), "Grüße, 你好 🙂");
    }
}
