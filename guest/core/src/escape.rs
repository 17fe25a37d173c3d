//! The escaping of untrusted text for a terminal.

use std::fmt::Write as _;

/// Escapes text from a license, a path or a file system, so that a terminal shows it on
/// one line.
///
/// Replaces control characters (escape sequences begin with one), bidirectional controls
/// and other characters that do not print by Rust escapes such as `\n` and `\u{202e}`.
/// Does not escape a backslash, because UNC paths contain many. So escaping a text again
/// does not change it.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut escaped = text.escape_debug();
    while let Some(character) = escaped.next() {
        // A backslash begins an escape. Quotes and backslashes are safe for a terminal,
        // and stay unescaped.
        let kept = if character == '\\' {
            escaped.next()
        } else {
            None
        };
        match kept {
            Some('\'' | '"' | '\\') => {}
            _ => result.push(character),
        }
        result.extend(kept);
    }
    result
}

/// Escapes the text of a JSON document for a terminal without changing its value.
///
/// The document has no control characters below a space, which JSON requires to be
/// escaped. The other characters that [`escape`] escapes can only occur in its strings,
/// where this function replaces them by `\u` escapes.
#[must_use]
pub fn escape_json(json: &str) -> String {
    let mut result = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && !character.is_ascii_control() || is_printable(character) {
            result.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                // Writing to a string cannot fail.
                let _ = write!(result, "\\u{unit:04x}");
            }
        }
    }
    result
}

/// Returns `true` if a character outside ASCII prints, or combines with the character
/// before it.
fn is_printable(character: char) -> bool {
    // After another character, a combining mark is printable.
    let pair = ['a', character].iter().collect::<String>();
    pair.escape_debug().eq(pair.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_not_escaped() {
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
    fn an_escape_sequence_is_escaped() {
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
    fn escaping_again_changes_nothing() {
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
    fn escaped_json_has_the_same_value() {
        let text = "a\u{9b}b\u{202e}c\u{e0041}d\u{7f}é日 \"q\" \\";
        let json = serde_json::to_string(text).expect("a string serializes");
        let safe = escape_json(&json);
        assert_eq!(
            safe,
            "\"a\\u009bb\\u202ec\\udb40\\udc41d\\u007fé日 \\\"q\\\" \\\\\""
        );
        assert_eq!(
            serde_json::from_str::<String>(&safe).expect("the result is JSON"),
            text
        );
    }
}
