//! What others wrote, made harmless where it stands.
//!
//! Owns the two ways in which text gets into the file: as HTML text or attribute, and as a JSON string that may stand
//! inside a `script` element. Refuses to know what the text is. Invariants: no text ends the element, attribute or string
//! in which it stands; the JSON string is exactly the text.

use core::fmt::Write as _;

/// Appends text as HTML. Characters that HTML does not allow are shown by their pictures (U+2400 and on), line ends are
/// those of HTML.
pub(super) fn html(out: &mut String, text: &str) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            '\u{7f}' => out.push('\u{2421}'),
            c if u32::from(c) < 0x20 => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')),
            // Neither a control nor a character at all, for HTML.
            '\u{80}'..='\u{9f}' | '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

/// Appends a JSON string with its quotes. `<` is written as an escape, so that no element begins or ends in it.
pub(super) fn json(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' | '\u{7f}' | '\u{2028}' | '\u{2029}' => escaped(out, c),
            c if u32::from(c) < 0x20 => escaped(out, c),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn escaped(out: &mut String, c: char) {
    // Writing into a string does not fail.
    let _ = write!(out, "\\u{:04x}", u32::from(c));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn as_html(text: &str) -> String {
        let mut out = String::new();
        html(&mut out, text);
        out
    }

    fn as_json(text: &str) -> String {
        let mut out = String::new();
        json(&mut out, text);
        out
    }

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(
            as_html("<script>alert('\"')</script>&amp;"),
            "&lt;script&gt;alert(&#39;&quot;&#39;)&lt;/script&gt;&amp;amp;"
        );
        assert_eq!(as_html("a\r\nb\rc\0\u{1b}[2J\u{7f}\u{85}"), "a\nb\nc␀␛[2J␡\u{fffd}");
        assert_eq!(
            as_json("</script><!--\0\r\n\"\\\u{2028}"),
            r#""\u003c/script\u003e\u003c!--\u0000\r\n\"\\\u2028""#
        );
    }

    proptest! {
        #[test]
        fn json_gives_the_text_back(text in "\\PC*|(.|[\\r\\n\\x00-\\x1f<>&\"\\\\])*") {
            let written = as_json(&text);
            prop_assert!(!written.contains('<'));
            prop_assert_eq!(serde_json::from_str::<String>(&written).ok(), Some(text));
        }

        #[test]
        fn html_opens_and_closes_nothing(text in "(.|[\\r\\n\\x00-\\x1f<>&\"'])*") {
            let written = as_html(&text);
            let special = |c: char| "<>\"'\r\0".contains(c);
            prop_assert!(!written.contains(special));
        }
    }
}
