//! Licenses that are ordinary except for their names.

use std::path::{Path, PathBuf};

use super::random::Random;
use super::wmdrm::{GRANT, response, version_2};
use super::{Expected, SampleLicense};

/// Names that every system can store.
const EVERYWHERE: &[&str] = &[
    "with space.lic",
    " leading space.lic",
    "it's.lic",
    "-leading-dash.lic",
    "--to",
    "no-extension",
    ".hidden",
    "percent%20sign.lic",
    "#hash & ampersand;.lic",
    "émigré.lic",
    "日本語.lic",
    "🎵 music.lic",
    "deep/er/and/deeper/and/deeper/still.lic",
    // These four sort on both sides of the separator: `-` `.` `/` `0`.
    "order/a-b",
    "order/a.b",
    "order/a/b",
    "order/a0b",
];

/// Names that some system cannot store, or treats as equal to another name.
const LINUX_ONLY: &[&str] = &[
    "double \"quotes\".lic",
    "new\nline.lic",
    "carriage\rreturn.lic",
    "tab\tand escape\u{1B}[31m.lic",
    "trailing space ",
    "trailing dot.",
    "back\\slash.lic",
    "c:x",
    "NUL",
    "star*and?.lic",
    "A.lic",
    "a.lic",
    "composed-\u{E9}.lic",
    "composed-e\u{301}.lic",
    "right-to-left-\u{202E}cil.exe",
];

/// Names that a backup must not contain, because a reader that treats `\` as a separator would
/// resolve them to another path.
const ILLEGAL: &[&str] = &[
    "..\\up.lic",
    "a\\..\\b.lic",
    "empty\\\\part.lic",
    "\\leading.lic",
    "trailing\\",
];

pub(super) fn catalogue(random: &mut Random) -> Vec<SampleLicense> {
    let mut names: Vec<(PathBuf, Expected)> = Vec::new();
    let mut add = |name: &Path, expected| names.push((Path::new("names").join(name), expected));
    for name in EVERYWHERE {
        add(name.as_ref(), Expected::BackedUp);
    }
    let longest = format!("{}.lic", "n".repeat(251));
    add(longest.as_ref(), Expected::BackedUp);
    if cfg!(target_os = "linux") {
        for name in LINUX_ONLY {
            add(name.as_ref(), Expected::BackedUp);
        }
        for name in ILLEGAL {
            add(name.as_ref(), Expected::Error("illegal-name"));
        }
        // This name has 255 bytes and 128 characters.
        let longest = format!("{}n", "é".repeat(127));
        add(longest.as_ref(), Expected::BackedUp);
    }
    let mut files: Vec<_> = names
        .into_iter()
        .map(|(path, expected)| response(&[version_2(random, GRANT, 0)]).at(path, expected))
        .collect();
    #[cfg(target_os = "linux")]
    files.push(not_utf8(random));
    files
}

/// Returns a license whose name is Latin-1.
#[cfg(target_os = "linux")]
fn not_utf8(random: &mut Random) -> SampleLicense {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let path = Path::new("names/not-utf-8").join(OsStr::from_bytes(b"\xE9t\xE9.lic"));
    response(&[version_2(random, GRANT, 0)]).at(path, Expected::Error("illegal-name"))
}
