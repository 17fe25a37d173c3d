//! Licenses around the sizes at which behavior changes: one read, several reads, and too large.

use super::random::Random;
use super::{Document, Expected, MAXIMUM_SIZE, SampleLicense, lcp, wmdrm, xmr};

/// The largest number of bytes that one read of the component returns.
const READ: usize = 64 << 10;

/// The GUID at the start of a film in Windows Media.
const ASF_HEADER: [u8; 16] = *b"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\x00\xAA\x00\x62\xCE\x6C";

pub(super) fn catalogue(random: &mut Random) -> Vec<SampleLicense> {
    let mut files: Vec<_> = [
        READ - 1,
        READ,
        READ + 1,
        2 * READ,
        2 * READ + 1,
        MAXIMUM_SIZE - 1,
        MAXIMUM_SIZE,
    ]
    .into_iter()
    .map(|size| wmdrm::allowed(random, size).at(format!("sizes/{size}.lic"), Expected::BackedUp))
    .collect();
    files.push(xmr::allowed(random, READ).at(format!("sizes/{READ}.xmr"), Expected::BackedUp));
    files.push(
        lcp::allowed(random, READ + 1).at(format!("sizes/{}.lcpl", READ + 1), Expected::BackedUp),
    );
    let too_large = MAXIMUM_SIZE + 1;
    files.push(wmdrm::allowed(random, too_large).at(
        format!("sizes/{too_large}.lic"),
        Expected::Error("too-large"),
    ));
    // A file that does not begin like a license document is not a license, whatever its size.
    let film = [&ASF_HEADER[..], &random.bytes(5_000_000)].concat();
    let page = [
        "<html>\n<body>\n",
        &"<p>No license.</p>\n".repeat(MAXIMUM_SIZE / 16),
    ]
    .concat();
    for (name, bytes) in [("film.wmv", film), ("page.html", page.into_bytes())] {
        let document = Document::foreign(bytes);
        files.push(document.at(
            format!("sizes/{name}"),
            Expected::Restricted("unrecognized"),
        ));
    }
    files
}
