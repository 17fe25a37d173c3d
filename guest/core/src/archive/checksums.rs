//! The lines of `B3SUMS`, in the format that `b3sum` 1.8 writes and checks.

use super::index::Hash;

/// Appends the line of a license: its BLAKE3 in hexadecimal, two spaces, and its name in
/// the archive.
///
/// A backslash, a line feed and a carriage return in the name are written as `\\`, `\n`
/// and `\r`, and a line with any of them starts with a backslash, so that every name
/// takes one line. `b3sum --check` refuses a line whose name contains U+FFFD, which it
/// cannot distinguish from a name that is not UTF-8. Such a license is backed up
/// nevertheless.
pub(crate) fn write_line(hash: &Hash, name: &str, line: &mut Vec<u8>) {
    let escaped = name.contains(['\\', '\n', '\r']);
    if escaped {
        line.push(b'\\');
    }
    line.extend_from_slice(blake3::Hash::from_bytes(*hash).to_hex().as_bytes());
    line.extend_from_slice(b"  ");
    if escaped {
        for byte in name.bytes() {
            match byte {
                b'\\' => line.extend_from_slice(b"\\\\"),
                b'\n' => line.extend_from_slice(b"\\n"),
                b'\r' => line.extend_from_slice(b"\\r"),
                other => line.push(other),
            }
        }
    } else {
        line.extend_from_slice(name.as_bytes());
    }
    line.push(b'\n');
}

/// Parses a line, and returns the BLAKE3 and the name. Returns `None` if it differs from
/// the line that [`write_line`] would write.
pub(crate) fn parse_line(line: &[u8]) -> Option<(Hash, String)> {
    let text = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (hash, name) = text.strip_prefix('\\').unwrap_or(text).split_once(' ')?;
    let name = name.strip_prefix(' ')?;
    let hash = *blake3::Hash::from_hex(hash).ok()?.as_bytes();
    let name = if text.starts_with('\\') {
        unescape(name)?
    } else {
        name.to_owned()
    };
    let mut expected = Vec::with_capacity(line.len());
    write_line(&hash, &name, &mut expected);
    (expected == line).then_some((hash, name))
}

fn unescape(escaped: &str) -> Option<String> {
    let mut name = String::with_capacity(escaped.len());
    let mut characters = escaped.chars();
    while let Some(character) = characters.next() {
        name.push(match character {
            '\\' => match characters.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            other => other,
        });
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str) -> String {
        let mut line = Vec::new();
        write_line(&[0xA5; 32], name, &mut line);
        String::from_utf8(line).expect("a line is UTF-8")
    }

    #[test]
    fn a_plain_name_is_not_escaped() {
        assert_eq!(
            line("licenses/a b.lic"),
            format!("{}  licenses/a b.lic\n", "a5".repeat(32))
        );
    }

    #[test]
    fn a_name_with_line_breaks_or_backslashes_is_escaped() {
        assert_eq!(
            line("licenses/a\\b\nc\rd"),
            format!("\\{}  licenses/a\\\\b\\nc\\rd\n", "a5".repeat(32))
        );
    }

    #[test]
    fn a_checksum_line_reads_back() {
        for name in [
            "licenses/a b.lic",
            "licenses/a\\b\nc\rd",
            "licenses/\\",
            "licenses/  two spaces",
            "licenses/é",
        ] {
            assert_eq!(
                parse_line(line(name).as_bytes()),
                Some(([0xA5; 32], name.to_owned())),
                "{name:?}"
            );
        }
    }

    #[test]
    fn a_checksum_line_in_another_form_is_rejected() {
        let hash = "a5".repeat(32);
        for line in [
            format!("{hash}  licenses/a"),
            format!("{hash} licenses/a\n"),
            format!("{}  licenses/a\n", hash.to_uppercase()),
            format!("{}  licenses/a\n", &hash[1..]),
            format!("\\{hash}  licenses/a\n"),
            format!("{hash}  licenses/a\\b\n"),
            format!("\\{hash}  licenses/a\\x\n"),
            format!("\\{hash}  licenses/a\\\n"),
            format!("{hash} *licenses/a\n"),
            "\n".to_owned(),
        ] {
            assert_eq!(parse_line(line.as_bytes()), None, "{line:?}");
        }
    }
}
