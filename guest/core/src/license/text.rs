//! The text of a document in UTF-8 or UTF-16, the encodings of licenses.

use std::borrow::Cow;

/// The white space of XML and of JSON: neither includes the other white space of Unicode.
pub(super) const WHITE_SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// A document as text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text<'d> {
    /// The text before the first ill-formed byte, without the byte order mark. Borrowed
    /// from a document in UTF-8.
    pub(super) content: Cow<'d, str>,
    /// Whether that is the text of the whole document.
    pub(super) is_complete: bool,
}

/// Decodes a document: UTF-16 if it starts with a byte order mark of UTF-16 or with an
/// ASCII character in UTF-16, and UTF-8 otherwise.
pub(super) fn decode(document: &[u8]) -> Text<'_> {
    match document {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0x01..=0x7F, 0, ..] => utf16(document, u16::from_le_bytes),
        [0, 0x01..=0x7F, ..] => utf16(document, u16::from_be_bytes),
        _ => utf8(document),
    }
}

fn utf8(document: &[u8]) -> Text<'_> {
    if let Ok(content) = simdutf8::basic::from_utf8(document) {
        return Text {
            content: content.into(),
            is_complete: true,
        };
    }
    let valid = document
        .utf8_chunks()
        .next()
        .map_or("", |chunk| chunk.valid());
    Text {
        content: valid.into(),
        is_complete: false,
    }
}

fn utf16(document: &[u8], unit: fn([u8; 2]) -> u16) -> Text<'_> {
    let (units, rest) = document.as_chunks::<2>();
    // Nearly all text of a license is ASCII, so that one byte per unit is nearly always enough.
    let mut content = String::with_capacity(units.len());
    let mut is_complete = rest.is_empty();
    for character in char::decode_utf16(units.iter().map(|&bytes| unit(bytes))) {
        let Ok(character) = character else {
            is_complete = false;
            break;
        };
        content.push(character);
    }
    Text {
        content: content.into(),
        is_complete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(content: &str) -> Text<'_> {
        Text {
            content: content.into(),
            is_complete: true,
        }
    }

    fn incomplete(content: &str) -> Text<'_> {
        Text {
            content: content.into(),
            is_complete: false,
        }
    }

    #[test]
    fn utf8_is_borrowed_with_and_without_a_byte_order_mark() {
        for document in ["<é𝄞/>".as_bytes(), "\u{FEFF}<é𝄞/>".as_bytes()] {
            let text = decode(document);
            assert_eq!(text, complete("<é𝄞/>"));
            assert!(
                matches!(text.content, Cow::Borrowed(_)),
                "the text was copied"
            );
        }
    }

    #[test]
    fn utf16_is_decoded_in_both_byte_orders() {
        for start in ["\u{FEFF}", ""] {
            let units: Vec<u16> = format!("{start}<é𝄞/>").encode_utf16().collect();
            let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            assert_eq!(
                decode(&little),
                complete("<é𝄞/>"),
                "little-endian, {start:?}"
            );
            assert_eq!(decode(&big), complete("<é𝄞/>"), "big-endian, {start:?}");
        }
    }

    #[test]
    fn only_one_byte_order_mark_is_removed() {
        assert_eq!(
            decode("\u{FEFF}\u{FEFF}<".as_bytes()),
            complete("\u{FEFF}<")
        );
    }

    #[test]
    fn ill_formed_utf8_ends_the_text() {
        assert_eq!(decode(b"<a>\xFF</a>"), incomplete("<a>"));
        assert_eq!(decode(b"<a>\xC3"), incomplete("<a>"));
        assert_eq!(decode(b"\xFF"), incomplete(""));
    }

    #[test]
    fn an_unpaired_surrogate_ends_utf16() {
        assert_eq!(decode(b"<\0a\0\x00\xD8b\0"), incomplete("<a"));
        assert_eq!(decode(b"<\0a\0\x00\xD8"), incomplete("<a"));
    }

    #[test]
    fn half_a_unit_at_the_end_makes_utf16_incomplete() {
        assert_eq!(decode(b"<\0a\0b"), incomplete("<a"));
    }

    #[test]
    fn an_empty_document_is_an_empty_text() {
        assert_eq!(decode(b""), complete(""));
    }
}
