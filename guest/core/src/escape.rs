//! Untrusted text made safe to show.

use std::fmt::Write as _;

/// Makes text from a license, a path or a file system safe for a terminal, on one line.
///
/// Control characters (escape sequences begin with one), bidirectional controls and whatever else does not print are
/// shown as Rust escapes such as `\n` and `\u{202e}`. All else stays as it is, a backslash included: UNC paths are full of
/// them, and what was made safe once stays the same when it is made safe again.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut escaped = text.escape_debug();
    while let Some(character) = escaped.next() {
        // A backslash begins an escape. It is taken away from quotes and backslashes, which harm no terminal.
        let kept = if character == '\\' {
            escaped.next()
        } else {
            None
        };
        match kept {
            Some('\'' | '"' | '\\') => {}
            _ => safe.push(character),
        }
        safe.extend(kept);
    }
    safe
}

/// Makes the text of a JSON document safe for a terminal without changing what it means.
///
/// JSON escapes the characters below a space by itself. The others that [`escape`] escapes can occur within its
/// strings alone, where `\u` escapes stand for them.
#[must_use]
pub fn escape_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && !character.is_ascii_control() || is_printable(character) {
            safe.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                // Writing to a string cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        }
    }
    safe
}

/// Whether a character beyond ASCII prints, or joins with the one before it.
fn is_printable(character: char) -> bool {
    // After another character, so that a combining mark counts as printable.
    let pair = ['a', character].iter().collect::<String>();
    pair.escape_debug().eq(pair.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in [
            "movies/a b.xml",
            "it's \"quoted\"",
            "Ünïcödé/日本語.lcpl",
            "-leading-dash",
            "cafe\u{301}",
        ] {
            assert_eq!(escape(name), name);
        }
    }

    #[test]
    fn an_escape_sequence_is_shown_and_not_obeyed() {
        assert_eq!(escape("\x1b[31mred\x07"), "\\u{1b}[31mred\\u{7}");
    }

    #[test]
    fn c1_controls_are_escaped() {
        assert_eq!(escape("\u{9b}31m"), "\\u{9b}31m");
    }

    #[test]
    fn a_newline_cannot_forge_a_line() {
        assert_eq!(
            escape("a\nBacked up 9 licenses\r"),
            "a\\nBacked up 9 licenses\\r"
        );
    }

    #[test]
    fn bidirectional_controls_are_escaped() {
        assert_eq!(escape("gpj\u{202e}exe\u{2066}"), "gpj\\u{202e}exe\\u{2066}");
    }

    #[test]
    fn what_is_safe_stays_the_same() {
        for text in [
            "\\\\nas\\backups",
            "\\'",
            "\\n",
            "\\\n",
            "\n\\",
            "\u{202e}\\\\",
        ] {
            assert_eq!(escape(&escape(text)), escape(text), "{text:?}");
        }
        assert_eq!(escape("\\\\nas\\backups"), "\\\\nas\\backups");
    }

    #[test]
    fn json_keeps_its_meaning_and_loses_its_teeth() {
        let text = "a\u{9b}b\u{202e}c\u{e0041}d\u{7f}é日 \"q\" \\";
        let json = serde_json::to_string(text).expect("a string serializes");
        let safe = escape_json(&json);
        assert_eq!(
            safe,
            "\"a\\u009bb\\u202ec\\udb40\\udc41d\\u007fé日 \\\"q\\\" \\\\\""
        );
        assert_eq!(
            serde_json::from_str::<String>(&safe).expect("it is still JSON"),
            text
        );
    }
}
