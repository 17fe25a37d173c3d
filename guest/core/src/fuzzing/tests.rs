use super::*;

const WMDRM: &str = r#"<LICENSERESPONSE><LICENSE version="2.0.0.0"><LICENSORINFO><DATA><KID>AAAA</KID><ONACTION type="Backup"/></DATA></LICENSORINFO></LICENSE></LICENSERESPONSE>"#;
const LCP: &str = r#"{"id":"a","provider":"b","encryption":{"profile":"c"},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{}}"#;
/// An XMR license with rights settings that grant the backup.
const XMR: &[u8] = b"XMR\0\0\0\0\x01rights-ID-of-16B\0\x01\0\x0D\0\0\0\x0A\0\x04";

/// Returns a store with a license of each format, one that may not be backed up, and
/// unusual names.
fn store() -> Vec<(String, Vec<u8>)> {
    [
        ("a/b", WMDRM.as_bytes()),
        ("a-b", LCP.as_bytes()),
        ("a\\..\\b", LCP.as_bytes()),
        ("a/b/c", LCP.as_bytes()),
        ("back\\slash", XMR),
        ("line\nfeed", XMR),
        ("notes", b"<notes/>"),
        (".license-backup-1.tmp", LCP.as_bytes()),
        ("..", LCP.as_bytes()),
        ("broken", &XMR[..XMR.len() - 1]),
    ]
    .map(|(path, content)| (path.to_owned(), content.to_vec()))
    .to_vec()
}

#[test]
fn documents_of_each_format_pass_complete_and_truncated() {
    for document in [WMDRM.as_bytes(), XMR, LCP.as_bytes()] {
        for length in 0..=document.len() {
            xml(&document[..length]);
            xmr(&document[..length]);
            lcp(&document[..length]);
        }
    }
}

#[test]
fn publications_pass_complete_and_truncated() {
    use crate::publication::samples::{Container, Entry, META_INF};

    let container = Container::epub(Entry::deflated(META_INF, LCP), 100);
    for container in [
        Container {
            zip64: true,
            comment: vec![b'c'; 40],
            ..container.clone()
        },
        container,
    ] {
        let bytes = container.bytes();
        for length in (0..=bytes.len()).rev().step_by(7) {
            publication(&bytes[..length]);
        }
    }
    publication(&Container::epub(Entry::stored(META_INF, WMDRM), 100).bytes());
}

#[test]
fn paths_below_opened_directories_pass() {
    let paths_to_resolve = [
        "/licenses/a",
        r"\\NAS\backups\a",
        "//nas/backups",
        r"\\?\UNC\nas\backups\",
        "a/./b",
        "",
        "..",
        "/x",
        // A separator at the end changed the meaning of these two.
        "//.",
        "//?",
    ];
    for path in paths_to_resolve {
        paths(format!("/licenses\n\\\\nas\\backups\n.\n/\n{path}").as_bytes());
        paths(path.as_bytes());
    }
}

#[test]
fn a_store_passes_as_an_input() {
    round_trip(&input_of(&store()));
    round_trip(b"");
}

#[test]
fn backups_pass_complete_truncated_and_as_files() {
    let backup = backup_of(&store());
    for length in (0..=backup.len()).rev().step_by(97) {
        archive(&backup[..length]);
    }
    archive(&input_of(&store()));
    archive(b"");
}

#[test]
fn other_content_represents_a_license_with_this_id() {
    let [(name, content)] = &files::files(b"name\xFFid\xFF")[..] else {
        panic!("it represents one file")
    };
    assert_eq!(name, "name");
    assert_eq!(crate::evaluate(content).identity.license_ids, ["id"]);
}

#[test]
fn files_are_read_back_from_their_input() {
    assert_eq!(files::files(&input_of(&store())), store());
}
