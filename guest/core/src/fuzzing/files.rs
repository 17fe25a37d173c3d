//! Inputs that represent files: the name and the content of each, one after the other.

/// The byte after each name and each content. UTF-8 does not contain it, and few licenses do.
const END: u8 = 0xFF;

/// Returns the files that an input represents. Every input represents some files.
///
/// Content that begins like a license represents itself, and any other content represents
/// a license with this ID: otherwise hardly any change of an input would yield a license
/// that may be backed up.
pub(super) fn files(input: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut parts = input
        .split_inclusive(|byte| *byte == END)
        .map(|part| part.strip_suffix(&[END]).unwrap_or(part));
    let mut files = Vec::new();
    while let Some(name) = parts.next() {
        let content = match parts.next().unwrap_or_default() {
            document @ [b'<' | b'{' | b'X', ..] => document.to_vec(),
            id => license(&String::from_utf8_lossy(id)),
        };
        files.push((String::from_utf8_lossy(name).into_owned(), content));
    }
    files
}

fn license(id: &str) -> Vec<u8> {
    serde_json::json!({ "id": id, "provider": "", "encryption": {}, "issued": "", "links": [], "signature": {} })
        .to_string()
        .into_bytes()
}

/// Returns the input that represents files. Skips files whose content contains [`END`].
#[must_use]
pub fn input_of(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut input = Vec::new();
    for (name, content) in files.iter().filter(|(_, content)| !content.contains(&END)) {
        input.extend_from_slice(name.as_bytes());
        input.push(END);
        input.extend_from_slice(content);
        input.push(END);
    }
    input
}
