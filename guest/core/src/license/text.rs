//! The text of a document, whichever of the two Unicode encodings that licenses come in it has.

use std::borrow::Cow;

/// A document as text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text<'d> {
    /// The text up to where it is ill-formed, without the byte order mark. Borrowed from a document in UTF-8.
    pub(super) content: Cow<'d, str>,
    /// Whether that is all of it.
    pub(super) whole: bool,
}

/// Decodes a document: UTF-8, or UTF-16 if there is a byte order mark of it or if the first two bytes are an ASCII
/// character of it.
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
            whole: true,
        };
    }
    let good = document
        .utf8_chunks()
        .next()
        .map_or("", |chunk| chunk.valid());
    Text {
        content: good.into(),
        whole: false,
    }
}

fn utf16(document: &[u8], unit: fn([u8; 2]) -> u16) -> Text<'_> {
    let (units, rest) = document.as_chunks::<2>();
    // Licenses are ASCII but for a name now and then, so that a byte a unit is nearly always enough.
    let mut content = String::with_capacity(units.len());
    let mut whole = rest.is_empty();
    for character in char::decode_utf16(units.iter().map(|&bytes| unit(bytes))) {
        let Ok(character) = character else {
            whole = false;
            break;
        };
        content.push(character);
    }
    Text {
        content: content.into(),
        whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(content: &str) -> Text<'_> {
        Text {
            content: content.into(),
            whole: true,
        }
    }

    fn broken(content: &str) -> Text<'_> {
        Text {
            content: content.into(),
            whole: false,
        }
    }

    #[test]
    fn utf8_is_borrowed_with_and_without_a_mark() {
        for document in ["<é𝄞/>".as_bytes(), "\u{FEFF}<é𝄞/>".as_bytes()] {
            let text = decode(document);
            assert_eq!(text, whole("<é𝄞/>"));
            assert!(matches!(text.content, Cow::Borrowed(_)), "a copy was made");
        }
    }

    #[test]
    fn utf16_is_decoded_in_both_byte_orders_with_and_without_a_mark() {
        for start in ["\u{FEFF}", ""] {
            let units: Vec<u16> = format!("{start}<é𝄞/>").encode_utf16().collect();
            let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            assert_eq!(decode(&little), whole("<é𝄞/>"), "little-endian, {start:?}");
            assert_eq!(decode(&big), whole("<é𝄞/>"), "big-endian, {start:?}");
        }
    }

    #[test]
    fn only_one_mark_is_taken_away() {
        assert_eq!(decode("\u{FEFF}\u{FEFF}<".as_bytes()), whole("\u{FEFF}<"));
    }

    #[test]
    fn ill_formed_utf8_gives_what_comes_before_it() {
        assert_eq!(decode(b"<a>\xFF</a>"), broken("<a>"));
        assert_eq!(decode(b"<a>\xC3"), broken("<a>"));
        assert_eq!(decode(b"\xFF"), broken(""));
    }

    #[test]
    fn an_unpaired_surrogate_ends_utf16() {
        assert_eq!(decode(b"<\0a\0\x00\xD8b\0"), broken("<a"));
        assert_eq!(decode(b"<\0a\0\x00\xD8"), broken("<a"));
    }

    #[test]
    fn half_a_unit_at_the_end_makes_utf16_not_whole() {
        assert_eq!(decode(b"<\0a\0b"), broken("<a"));
    }

    #[test]
    fn an_empty_document_is_an_empty_text() {
        assert_eq!(decode(b""), whole(""));
    }
}
