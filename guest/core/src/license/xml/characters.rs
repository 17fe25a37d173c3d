//! The characters and names of XML 1.0.

/// Returns the part of a text before the first character that XML forbids.
pub(in crate::license) fn legal_prefix(text: &str) -> &str {
    // Hardly any document has one of these bytes. U+FFFE and U+FFFF start with 0xEF.
    let is_suspect =
        |byte: &u8| (*byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n')) || *byte == 0xEF;
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    if !words
        .iter()
        .any(|word| may_be_suspect(*word) && word.iter().any(is_suspect))
        && !rest.iter().any(is_suspect)
    {
        return text;
    }
    text.find(|character| !is_legal(character))
        .map_or(text, |end| text.split_at(end).0)
}

/// Returns `true` if any of the bytes may be less than a space or may be 0xEF. Checks all
/// of them at once.
fn may_be_suspect(word: [u8; 8]) -> bool {
    /// Each byte is 1.
    const ONES: u64 = u64::MAX / 0xFF;
    /// The highest bit of each byte.
    const HIGHEST: u64 = ONES << 7;
    // Subtracting `limit` from a byte below it borrows, which sets the highest bit of the byte.
    let any_less = |bytes: u64, limit: u64| bytes.wrapping_sub(ONES * limit) & !bytes & HIGHEST;
    let bytes = u64::from_le_bytes(word);
    any_less(bytes, 0x20) | any_less(bytes ^ (ONES * 0xEF), 1) != 0
}

/// Returns `true` for a character of production 2 of XML 1.0.
pub(super) fn is_legal(character: char) -> bool {
    matches!(character, '\t' | '\r' | '\n' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// Returns `true` for a name of production 5 of XML 1.0.
pub(super) fn is_name(name: &str) -> bool {
    // Nearly all names consist of these characters.
    if let [b'A'..=b'Z' | b'a'..=b'z', rest @ ..] = name.as_bytes()
        && rest.iter().all(u8::is_ascii_alphanumeric)
    {
        return true;
    }
    let mut characters = name.chars();
    characters.next().is_some_and(is_name_start) && characters.all(|character| {
        is_name_start(character)
            || matches!(character, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
    })
}

/// Returns `true` for a character of production 4 of XML 1.0.
fn is_name_start(character: char) -> bool {
    matches!(character,
        'A'..='Z' | 'a'..='z' | '_' | ':'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}
