//! The lines of `B3SUMS`, as `b3sum` 1.8 writes and checks them.

/// Appends the line of one license: its BLAKE3 in hexadecimal, two spaces, and its name in the archive.
///
/// A backslash, a line feed and a carriage return in the name are written as `\\`, `\n` and `\r`, and a line that has any
/// of them starts with a backslash, so that every name takes one line. `b3sum --check` refuses a line whose name has U+FFFD
/// in it, since it cannot tell that from a name that is not UTF-8; that is no reason to leave a license out.
pub(super) fn write_line(hash: &[u8; 32], name: &str, line: &mut Vec<u8>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str) -> String {
        let mut line = Vec::new();
        write_line(&[0xA5; 32], name, &mut line);
        String::from_utf8(line).expect("a line is UTF-8")
    }

    #[test]
    fn a_plain_name_stands_as_it_is() {
        assert_eq!(line("licenses/a b.lic"), format!("{}  licenses/a b.lic\n", "a5".repeat(32)));
    }

    #[test]
    fn a_name_that_would_break_the_line_is_escaped_and_marked() {
        assert_eq!(line("licenses/a\\b\nc\rd"), format!("\\{}  licenses/a\\\\b\\nc\\rd\n", "a5".repeat(32)));
    }
}
