//! Tests of licenses in publications: in the library of a reading application, in containers that
//! other tools write, and restored beside the publication.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use license_backup_tests::harness::{Sandbox, files_below, target};
use license_backup_tests::sample::SampleStore;

use crate::expected::allowed;

/// The entry for the license in an EPUB.
const ENTRY: &str = "META-INF/license.lcpl";

/// The number of publications in a library.
const PUBLICATIONS: u64 = 5;

/// Returns a sandbox whose store is a library: each publication is in a separate directory.
fn library() -> Sandbox {
    Sandbox::with_store(SampleStore::of_publications(PUBLICATIONS, 100_000)).0
}

/// Returns the license that `unzip` prints for each publication of a store, by its path in a
/// backup.
fn licenses_by_unzip(sandbox: &Sandbox) -> BTreeMap<PathBuf, Vec<u8>> {
    let publications = files_below(&sandbox.store()).into_keys();
    let licenses = publications.map(|path| {
        let publication = sandbox.store().join(&path).into_os_string();
        let unzip = ["unzip".into(), "-p".into(), publication, ENTRY.into()];
        let license = sandbox
            .system(unzip)
            .run()
            .exits(0)
            .stdout()
            .as_bytes()
            .to_vec();
        (path.with_file_name("book.epub.lcpl"), license)
    });
    licenses.collect()
}

/// Unpacks the backup of a sandbox with Python, and returns its licenses by path.
fn licenses_in_backup(sandbox: &Sandbox) -> BTreeMap<PathBuf, Vec<u8>> {
    sandbox.archive().unpack(&sandbox.path("unpacked"));
    files_below(&sandbox.path("unpacked/licenses"))
}

#[test]
fn a_backup_of_a_library_has_the_licenses_that_unzip_prints() {
    let sandbox = library();
    sandbox.back_up(&["--strict"]).run().exits(0);
    let licenses = licenses_by_unzip(&sandbox);
    assert_eq!(licenses.len() as u64, PUBLICATIONS);
    assert!(licenses_in_backup(&sandbox) == licenses);
}

#[test]
fn a_backup_of_a_library_is_valid() {
    let sandbox = library();
    sandbox.back_up(&["--strict"]).run().exits(0);
    let verify = sandbox.license_backup(["verify", "--from", "backup", "--json"]);
    let end = verify.run().exits(0).end_event();
    assert_eq!(
        (&end["licenses"], &end["skipped"]),
        (&PUBLICATIONS.into(), &0.into())
    );
}

#[test]
fn a_restore_into_an_empty_store_writes_only_the_licenses() {
    let sandbox = library();
    sandbox.back_up(&["--strict"]).run().exits(0);
    fs::create_dir(sandbox.path("new")).unwrap();
    restore(&sandbox, &[], "new", 0);
    assert!(files_below(&sandbox.path("new")) == licenses_by_unzip(&sandbox));
}

/// Restores the backup of a sandbox into a store, and requires the exit code.
fn restore(sandbox: &Sandbox, arguments: &[&str], store: &str, code: i32) {
    let arguments = [
        &["restore", "--from", "backup", "--store", store],
        arguments,
    ]
    .concat();
    let _ = sandbox.license_backup(arguments).run().exits(code);
}

#[test]
fn licenses_are_restored_beside_existing_publications() {
    let sandbox = library();
    sandbox.back_up(&["--strict"]).run().exits(0);
    let mut expected = files_below(&sandbox.store());
    expected.extend(licenses_by_unzip(&sandbox));
    restore(&sandbox, &[], "store", 0);
    assert!(files_below(&sandbox.store()) == expected);
}

#[test]
fn a_backup_after_a_restore_has_the_same_bytes() {
    let sandbox = library();
    sandbox.back_up(&["--strict"]).run().exits(0);
    let first = fs::read(sandbox.backup_file()).unwrap();
    restore(&sandbox, &[], "store", 0);
    sandbox.back_up(&["--strict", "--overwrite"]).run().exits(0);
    assert!(fs::read(sandbox.backup_file()).unwrap() == first);
}

#[test]
fn a_license_is_backed_up_once_its_shadowing_file_is_removed() {
    let sandbox = library();
    let licenses = licenses_by_unzip(&sandbox);
    let name = licenses.keys().next().unwrap();
    let other = sandbox.store().join(name);
    fs::write(&other, allowed("urn:other")).unwrap();
    let end = sandbox.back_up(&["--json"]).run().exits(3).end_event();
    assert_eq!(
        (&end["licenses"], &end["errors"]),
        (&PUBLICATIONS.into(), &1.into())
    );
    fs::remove_file(other).unwrap();
    sandbox.back_up(&["--strict", "--overwrite"]).run().exits(0);
    assert!(licenses_in_backup(&sandbox) == licenses);
}

#[test]
fn sample_store_writes_the_requested_number_of_publications() {
    let sandbox = Sandbox::new();
    let program = target().join("release/sample-store");
    let sizes = [
        "--licenses=0",
        "--publications=3",
        "--publication-size=20000",
    ];
    let arguments = [&["store", "--ordinary-only"], &sizes[..]].concat();
    sandbox
        .license_backup(arguments)
        .with_binary(program)
        .run()
        .exits(0);
    sandbox.back_up(&["--strict"]).run().exits(0);
    assert_eq!(licenses_in_backup(&sandbox).len(), 3);
}

/// Writes the files of an EPUB with a license into the directory `publication` of a sandbox.
fn write_publication(sandbox: &Sandbox, license: &[u8]) {
    let chapter = "<p>It was a dark and stormy night.</p>\n".repeat(1000);
    for (name, content) in [
        ("mimetype", &b"application/epub+zip"[..]),
        ("META-INF/container.xml", b"<container/>"),
        (ENTRY, license),
        ("OEBPS/chapter.xhtml", chapter.as_bytes()),
    ] {
        let path = sandbox.path("publication").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// Requires that the license of `$book` is backed up. A shell script writes this container from the
/// files in its working directory.
#[track_caller]
fn assert_backed_up(script: &str) {
    let sandbox = Sandbox::new();
    let license = allowed("urn:uuid:2b1c4d5e-6f70-4182-93a4-b5c6d7e8f901");
    write_publication(&sandbox, &license);
    let script = format!("book=$PWD/store/book.epub; export book; cd publication\n{script}");
    sandbox.system(["sh", "-euc", &script]).run().exits(0);
    let outcome = sandbox.back_up(&["--strict"]).run();
    assert_eq!(outcome.code(), Some(0), "{script}\n{}", outcome.report());
    let expected = BTreeMap::from([("book.epub.lcpl".into(), license)]);
    assert!(licenses_in_backup(&sandbox) == expected, "{script}");
}

/// Requires that the license of `book` is backed up. A Python program writes this container with
/// the module `zipfile` from the files in `names`.
#[track_caller]
fn assert_backed_up_of_python(program: &str) {
    let names = format!("['mimetype', 'META-INF/container.xml', '{ENTRY}', 'OEBPS/chapter.xhtml']");
    let head = format!("import io, os, zipfile\nnames = {names}\nbook = os.environ['book']");
    assert_backed_up(&format!("python3 - <<'END'\n{head}\n{program}\nEND"));
}

/// The end of a Python program: it adds the files to `archive`.
const ADD_ALL: &str = "with archive:\n    for name in names: archive.write(name)";

#[test]
fn python_containers_are_read() {
    for method in ["STORED", "DEFLATED"] {
        let open = format!("archive = zipfile.ZipFile(book, 'w', zipfile.ZIP_{method})");
        assert_backed_up_of_python(&format!("{open}\n{ADD_ALL}"));
    }
}

#[test]
fn python_containers_with_zip64_local_headers_are_read() {
    let add = "archive.open(name, 'w', force_zip64=True)";
    assert_backed_up_of_python(&format!(
        "with zipfile.ZipFile(book, 'w', zipfile.ZIP_DEFLATED) as archive:
    for name in names:
        with {add} as entry: entry.write(open(name, 'rb').read())"
    ));
}

#[test]
fn python_containers_with_zip64_end_records_are_read() {
    let limit = "zipfile.ZIP64_LIMIT = 10";
    let open = "archive = zipfile.ZipFile(book, 'w', zipfile.ZIP_DEFLATED)";
    let check = "assert b'PK\\x06\\x06' in open(book, 'rb').read()";
    assert_backed_up_of_python(&format!("{limit}\n{open}\n{ADD_ALL}\n{check}"));
}

#[test]
fn python_containers_with_a_comment_are_read() {
    for length in [20, 65_535] {
        let open = "archive = zipfile.ZipFile(book, 'w')";
        let comment = format!("archive.comment = b'c' * {length}");
        assert_backed_up_of_python(&format!("{open}\n{comment}\n{ADD_ALL}"));
    }
}

#[test]
fn python_containers_written_to_a_pipe_are_read() {
    let pipe = "class Pipe(io.FileIO):
    def seekable(self): return False
    def seek(self, *place): raise io.UnsupportedOperation
    def tell(self): raise io.UnsupportedOperation";
    let open = "archive = zipfile.ZipFile(Pipe(book, 'w'), 'w', zipfile.ZIP_DEFLATED)";
    assert_backed_up_of_python(&format!("{pipe}\n{open}\n{ADD_ALL}"));
}

#[test]
fn python_containers_with_more_than_65535_entries_are_read() {
    let open = "archive = zipfile.ZipFile(book, 'w')";
    let many = "for number in range(65_600): archive.writestr(f'{number:05}', b'')";
    assert_backed_up_of_python(&format!("{open}\n{many}\n{ADD_ALL}"));
}

#[test]
fn python_containers_larger_than_4_gib_are_read() {
    // The bytes before the container are a hole, which takes no space on the disk.
    let hole = "with open(book, 'wb') as file: file.truncate(5 << 30)";
    let open = "archive = zipfile.ZipFile(book, 'a', zipfile.ZIP_DEFLATED)";
    assert_backed_up_of_python(&format!("{hole}\n{open}\n{ADD_ALL}"));
}

#[test]
fn info_zip_containers_packed_like_an_epub_are_read() {
    assert_backed_up("zip -q -X -0 \"$book\" mimetype; zip -q -X -r -9 \"$book\" META-INF OEBPS");
}

#[test]
fn info_zip_containers_with_forced_zip64_are_read() {
    assert_backed_up("zip -q -fz -r \"$book\" .; grep -q 'PK\x06\x06' \"$book\"");
}

#[test]
fn info_zip_containers_written_to_a_pipe_are_read() {
    assert_backed_up("zip -q -r - . | cat >\"$book\"");
}

#[test]
fn info_zip_containers_after_a_prefix_are_read() {
    let prefixed = "zip -q -r ../zip .; echo '#!/bin/sh' | cat - ../zip.zip >\"$book\"";
    for adjusting in ["true", "zip -q -A \"$book\""] {
        assert_backed_up(&format!("{prefixed}; {adjusting}"));
    }
}

#[test]
fn bsdtar_containers_are_read() {
    for options in [
        "zip:compression=store",
        "zip:compression=deflate",
        "zip:zip64",
    ] {
        assert_backed_up(&format!(
            "bsdtar -c -f \"$book\" --format zip --options {options} *"
        ));
    }
}

/// Returns a license document with these dates and always the same ID. If `updated` is empty, the
/// license has no date of an update.
fn dated(issued: &str, updated: &str) -> Vec<u8> {
    let license = String::from_utf8(allowed("urn:loan")).unwrap();
    let before = r#""issued":"2013-11-04T01:08:15Z""#;
    assert!(license.contains(before));
    let mut dates = format!(r#""issued":"{issued}""#);
    if !updated.is_empty() {
        write!(dates, r#","updated":"{updated}""#).unwrap();
    }
    license.replace(before, &dates).into_bytes()
}

/// Returns a sandbox with a backup of `license`, and with `other` under the same name in the store.
fn with_other_in_store(license: &[u8], other: &[u8]) -> Sandbox {
    let sandbox = Sandbox::new();
    let file = sandbox.path("store/loan.lcpl");
    fs::write(&file, license).unwrap();
    sandbox.back_up(&["--strict"]).run().exits(0);
    fs::write(&file, other).unwrap();
    sandbox
}

/// Restores `license` with `--overwrite` over `other` in the store, and requires the exit code.
/// Returns the license that is in the store afterwards.
fn restored_over(other: &[u8], license: &[u8], code: i32) -> Vec<u8> {
    let sandbox = with_other_in_store(license, other);
    restore(&sandbox, &["--overwrite"], "store", code);
    let mut files = files_below(&sandbox.store());
    let restored = files.remove(Path::new("loan.lcpl")).unwrap();
    assert_eq!(files, BTreeMap::new());
    restored
}

/// A date of a license: half an hour before `LATE`, in another time zone. As text, without its
/// offset, and with the opposite offset it would be later.
const EARLY: &str = "2026-02-01T01:30:00+01:00";
/// A later date of a license.
const LATE: &str = "2026-02-01T01:00:00Z";

/// Returns pairs of versions of a license, the older version first.
fn versions() -> [(Vec<u8>, Vec<u8>); 3] {
    [
        (dated(EARLY, ""), dated(LATE, "")),
        // The newer version was issued first.
        (
            dated("2025-06-01T00:00:00Z", EARLY),
            dated("2025-01-01T00:00:00Z", LATE),
        ),
        (dated(EARLY, ""), dated("2025-01-01T00:00:00Z", LATE)),
    ]
}

#[test]
fn overwrite_keeps_a_newer_license() {
    for (older, newer) in versions() {
        assert!(
            restored_over(&newer, &older, 4) == newer,
            "{}",
            String::from_utf8_lossy(&newer)
        );
    }
}

#[test]
fn overwrite_replaces_an_older_license() {
    for (older, newer) in versions() {
        assert!(
            restored_over(&older, &newer, 0) == newer,
            "{}",
            String::from_utf8_lossy(&newer)
        );
    }
}

#[test]
fn overwrite_replaces_a_newer_license_with_another_id() {
    let other = String::from_utf8(dated(LATE, ""))
        .unwrap()
        .replace("urn:loan", "urn:other");
    let license = dated(EARLY, "");
    assert!(restored_over(other.as_bytes(), &license, 0) == license);
}

#[test]
fn a_dry_run_with_overwrite_reports_a_newer_license() {
    let sandbox = with_other_in_store(&dated(EARLY, ""), &dated(LATE, ""));
    let restore = ["restore", "--from", "backup", "--store", "store"];
    let arguments = [&restore[..], &["--overwrite", "--dry-run", "--json"]].concat();
    let outcome = sandbox.license_backup(arguments).run().exits(4);
    assert_eq!(outcome.end_event()["conflicts"], 1);
}
