//! Backups with a valid archive and invalid contents: `B3SUMS`, `backup.json` or the licenses.

use std::fmt::Write as _;

use super::archive::{Archive, Entry};
use super::{Case, LICENSES, SKIPPED};

/// The contents of a backup.
#[derive(Debug, Clone)]
pub(super) struct Backup {
    /// The path and the content of each license.
    licenses: Vec<(Vec<u8>, Vec<u8>)>,
    /// The content of `B3SUMS`. `None` represents the true checksums.
    checksums: Option<Vec<u8>>,
    /// The content of `backup.json`. `None` represents the true manifest.
    manifest: Option<Vec<u8>>,
}

impl Backup {
    pub(super) fn valid() -> Self {
        let licenses = LICENSES
            .iter()
            .map(|(path, content)| (path.as_bytes().to_vec(), content.as_bytes().to_vec()));
        Self {
            licenses: licenses.collect(),
            checksums: None,
            manifest: None,
        }
    }

    /// Adds a license that may be backed up.
    pub(super) fn add_license(&mut self, path: &[u8]) {
        self.licenses
            .push((path.to_vec(), LICENSES[0].1.as_bytes().to_vec()));
    }

    pub(super) fn sort(&mut self) {
        self.licenses.sort();
    }

    /// Returns an archive of these contents, whose headers are valid.
    pub(super) fn archive(&self) -> Archive {
        let licenses = self.licenses.iter().map(|(path, content)| {
            let name = [b"licenses/", path.as_slice()].concat();
            Entry::new(name, content.as_slice())
        });
        let checksums = self
            .checksums
            .clone()
            .unwrap_or_else(|| self.true_checksums());
        let manifest = self
            .manifest
            .clone()
            .unwrap_or_else(|| self.true_manifest().into_bytes());
        Archive::new(
            licenses
                .chain([
                    Entry::new("B3SUMS", checksums),
                    Entry::new("backup.json", manifest),
                ])
                .collect(),
        )
    }

    fn true_checksums(&self) -> Vec<u8> {
        let mut checksums = Vec::new();
        for (path, content) in &self.licenses {
            let escaped = path
                .iter()
                .any(|byte| matches!(byte, b'\\' | b'\n' | b'\r'));
            let path = path.iter().flat_map(|byte| match byte {
                b'\\' => b"\\\\".to_vec(),
                b'\n' => b"\\n".to_vec(),
                b'\r' => b"\\r".to_vec(),
                other => vec![*other],
            });
            checksums.extend_from_slice(if escaped { b"\\" } else { b"" });
            checksums.extend_from_slice(blake3::hash(content).to_hex().as_bytes());
            checksums.extend_from_slice(b"  licenses/");
            checksums.extend(path);
            checksums.push(b'\n');
        }
        checksums
    }

    fn true_manifest(&self) -> String {
        let (count, bytes) = (
            self.licenses.len(),
            self.licenses
                .iter()
                .map(|(_, content)| content.len())
                .sum::<usize>(),
        );
        let mut manifest = String::new();
        let program = concat!("license-backup ", env!("CARGO_PKG_VERSION"));
        let counts = format!(r#""licenses":{count},"bytes":{bytes},"restricted":1,"errors":0"#);
        let _ = writeln!(
            manifest,
            r#"{{"format":1,"program":"{program}",{counts},"skipped":["#
        );
        let _ = writeln!(
            manifest,
            r#"{{"path":"{}","reason":"unrecognized"}}"#,
            SKIPPED.0
        );
        manifest.push_str("]}\n");
        manifest
    }
}

/// Returns backups whose `B3SUMS` does not match the licenses.
#[expect(clippy::too_many_lines, reason = "it is a table of cases")]
pub(super) fn checksums() -> Vec<Case> {
    let valid = String::from_utf8(Backup::valid().true_checksums())
        .expect("the names in the valid backup are UTF-8");
    let lines: Vec<&str> = valid.split_inclusive('\n').collect();
    let [a, c, e] = lines[..] else {
        panic!("B3SUMS should have one line per license")
    };
    let (hash, _) = a.split_once(' ').expect("a line starts with the hash");
    let other = "0".repeat(64);
    let cases: Vec<(&str, String, &str)> = vec![
        ("no lines", String::new(), "a.lcpl"),
        ("the first line missing", [c, e].concat(), "a.lcpl"),
        ("a line missing", [a, e].concat(), "b/c d.lcpl"),
        ("the last line missing", [a, c].concat(), "b/e.lcpl"),
        ("a line repeated", [a, c, c, e].concat(), "line 3 of B3SUMS"),
        (
            "the last line repeated",
            [a, c, e, e].concat(),
            "line 4 of B3SUMS",
        ),
        ("lines swapped", [a, e, c].concat(), "line 3 of B3SUMS"),
        (
            "a line for a license that does not exist",
            format!("{a}{c}{e}{hash}  licenses/z\n"),
            "line 4 of B3SUMS",
        ),
        (
            "a line for a license that does not exist, at the start",
            format!("{hash}  licenses/0\n{valid}"),
            "line 1 of B3SUMS",
        ),
        (
            "a line for B3SUMS",
            format!("{hash}  B3SUMS\n{valid}"),
            "line 1 of B3SUMS",
        ),
        ("another hash", valid.replace(hash, &other), "a.lcpl"),
        (
            "hashes swapped",
            [&a.replace(hash, &c[..64]), &c.replace(&c[..64], hash), e].concat(),
            "b/c d.lcpl",
        ),
        (
            "a hash in upper case",
            valid.replace(hash, &hash.to_uppercase()),
            "line 1 of B3SUMS",
        ),
        (
            "a hash that is too short",
            valid.replace(hash, &hash[1..]),
            "line 1 of B3SUMS",
        ),
        (
            "a hash that is too long",
            valid.replace(hash, &format!("{hash}0")),
            "line 1 of B3SUMS",
        ),
        (
            "a hash with characters that are not hexadecimal",
            valid.replace(hash, &"g".repeat(64)),
            "line 1 of B3SUMS",
        ),
        (
            "one space",
            valid.replacen("  ", " ", 1),
            "line 1 of B3SUMS",
        ),
        ("a star", valid.replacen("  ", " *", 1), "line 1 of B3SUMS"),
        (
            "three spaces",
            valid.replacen("  ", "   ", 1),
            "line 1 of B3SUMS",
        ),
        (
            "another name",
            valid.replace("b/e", "b/f"),
            "line 3 of B3SUMS",
        ),
        (
            "a name without its directory",
            valid.replacen("licenses/", "", 1),
            "line 1 of B3SUMS",
        ),
        (
            "an unneeded escape",
            format!("\\{valid}"),
            "line 1 of B3SUMS",
        ),
        (
            "an escape in an unmarked line",
            valid.replace("a.lcpl", "a\\\\lcpl"),
            "line 1 of B3SUMS",
        ),
        (
            "an invalid escape",
            format!("\\{}", valid.replace("a.lcpl", "a\\xlcpl")),
            "line 1 of B3SUMS",
        ),
        (
            "no line feed at the end",
            valid.trim_end().to_owned(),
            "B3SUMS",
        ),
        ("an empty line", format!("{a}\n{c}{e}"), "line 2 of B3SUMS"),
        (
            "an empty line at the end",
            format!("{valid}\n"),
            "line 4 of B3SUMS",
        ),
        (
            "carriage returns",
            valid.replace('\n', "\r\n"),
            "line 1 of B3SUMS",
        ),
        (
            "a byte order mark",
            format!("\u{FEFF}{valid}"),
            "line 1 of B3SUMS",
        ),
        (
            "a comment",
            format!("# BLAKE3\n{valid}"),
            "line 1 of B3SUMS",
        ),
        (
            "the tagged form",
            format!("BLAKE3 (licenses/a.lcpl) = {hash}\n{c}{e}"),
            "line 1 of B3SUMS",
        ),
        (
            "a line of two MiB",
            format!("{hash}  licenses/{}\n{valid}", "z".repeat(2 << 20)),
            "B3SUMS",
        ),
        ("two MiB without a line feed", "0".repeat(2 << 20), "B3SUMS"),
    ];
    let case = |(fault, checksums, place): (&str, String, &str)| {
        let backup = Backup {
            checksums: Some(checksums.into_bytes()),
            ..Backup::valid()
        };
        Case::new(fault, &backup.archive(), place)
    };
    cases.into_iter().map(case).collect()
}

/// Returns backups with a false manifest, and backups of files that must not be backed up.
pub(super) fn manifests_and_licenses() -> Vec<Case> {
    let mut cases = manifests();
    cases.extend(licenses());
    cases
}

#[expect(clippy::too_many_lines, reason = "it is a table of cases")]
fn manifests() -> Vec<Case> {
    let valid = Backup::valid().true_manifest();
    let entry = r#"{"path":"notes.txt","reason":"unrecognized"}"#;
    let replaced = |from: &str, to: &str| {
        assert!(valid.contains(from), "{from} should be in {valid}");
        valid.replacen(from, to, 1)
    };
    let with_entry = |json: &str| replaced(entry, json);
    let bytes = LICENSES
        .iter()
        .map(|(_, content)| content.len())
        .sum::<usize>();
    let mut manifests: Vec<(&str, String)> = vec![
        (
            "one license too many",
            replaced("\"licenses\":3", "\"licenses\":4"),
        ),
        (
            "one license too few",
            replaced("\"licenses\":3", "\"licenses\":2"),
        ),
        (
            "2^64 licenses",
            replaced("\"licenses\":3", "\"licenses\":18446744073709551616"),
        ),
        (
            "a negative number of licenses",
            replaced("\"licenses\":3", "\"licenses\":-3"),
        ),
        (
            "a fraction of a license",
            replaced("\"licenses\":3", "\"licenses\":3.0"),
        ),
        (
            "one byte too many",
            replaced(
                &format!("\"bytes\":{bytes}"),
                &format!("\"bytes\":{}", bytes + 1),
            ),
        ),
        (
            "no skipped file in its counts",
            replaced("\"restricted\":1", "\"restricted\":0"),
        ),
        (
            "a count of errors that it does not list",
            replaced("\"errors\":0", "\"errors\":1"),
        ),
        (
            "a skipped file that it does not count",
            with_entry(&format!("{entry},\n{entry}")),
        ),
        (
            "a skipped file that it does not list",
            replaced(&format!("{entry}\n"), ""),
        ),
        (
            "a restricted file that has an error code",
            with_entry(&entry.replace("unrecognized", "malformed")),
        ),
        (
            "an unknown reason",
            with_entry(&entry.replace("unrecognized", "because")),
        ),
        (
            "a reason that does not apply to files",
            replaced(
                "\"restricted\":1,\"errors\":0",
                "\"restricted\":0,\"errors\":1",
            )
            .replace("unrecognized", "busy"),
        ),
        (
            "a license of the backup as a skipped file",
            with_entry(&entry.replace("notes.txt", "a.lcpl")),
        ),
        (
            "a nested license of the backup as a skipped file",
            with_entry(&entry.replace("notes.txt", "b/c d.lcpl")),
        ),
        ("another format", replaced("\"format\":1", "\"format\":2")),
        ("format 0", replaced("\"format\":1", "\"format\":0")),
        ("no format", replaced("\"format\":1,", "")),
        (
            "another program",
            replaced("license-backup ", "some-backup "),
        ),
        (
            "a program without a version",
            replaced(
                concat!("license-backup ", env!("CARGO_PKG_VERSION")),
                "license-backup ",
            ),
        ),
        (
            "a control character in the program",
            replaced("license-backup ", "license-backup \\u001b[2J"),
        ),
        (
            "an extra key",
            replaced("{\"format\"", "{\"more\":1,\"format\""),
        ),
        (
            "a key twice",
            replaced("\"errors\":0", "\"errors\":0,\"errors\":0"),
        ),
        (
            "keys in another order",
            replaced(
                "\"restricted\":1,\"errors\":0",
                "\"errors\":0,\"restricted\":1",
            ),
        ),
        (
            "an extra key of a file",
            with_entry(&entry.replace('}', ",\"more\":1}")),
        ),
        ("a space", replaced("\"errors\":0", "\"errors\": 0")),
        ("a space in a file", with_entry(&entry.replace(',', ", "))),
        (
            "an unneeded escape",
            with_entry(&entry.replace("notes", "n\\u006ftes")),
        ),
        (
            "an unknown format of a file",
            with_entry(&entry.replace(",\"reason", ",\"format\":\"zip\",\"reason")),
        ),
        ("an empty path", with_entry(&entry.replace("notes.txt", ""))),
        (
            "a path that leaves the store",
            with_entry(&entry.replace("notes.txt", "../notes.txt")),
        ),
        (
            "a format of a file that is not a license",
            with_entry(&entry.replace(",\"reason", ",\"format\":\"lcp\",\"reason")),
        ),
        (
            "key IDs of a file that is not a license",
            with_entry(&entry.replace(",\"reason", ",\"key_ids\":[\"x\"],\"reason")),
        ),
        (
            "a license without a format",
            with_entry(&entry.replace("unrecognized", "not-permitted")),
        ),
        (
            "more IDs than the limit",
            with_entry(&with_ids(entry, &["\"x\""; 65].join(","))),
        ),
        (
            "an ID longer than the limit",
            with_entry(&with_ids(entry, &format!("\"{}\"", "x".repeat(257)))),
        ),
        (
            "a path that is a number",
            with_entry(&entry.replace("\"notes.txt\"", "1")),
        ),
        ("all fields on one line", valid.replace('\n', "")),
        ("no line feed at the end", valid.trim_end().to_owned()),
        ("an empty line at the end", format!("{valid}\n")),
        ("an object after the end", format!("{valid}{{}}\n")),
        ("all of its content twice", format!("{valid}{valid}")),
        ("a comma before the end", with_entry(&format!("{entry},"))),
        (
            "no comma between two files",
            replaced("\"restricted\":1", "\"restricted\":2")
                .replace(entry, &format!("{entry}\n{entry}")),
        ),
        ("a byte order mark", format!("\u{FEFF}{valid}")),
        ("carriage returns", valid.replace('\n', "\r\n")),
        ("no content", String::new()),
        ("nothing but an empty object", "{}\n".to_owned()),
        ("nothing but null", "null\n".to_owned()),
        (
            "nested arrays",
            with_entry(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))),
        ),
        (
            "nested arrays at the start",
            format!("{}\n{valid}", "[".repeat(100_000)),
        ),
        (
            "a line of two MiB",
            with_entry(&entry.replace("notes", &"n".repeat(2 << 20))),
        ),
    ];
    let twice = replaced("\"restricted\":1", "\"restricted\":2")
        .replace(entry, &format!("{entry},\n{entry}"));
    manifests.push(("a file twice", twice));
    let out_of_order = format!(
        "{},\n{}",
        entry.replace("notes", "z"),
        entry.replace("notes", "y")
    );
    manifests.push((
        "files out of order",
        replaced("\"restricted\":1", "\"restricted\":2").replace(entry, &out_of_order),
    ));
    let case = |(fault, manifest): (&str, String)| {
        assert!(manifest != valid, "{fault} should change the manifest");
        let backup = Backup {
            manifest: Some(manifest.into_bytes()),
            ..Backup::valid()
        };
        Case::new(
            format!("a manifest with {fault}"),
            &backup.archive(),
            "backup.json",
        )
    };
    let mut cases: Vec<_> = manifests.into_iter().map(case).collect();
    let not_utf8 = Backup {
        manifest: Some(valid.replace("notes", "not\u{1}es").into_bytes()),
        ..Backup::valid()
    };
    let not_utf8 = Backup {
        manifest: not_utf8.manifest.map(|manifest| {
            manifest
                .into_iter()
                .map(|byte| if byte == 1 { 0xFF } else { byte })
                .collect()
        }),
        ..not_utf8
    };
    cases.push(Case::new(
        "a manifest that is not UTF-8",
        &not_utf8.archive(),
        "backup.json",
    ));
    cases
}

/// Returns the line of a skipped license with these key IDs.
fn with_ids(entry: &str, ids: &str) -> String {
    entry.replace("unrecognized", "opaque").replace(
        ",\"reason",
        &format!(",\"format\":\"xmr\",\"key_ids\":[{ids}],\"reason"),
    )
}

/// Returns backups that contain a file that must not be backed up, and one with a license that does
/// not match its checksum.
fn licenses() -> Vec<Case> {
    let lcp = LICENSES[2].1;
    let documents: Vec<(&str, Vec<u8>)> = vec![
        ("a shell script", b"#!/bin/sh\nrm -r /\n".to_vec()),
        ("an empty file", Vec::new()),
        (
            "a license that does not permit backups",
            b"<LICENSE version=\"2.0.0.0\"><LICENSORINFO><DATA><LID>x</LID></DATA></LICENSORINFO></LICENSE>".to_vec(),
        ),
        ("a malformed license", b"XMR\0\0".to_vec()),
        ("a truncated license", lcp.as_bytes()[..lcp.len() - 1].to_vec()),
        ("a license of more than a MiB", format!("{lcp}{}", " ".repeat(1 << 20)).into_bytes()),
    ];
    let case = |(fault, content): (&str, Vec<u8>)| {
        let mut backup = Backup::valid();
        backup.licenses[2].1 = content;
        Case::new(
            format!("a backup with {fault}"),
            &backup.archive(),
            "b/e.lcpl",
        )
    };
    let mut cases: Vec<_> = documents.into_iter().map(case).collect();
    let mut forged = Backup::valid();
    forged.checksums = Some(forged.true_checksums());
    forged.licenses[1].1 = LICENSES[0].1.as_bytes().to_vec();
    cases.push(Case::new(
        "a license that does not match its checksum",
        &forged.archive(),
        "b/c d.lcpl",
    ));
    cases
}
