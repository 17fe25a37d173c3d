//! Licenses about the sizes at which something changes: a single read, several, and too large to be read.

use super::random::Random;
use super::{Document, Expected, MAXIMUM_SIZE, SampleLicense, lcp, wmdrm, xmr};

/// The most that one read gives.
const READ: usize = 64 << 10;

pub(super) fn catalogue(random: &mut Random) -> Vec<SampleLicense> {
    let mut files: Vec<_> = [READ - 1, READ, READ + 1, 2 * READ, 2 * READ + 1, MAXIMUM_SIZE - 1, MAXIMUM_SIZE]
        .into_iter()
        .map(|size| wmdrm::allowed(random, size).at(format!("sizes/{size}.lic"), Expected::BackedUp))
        .collect();
    files.push(xmr::allowed(random, READ).at(format!("sizes/{READ}.xmr"), Expected::BackedUp));
    files.push(lcp::allowed(random, READ + 1).at(format!("sizes/{}.lcpl", READ + 1), Expected::BackedUp));
    let beyond = MAXIMUM_SIZE + 1;
    files.push(wmdrm::allowed(random, beyond).at(format!("sizes/{beyond}.lic"), Expected::Error("too-large")));
    let film = Document::foreign(random.bytes(3 << 20));
    files.push(film.at("sizes/film.wmv", Expected::Error("too-large")));
    files
}
