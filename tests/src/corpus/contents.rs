//! Backups whose archive is sound, and whose content is not: `B3SUMS`, `backup.json`, the licenses.

use std::fmt::Write as _;

use super::archive::{Archive, Entry};
use super::{Case, LICENSES, SKIPPED};

/// What is in a backup.
#[derive(Debug, Clone)]
pub(super) struct Backup {
    /// Path and content of each license.
    licenses: Vec<(Vec<u8>, Vec<u8>)>,
    /// Overrides `B3SUMS`.
    sums: Option<Vec<u8>>,
    /// Overrides `backup.json`.
    record: Option<Vec<u8>>,
}

impl Backup {
    pub(super) fn whole() -> Self {
        let licenses = LICENSES
            .iter()
            .map(|(path, content)| (path.as_bytes().to_vec(), content.as_bytes().to_vec()));
        Self {
            licenses: licenses.collect(),
            sums: None,
            record: None,
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

    /// Puts all of it into an archive, everything else being as it should be.
    pub(super) fn archive(&self) -> Archive {
        let licenses = self.licenses.iter().map(|(path, content)| {
            let name = [b"licenses/", path.as_slice()].concat();
            Entry::new(name, content.as_slice())
        });
        let sums = self.sums.clone().unwrap_or_else(|| self.true_sums());
        let record = self
            .record
            .clone()
            .unwrap_or_else(|| self.true_record().into_bytes());
        Archive::new(
            licenses
                .chain([
                    Entry::new("B3SUMS", sums),
                    Entry::new("backup.json", record),
                ])
                .collect(),
        )
    }

    fn true_sums(&self) -> Vec<u8> {
        let mut sums = Vec::new();
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
            sums.extend_from_slice(if escaped { b"\\" } else { b"" });
            sums.extend_from_slice(blake3::hash(content).to_hex().as_bytes());
            sums.extend_from_slice(b"  licenses/");
            sums.extend(path);
            sums.push(b'\n');
        }
        sums
    }

    fn true_record(&self) -> String {
        let (count, bytes) = (
            self.licenses.len(),
            self.licenses
                .iter()
                .map(|(_, content)| content.len())
                .sum::<usize>(),
        );
        let mut record = String::new();
        let program = concat!("license-backup ", env!("CARGO_PKG_VERSION"));
        let counts = format!(r#""licenses":{count},"bytes":{bytes},"restricted":1,"errors":0"#);
        let _ = writeln!(
            record,
            r#"{{"format":1,"program":"{program}",{counts},"skipped":["#
        );
        let _ = writeln!(
            record,
            r#"{{"path":"{}","reason":"unrecognized"}}"#,
            SKIPPED.0
        );
        record.push_str("]}\n");
        record
    }
}

/// Sums that do not agree with the licenses.
#[expect(clippy::too_many_lines, reason = "it is a table of cases")]
pub(super) fn sums() -> Vec<Case> {
    let whole =
        String::from_utf8(Backup::whole().true_sums()).expect("the whole backup has plain names");
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let [a, c, e] = lines[..] else {
        panic!("there is a line for each license")
    };
    let (hash, _) = a.split_once(' ').expect("a line starts with the hash");
    let other = "0".repeat(64);
    let cases: Vec<(&str, String, &str)> = vec![
        ("no line at all", String::new(), "a.lcpl"),
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
            "a line for what is not there",
            format!("{a}{c}{e}{hash}  licenses/z\n"),
            "line 4 of B3SUMS",
        ),
        (
            "a line for what is not there, in front",
            format!("{hash}  licenses/0\n{whole}"),
            "line 1 of B3SUMS",
        ),
        (
            "a line for B3SUMS",
            format!("{hash}  B3SUMS\n{whole}"),
            "line 1 of B3SUMS",
        ),
        ("another hash", whole.replace(hash, &other), "a.lcpl"),
        (
            "hashes swapped",
            [&a.replace(hash, &c[..64]), &c.replace(&c[..64], hash), e].concat(),
            "b/c d.lcpl",
        ),
        (
            "a hash in large letters",
            whole.replace(hash, &hash.to_uppercase()),
            "line 1 of B3SUMS",
        ),
        (
            "a hash that is too short",
            whole.replace(hash, &hash[1..]),
            "line 1 of B3SUMS",
        ),
        (
            "a hash that is too long",
            whole.replace(hash, &format!("{hash}0")),
            "line 1 of B3SUMS",
        ),
        (
            "a hash that is none",
            whole.replace(hash, &"g".repeat(64)),
            "line 1 of B3SUMS",
        ),
        (
            "one space",
            whole.replacen("  ", " ", 1),
            "line 1 of B3SUMS",
        ),
        ("a star", whole.replacen("  ", " *", 1), "line 1 of B3SUMS"),
        (
            "three spaces",
            whole.replacen("  ", "   ", 1),
            "line 1 of B3SUMS",
        ),
        (
            "another name",
            whole.replace("b/e", "b/f"),
            "line 3 of B3SUMS",
        ),
        (
            "a name without its folder",
            whole.replacen("licenses/", "", 1),
            "line 1 of B3SUMS",
        ),
        (
            "an escape that is not needed",
            format!("\\{whole}"),
            "line 1 of B3SUMS",
        ),
        (
            "an escape that is not marked",
            whole.replace("a.lcpl", "a\\\\lcpl"),
            "line 1 of B3SUMS",
        ),
        (
            "an escape that is none",
            format!("\\{}", whole.replace("a.lcpl", "a\\xlcpl")),
            "line 1 of B3SUMS",
        ),
        (
            "no line feed at the end",
            whole.trim_end().to_owned(),
            "B3SUMS",
        ),
        ("an empty line", format!("{a}\n{c}{e}"), "line 2 of B3SUMS"),
        (
            "an empty line at the end",
            format!("{whole}\n"),
            "line 4 of B3SUMS",
        ),
        (
            "carriage returns",
            whole.replace('\n', "\r\n"),
            "line 1 of B3SUMS",
        ),
        (
            "a byte order mark",
            format!("\u{FEFF}{whole}"),
            "line 1 of B3SUMS",
        ),
        (
            "a comment",
            format!("# BLAKE3\n{whole}"),
            "line 1 of B3SUMS",
        ),
        (
            "the tagged form",
            format!("BLAKE3 (licenses/a.lcpl) = {hash}\n{c}{e}"),
            "line 1 of B3SUMS",
        ),
        (
            "a line of two MiB",
            format!("{hash}  licenses/{}\n{whole}", "z".repeat(2 << 20)),
            "B3SUMS",
        ),
        ("two MiB without a line feed", "0".repeat(2 << 20), "B3SUMS"),
    ];
    let case = |(what, sums, place): (&str, String, &str)| {
        let backup = Backup {
            sums: Some(sums.into_bytes()),
            ..Backup::whole()
        };
        Case::new(what, &backup.archive(), place)
    };
    cases.into_iter().map(case).collect()
}

/// Records that lie, and licenses that do not belong in a backup.
pub(super) fn records_and_licenses() -> Vec<Case> {
    let mut cases = records();
    cases.extend(licenses());
    cases
}

#[expect(clippy::too_many_lines, reason = "it is a table of cases")]
fn records() -> Vec<Case> {
    let whole = Backup::whole().true_record();
    let entry = r#"{"path":"notes.txt","reason":"unrecognized"}"#;
    let replaced = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from} is in {whole}");
        whole.replacen(from, to, 1)
    };
    let with_entry = |json: &str| replaced(entry, json);
    let bytes = LICENSES
        .iter()
        .map(|(_, content)| content.len())
        .sum::<usize>();
    let mut records: Vec<(&str, String)> = vec![
        (
            "a license more",
            replaced("\"licenses\":3", "\"licenses\":4"),
        ),
        (
            "a license fewer",
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
            "a byte more",
            replaced(
                &format!("\"bytes\":{bytes}"),
                &format!("\"bytes\":{}", bytes + 1),
            ),
        ),
        (
            "none left out",
            replaced("\"restricted\":1", "\"restricted\":0"),
        ),
        (
            "an error that is not named",
            replaced("\"errors\":0", "\"errors\":1"),
        ),
        (
            "a file left out that is not counted",
            with_entry(&format!("{entry},\n{entry}")),
        ),
        (
            "a file left out that is not named",
            replaced(&format!("{entry}\n"), ""),
        ),
        (
            "a restriction told as an error",
            with_entry(&entry.replace("unrecognized", "malformed")),
        ),
        (
            "a reason that there is not",
            with_entry(&entry.replace("unrecognized", "because")),
        ),
        (
            "a reason that no file has",
            replaced(
                "\"restricted\":1,\"errors\":0",
                "\"restricted\":0,\"errors\":1",
            )
            .replace("unrecognized", "busy"),
        ),
        (
            "a license of the backup left out",
            with_entry(&entry.replace("notes.txt", "a.lcpl")),
        ),
        (
            "a nested license of the backup left out",
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
            "a program that is a line",
            replaced("license-backup ", "license-backup \\u001b[2J"),
        ),
        (
            "a key more",
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
            "a key more of a file",
            with_entry(&entry.replace('}', ",\"more\":1}")),
        ),
        ("a space", replaced("\"errors\":0", "\"errors\": 0")),
        ("a space in a file", with_entry(&entry.replace(',', ", "))),
        (
            "an escape that is not needed",
            with_entry(&entry.replace("notes", "n\\u006ftes")),
        ),
        (
            "a format of a file that there is not",
            with_entry(&entry.replace(",\"reason", ",\"format\":\"zip\",\"reason")),
        ),
        (
            "a path without anything",
            with_entry(&entry.replace("notes.txt", "")),
        ),
        (
            "a path that leads out",
            with_entry(&entry.replace("notes.txt", "../notes.txt")),
        ),
        (
            "a format of what is no license",
            with_entry(&entry.replace(",\"reason", ",\"format\":\"lcp\",\"reason")),
        ),
        (
            "key IDs of what is no license",
            with_entry(&entry.replace(",\"reason", ",\"key_ids\":[\"x\"],\"reason")),
        ),
        (
            "no format of a license",
            with_entry(&entry.replace("unrecognized", "not-permitted")),
        ),
        (
            "more IDs than are kept",
            with_entry(&with_ids(entry, &["\"x\""; 65].join(","))),
        ),
        (
            "an ID that is longer than is kept",
            with_entry(&with_ids(entry, &format!("\"{}\"", "x".repeat(257)))),
        ),
        (
            "a path that is no text",
            with_entry(&entry.replace("\"notes.txt\"", "1")),
        ),
        ("all in one line", whole.replace('\n', "")),
        ("no line feed at the end", whole.trim_end().to_owned()),
        ("an empty line at the end", format!("{whole}\n")),
        ("something behind the end", format!("{whole}{{}}\n")),
        ("the record twice", format!("{whole}{whole}")),
        ("a comma before the end", with_entry(&format!("{entry},"))),
        (
            "no comma between",
            replaced("\"restricted\":1", "\"restricted\":2")
                .replace(entry, &format!("{entry}\n{entry}")),
        ),
        ("a byte order mark", format!("\u{FEFF}{whole}")),
        ("carriage returns", whole.replace('\n', "\r\n")),
        ("an empty record", String::new()),
        ("an object without anything", "{}\n".to_owned()),
        ("null", "null\n".to_owned()),
        (
            "arrays in arrays",
            with_entry(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))),
        ),
        (
            "a head of arrays in arrays",
            format!("{}\n{whole}", "[".repeat(100_000)),
        ),
        (
            "a line of two MiB",
            with_entry(&entry.replace("notes", &"n".repeat(2 << 20))),
        ),
    ];
    let twice = replaced("\"restricted\":1", "\"restricted\":2")
        .replace(entry, &format!("{entry},\n{entry}"));
    records.push(("a file twice", twice));
    let out_of_order = format!(
        "{},\n{}",
        entry.replace("notes", "z"),
        entry.replace("notes", "y")
    );
    records.push((
        "files out of order",
        replaced("\"restricted\":1", "\"restricted\":2").replace(entry, &out_of_order),
    ));
    let case = |(what, record): (&str, String)| {
        assert!(record != whole, "{what}");
        let backup = Backup {
            record: Some(record.into_bytes()),
            ..Backup::whole()
        };
        Case::new(
            format!("a record with {what}"),
            &backup.archive(),
            "backup.json",
        )
    };
    let mut cases: Vec<_> = records.into_iter().map(case).collect();
    let not_utf8 = Backup {
        record: Some(whole.replace("notes", "not\u{1}es").into_bytes()),
        ..Backup::whole()
    };
    let not_utf8 = Backup {
        record: not_utf8.record.map(|record| {
            record
                .into_iter()
                .map(|byte| if byte == 1 { 0xFF } else { byte })
                .collect()
        }),
        ..not_utf8
    };
    cases.push(Case::new(
        "a record that is not UTF-8",
        &not_utf8.archive(),
        "backup.json",
    ));
    cases
}

/// The line of a license with these key IDs.
fn with_ids(entry: &str, ids: &str) -> String {
    entry.replace("unrecognized", "opaque").replace(
        ",\"reason",
        &format!(",\"format\":\"xmr\",\"key_ids\":[{ids}],\"reason"),
    )
}

/// Documents that the gate does not let into a backup, in a backup that is whole otherwise.
fn licenses() -> Vec<Case> {
    let lcp = LICENSES[2].1;
    let documents: Vec<(&str, Vec<u8>)> = vec![
        ("no license", b"#!/bin/sh\nrm -r /\n".to_vec()),
        ("an empty file", Vec::new()),
        (
            "a license that does not allow it",
            b"<LICENSE version=\"2.0.0.0\"><LICENSORINFO><DATA><LID>x</LID></DATA></LICENSORINFO></LICENSE>".to_vec(),
        ),
        ("a broken license", b"XMR\0\0".to_vec()),
        ("a license that breaks off", lcp.as_bytes()[..lcp.len() - 1].to_vec()),
        ("a license of more than a MiB", format!("{lcp}{}", " ".repeat(1 << 20)).into_bytes()),
    ];
    let case = |(what, content): (&str, Vec<u8>)| {
        let mut backup = Backup::whole();
        backup.licenses[2].1 = content;
        Case::new(
            format!("a backup with {what}"),
            &backup.archive(),
            "b/e.lcpl",
        )
    };
    let mut cases: Vec<_> = documents.into_iter().map(case).collect();
    let mut forged = Backup::whole();
    forged.sums = Some(forged.true_sums());
    forged.licenses[1].1 = LICENSES[0].1.as_bytes().to_vec();
    cases.push(Case::new(
        "another license than its sum says",
        &forged.archive(),
        "b/c d.lcpl",
    ));
    cases
}
