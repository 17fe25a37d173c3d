//! Publications that contain a license: ZIP containers, as reading applications store them.

use miniz_oxide::deflate::CompressionLevel;
use miniz_oxide::deflate::core::CompressorOxide;
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::{DataFormat, MZFlush};

use super::random::Random;
use super::wmdrm::{GRANT, response, version_2};
use super::zip::{Container, Entry};
use super::{Document, EmbeddedLicense, Expected, MAXIMUM_SIZE, SampleLicense, in_directory, lcp};

use Expected::{BackedUp, Duplicate, Error, Restricted};

/// The entry of the license in an EPUB.
const IN_EPUB: &str = "META-INF/license.lcpl";
/// The entry of the license in an audiobook, a PDF or a web publication.
const AT_ROOT: &str = "license.lcpl";

/// The number of chapters of a book.
const CHAPTERS: usize = 20;
/// The number of bytes in a short book.
const SHORT: usize = 6000;

const CONTAINER_XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles>
    <rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>
  </rootfiles>
</container>
"#;
const MANIFEST: &str = r#"{
  "@context": "https://readium.org/webpub-manifest/context.jsonld",
  "metadata": {"title": "A publication"}
}
"#;

pub(super) fn catalogue(random: &mut Random) -> Vec<SampleLicense> {
    let mut files = readable(random);
    files.extend(damaged(random));
    files.extend(without_license(random));
    files.extend(in_order(random));
    files.extend(library(random));
    files
}

/// Returns an EPUB of about `size` bytes in a separate directory. Its license may be backed up.
pub(super) fn ordinary(seed: u64, index: u64, size: usize) -> SampleLicense {
    // The name does not depend on the seed.
    let directory = Random::new(0, &format!("directory of publication {index}")).guid();
    let random = &mut Random::new(seed, &format!("publication {index}"));
    let license = lcp::license(random, 0);
    let entry = Entry::deflated(IN_EPUB, &license.bytes);
    let bare = epub(&mut random.clone(), entry.clone(), 0).bytes().len();
    let container = epub(random, entry, size.saturating_sub(bare));
    let path = format!("publications/{directory}/book.epub");
    publication(license, IN_EPUB, &container).at(path, BackedUp)
}

/// Returns an EPUB with chapters of `length` bytes in total, which cannot be compressed. The
/// license is the last entry, as if it had been added to an existing publication.
fn epub(random: &mut Random, license: Entry, length: usize) -> Container {
    let mut entries = vec![
        Entry::stored("mimetype", "application/epub+zip"),
        Entry::deflated("META-INF/container.xml", CONTAINER_XML.as_bytes()),
    ];
    entries.extend((0..CHAPTERS).map(|chapter| {
        let content = random.bytes(length / CHAPTERS);
        Entry::stored(format!("OEBPS/chapter-{chapter:02}.xhtml"), content)
    }));
    entries.push(license);
    Container::of(entries)
}

/// Returns a package with a manifest, as for an audiobook or a PDF.
fn package(random: &mut Random, license: Entry, resource: &str) -> Container {
    let manifest = Entry::deflated("manifest.json", MANIFEST.as_bytes());
    Container::of(vec![
        manifest,
        license,
        Entry::stored(resource, random.bytes(SHORT)),
    ])
}

/// Returns a publication that contains `license` in the entry `entry`.
fn publication(license: Document, entry: &'static str, container: &Container) -> Document {
    let Document {
        bytes: document,
        identity,
        ..
    } = license;
    let embedded = Some(EmbeddedLicense { entry, document });
    Document {
        bytes: container.bytes(),
        identity,
        embedded,
    }
}

/// Returns a short EPUB whose license is deflated.
fn book(random: &mut Random) -> Document {
    let license = lcp::license(random, 0);
    book_of(random, license)
}

/// Returns a short EPUB in which this license is deflated.
fn book_of(random: &mut Random, license: Document) -> Document {
    let container = epub(random, Entry::deflated(IN_EPUB, &license.bytes), SHORT);
    publication(license, IN_EPUB, &container)
}

/// Returns a short EPUB after a change of the container that does not damage it.
fn book_changed(random: &mut Random, change: impl Fn(&mut Container)) -> Document {
    let license = lcp::license(random, 0);
    let mut container = epub(random, Entry::deflated(IN_EPUB, &license.bytes), SHORT);
    change(&mut container);
    publication(license, IN_EPUB, &container)
}

/// Returns publications whose license can be read.
fn readable(random: &mut Random) -> Vec<SampleLicense> {
    let stored = {
        let license = lcp::license(random, 0);
        let container = epub(random, Entry::stored(IN_EPUB, license.bytes.clone()), SHORT);
        publication(license, IN_EPUB, &container)
    };
    let large = {
        let license = lcp::license(random, 0);
        let container = epub(random, Entry::deflated(IN_EPUB, &license.bytes), 3_000_000);
        publication(license, IN_EPUB, &container)
    };
    let at_root = |random: &mut Random, resource| {
        let license = lcp::license(random, 0);
        let container = package(random, Entry::deflated(AT_ROOT, &license.bytes), resource);
        publication(license, AT_ROOT, &container)
    };
    let loan = lcp::with_rights_end(random);
    let prefix = random.bytes(700);
    let with_prefix = |container: &mut Container| container.prefix.clone_from(&prefix);
    let with_counted_prefix = |container: &mut Container| {
        with_prefix(container);
        container.counts_prefix = true;
    };
    let with_comment = |container: &mut Container| {
        container.comment = b"PK\x05\x06 is no end".to_vec();
    };
    let documents = [
        ("stored.epub", stored),
        ("deflated.epub", book(random)),
        ("large.epub", large),
        ("loan.epub", book_of(random, loan)),
        ("no-extension", book(random)),
        ("audiobook.lcpa", at_root(random, "track-1.mp3")),
        ("document.lcpdf", at_root(random, "document.pdf")),
        (
            "zip64.epub",
            book_changed(random, |container| container.zip64 = true),
        ),
        ("comment.epub", book_changed(random, with_comment)),
        ("prefixed.epub", book_changed(random, with_prefix)),
        (
            "prefixed-and-counted.epub",
            book_changed(random, with_counted_prefix),
        ),
    ];
    in_directory("containers", documents, BackedUp)
}

/// Returns publications whose license cannot be read.
fn damaged(random: &mut Random) -> Vec<SampleLicense> {
    let mut license = |change: &dyn Fn(&mut Entry)| {
        let mut license = Entry::deflated(IN_EPUB, &lcp::license(random, 0).bytes);
        change(&mut license);
        license
    };
    let encrypted = license(&|license| license.flags |= 1);
    let wrong_crc = license(&|license| license.crc32 ^= 1);
    let claims = license(&|license| license.size = 2 << 30);
    let undamaged = license(&|_| {});
    let inflating = |mebibytes| {
        let mut entry = Entry::of_deflated(IN_EPUB, deflated_zeros(mebibytes));
        entry.size = 1000;
        entry
    };
    let wmdrm = Entry::deflated(IN_EPUB, &response(&[version_2(random, GRANT, 0)]).bytes);
    let text = Entry::deflated(IN_EPUB, b"This is no license.\n");
    let mut two = epub(random, undamaged.clone(), SHORT);
    two.entries
        .push(Entry::deflated(AT_ROOT, &lcp::license(random, 0).bytes));
    let mut many = epub(random, undamaged, SHORT);
    (many.zip64, many.claimed_entries) = (true, Some(1 << 32));
    let mut with = |license| epub(random, license, SHORT);
    let documents = [
        ("encrypted.epub", with(encrypted)),
        ("wrong-crc.epub", with(wrong_crc)),
        ("claims-2-gib.epub", with(claims)),
        ("inflates-to-1000-mib.epub", with(inflating(1000))),
        ("inflates-to-2-gib.epub", with(inflating(2048))),
        ("no-license.epub", with(text)),
        ("license-of-another-format.epub", with(wmdrm)),
        ("two-licenses.epub", two),
        ("claims-4294967296-entries.epub", many),
    ]
    .map(|(name, container)| (name, Document::foreign(container.bytes())));
    let mut cut = book(random).bytes;
    cut.truncate(cut.len() - 200);
    let documents = documents
        .into_iter()
        .chain([("cut.epub", Document::foreign(cut))]);
    in_directory("damaged", documents, Error("malformed"))
}

/// Returns `mebibytes` MiB of zeros in deflated form, which has 1 KiB per MiB.
fn deflated_zeros(mebibytes: usize) -> Vec<u8> {
    let level = CompressionLevel::DefaultLevel;
    let mut compressor = CompressorOxide::with_format_and_level(DataFormat::Raw, level);
    // After a full flush, the same bytes can follow again.
    let mut block = vec![0; 8 << 10];
    let result = deflate(
        &mut compressor,
        &vec![0; 1 << 20],
        &mut block,
        MZFlush::Full,
    );
    let mut data = block[..result.bytes_written].repeat(mebibytes);
    // The last block, which is empty.
    data.extend_from_slice(&[3, 0]);
    data
}

/// Returns containers without a license.
fn without_license(random: &mut Random) -> Vec<SampleLicense> {
    let mut archive = |length| {
        let entries = vec![
            Entry::deflated("notes.txt", b"The licenses of the old laptop.\n"),
            Entry::stored("photo.jpg", random.bytes(length)),
            Entry::stored("backup/license.lcpl.old", "no license"),
        ];
        Container::of(entries).bytes()
    };
    let (small, large) = (archive(900), archive(MAXIMUM_SIZE + 900));
    // The file ends in the middle of the photo, so that nothing in it resembles a publication.
    let cut = small[..900].to_vec();
    let documents = [("small.zip", small), ("large.zip", large), ("cut.zip", cut)];
    let documents = documents.map(|(name, bytes)| (name, Document::foreign(bytes)));
    in_directory("no-license", documents, Restricted("unrecognized"))
}

/// Returns publications whose names are not next to the names of their licenses in a backup: other
/// names sort between them.
fn in_order(random: &mut Random) -> Vec<SampleLicense> {
    let documents = [
        ("a", book(random)),
        ("a-b", lcp::license(random, 0)),
        ("a-c", book(random)),
        ("a-c-d", lcp::license(random, 0)),
        ("a.b", lcp::license(random, 0)),
        ("a.lcpl-b", lcp::license(random, 0)),
        ("a0", lcp::license(random, 0)),
    ];
    in_directory("order", documents, BackedUp)
}

/// Returns the directory in which Thorium Reader stores publications.
fn library(random: &mut Random) -> Vec<SampleLicense> {
    let place = |number: u32, name: &str| {
        let directory = format!("{number:08x}-5c1d-4e7b-9a30-1f6d0c2b8e47");
        format!("publications/{directory}/{name}")
    };
    let cover = [b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", &random.bytes(600)[..]].concat();
    let license = lcp::license(random, 0);
    let (exported, other) = (book_of(random, license.clone()), lcp::license(random, 0));
    vec![
        book(random).at(place(1, "book.epub"), BackedUp),
        Document::foreign(cover).at(place(1, "cover.png"), Restricted("unrecognized")),
        book(random).at(place(2, "book.epub"), BackedUp),
        exported.at(place(3, "book.epub"), Duplicate),
        license.at(place(3, "book.epub.lcpl"), BackedUp),
        book(random).at(place(4, "book.epub"), Error("shadowed")),
        other.at(place(4, "book.epub.lcpl"), BackedUp),
    ]
}
