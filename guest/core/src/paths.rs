//! From a path that a caller gives to an opened directory and the names below it.
//!
//! A guest has no file system of its own, only directories that its host opened under names of the host's choice. A path
//! is matched against these names; what is left of it is opened component by component.

use crate::{ErrorCode, Failure};

/// Where the host opens the license store.
pub const STORE: &str = "/licenses";

/// Who opens directories for a component: the one whom a message asks to open another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HintFor {
    /// The program that embeds the component.
    Embedder,
    /// Whoever types the command line of a WASI runtime, which opens directories with `--dir`.
    WasmtimeCli,
}

/// The directories that the host has opened, by name.
#[derive(Debug, Clone)]
pub struct OpenedDirectories {
    opener: HintFor,
    names: Vec<String>,
    locations: Vec<Option<Location>>,
}

/// A path below an opened directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The position of the opened directory among those that were given.
    pub index: usize,
    /// The names to open from there, one after the other; none when the path is the opened directory itself.
    pub below: Vec<String>,
}

/// A path, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Location {
    root: Root,
    parts: Vec<String>,
}

/// Where a path starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    /// `\\server\share`: the first two parts are compared without case.
    Unc,
    /// `//x/y`: a UNC path if such a directory is open, and otherwise the same as `/x/y`.
    Either,
    /// `/x`
    Absolute,
    /// `x`
    Relative,
}

impl OpenedDirectories {
    /// Takes the names under which directories were opened. A name that is no path covers nothing.
    pub fn new(opener: HintFor, names: impl IntoIterator<Item = String>) -> Self {
        let names: Vec<String> = names.into_iter().collect();
        let locations = names
            .iter()
            .map(|name| Location::parse(name).ok().map(Location::declared))
            .collect();
        Self {
            opener,
            names,
            locations,
        }
    }

    /// Finds the opened directory that covers `path` with the longest name, and what is left of the path.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidArgument`] for an empty path, a NUL, a `..`, a UNC path without server and share and a
    /// device path (`\\.\`, `\\?\C:`); [`ErrorCode::PathNotFound`] when no opened directory covers the path.
    pub fn resolve(&self, path: &str) -> Result<Resolved, Failure> {
        let location = Location::parse(path).map_err(|fault| {
            Failure::at(
                ErrorCode::InvalidArgument,
                path,
                format!("the path \"{path}\" cannot be used: {fault}"),
            )
        })?;
        let name = location.to_open();
        location
            .readings()
            .iter()
            .find_map(|reading| self.longest_prefix(reading))
            .ok_or_else(|| {
                let message = format!(
                    "no opened directory covers {path}: {}; {}",
                    self.open(),
                    self.advice(&name)
                );
                Failure::at(ErrorCode::PathNotFound, path, message)
            })
    }

    /// Finds the opened directory that is the license store.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::PathNotFound`] when there is none.
    pub fn store(&self) -> Result<usize, Failure> {
        match self.resolve(STORE) {
            Ok(Resolved { index, below }) if below.is_empty() => Ok(index),
            _ => {
                let (open, advice) = (self.open(), self.advice(STORE));
                let message =
                    format!("no directory is open as {STORE}, the license store: {open}; {advice}");
                Err(Failure::at(ErrorCode::PathNotFound, STORE, message))
            }
        }
    }

    fn longest_prefix(&self, path: &Location) -> Option<Resolved> {
        let mut best: Option<Resolved> = None;
        for (index, opened) in self.locations.iter().enumerate() {
            let Some(below) = opened.as_ref().and_then(|opened| opened.covers(path)) else {
                continue;
            };
            if best
                .as_ref()
                .is_none_or(|best| below.len() < best.below.len())
            {
                best = Some(Resolved {
                    index,
                    below: below.to_vec(),
                });
            }
        }
        best
    }

    /// What to tell of a path that an opened directory covers, and that is not there.
    #[must_use]
    pub fn not_there(&self, path: &str) -> Failure {
        let message = format!(
            "the directory {path} is not there: create it, or give another one ({})",
            self.open()
        );
        Failure::at(ErrorCode::PathNotFound, path, message)
    }

    /// What to do so that a directory is open under a name.
    fn advice(&self, name: &str) -> String {
        match self.opener {
            HintFor::Embedder => "have the host open one there".to_owned(),
            HintFor::WasmtimeCli => format!("add --dir {}", quoted(&format!("DIRECTORY::{name}"))),
        }
    }

    fn open(&self) -> String {
        match self.names.as_slice() {
            [] => "no directory is open".to_owned(),
            names => format!("open are {}", names.join(", ")),
        }
    }
}

impl Location {
    /// Takes a path apart, or says in a few words why it cannot be used.
    fn parse(path: &str) -> Result<Self, &'static str> {
        if path.is_empty() {
            return Err("it is empty");
        }
        if path.contains('\0') {
            return Err("it contains a NUL");
        }
        let (root, rest) = Self::split_root(path)?;
        let parts: Vec<String> = rest
            .split(is_separator)
            .filter(|part| !matches!(*part, "" | "."))
            .map(str::to_owned)
            .collect();
        if parts.iter().any(|part| part == "..") {
            return Err("it contains `..`, which could lead out of the opened directory");
        }
        if root == Root::Unc && parts.len() < 2 {
            return Err("a UNC path names a server and a share: \\\\server\\share");
        }
        Ok(Self { root, parts })
    }

    fn split_root(path: &str) -> Result<(Root, &str), &'static str> {
        let Some(rest) = path.strip_prefix(is_separator) else {
            return Ok((Root::Relative, path));
        };
        let Some(rest) = rest.strip_prefix(is_separator) else {
            return Ok((Root::Absolute, rest));
        };
        let device = rest.strip_prefix(['?', '.']);
        if let Some(device) =
            device.filter(|device| device.is_empty() || device.starts_with(is_separator))
        {
            let share = device
                .get(1..4)
                .filter(|word| rest.starts_with('?') && word.eq_ignore_ascii_case("UNC"));
            let share = share
                .and_then(|_| device.get(4..))
                .and_then(|rest| rest.strip_prefix(is_separator));
            return share
                .map(|share| (Root::Unc, share))
                .ok_or("it is a device path, and no UNC path");
        }
        Ok((
            if path.starts_with("\\\\") {
                Root::Unc
            } else {
                Root::Either
            },
            rest,
        ))
    }

    /// What the path can mean, the first that is covered by an opened directory being what it does mean.
    fn readings(self) -> Vec<Self> {
        match self.root {
            Root::Either => {
                vec![
                    Self {
                        root: Root::Unc,
                        parts: self.parts.clone(),
                    },
                    Self {
                        root: Root::Absolute,
                        ..self
                    },
                ]
            }
            Root::Unc | Root::Absolute | Root::Relative => vec![self],
        }
    }

    /// What the path means as the name of an opened directory: `//server/share` is how a UNC path is declared.
    fn declared(self) -> Self {
        let root = match self.root {
            Root::Either if self.parts.len() >= 2 => Root::Unc,
            Root::Either => Root::Absolute,
            root => root,
        };
        Self { root, ..self }
    }

    /// The name under which a directory can be opened that then covers this path: of a UNC path the share, and otherwise the
    /// path itself.
    fn to_open(&self) -> String {
        match (self.root, self.parts.as_slice()) {
            (Root::Unc | Root::Either, [server, share, ..]) => format!("\\\\{server}\\{share}"),
            (Root::Relative, _) => ".".to_owned(),
            (Root::Unc | Root::Either | Root::Absolute, parts) => format!("/{}", parts.join("/")),
        }
    }

    /// What is left of `path` below this directory, if the directory covers it.
    fn covers<'a>(&self, path: &'a Self) -> Option<&'a [String]> {
        if self.root != path.root || self.parts.len() > path.parts.len() {
            return None;
        }
        let without_case = if self.root == Root::Unc { 2 } else { 0 };
        let (above, below) = path.parts.split_at(self.parts.len());
        let same = self
            .parts
            .iter()
            .zip(above)
            .enumerate()
            .all(|(position, (ours, theirs))| {
                ours == theirs
                    || (position < without_case && small_letters(ours).eq(small_letters(theirs)))
            });
        same.then_some(below)
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "/:._-".contains(character);
    if word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn is_separator(character: char) -> bool {
    matches!(character, '/' | '\\')
}

/// A name as it compares where case does not count.
fn small_letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(names: &[&str]) -> OpenedDirectories {
        OpenedDirectories::new(HintFor::Embedder, names.iter().map(|&name| name.to_owned()))
    }

    /// The name of the opened directory, and what is left below it with `/` between.
    fn resolved(names: &[&str], path: &str) -> Option<(String, String)> {
        let found = opened(names).resolve(path).ok()?;
        Some((names[found.index].to_owned(), found.below.join("/")))
    }

    fn found(name: &str, below: &str) -> (String, String) {
        (name.to_owned(), below.to_owned())
    }

    #[test]
    fn an_ordinary_path_is_covered_by_whole_components() {
        assert_eq!(
            resolved(&["/backup"], "/backup"),
            Some(found("/backup", ""))
        );
        assert_eq!(
            resolved(&["/backup"], "/backup/laptop/today"),
            Some(found("/backup", "laptop/today"))
        );
        assert_eq!(resolved(&["/back"], "/backup"), None);
        assert_eq!(resolved(&["/Backup"], "/backup"), None);
    }

    #[test]
    fn the_longest_opened_directory_wins_whatever_the_order() {
        for names in [
            ["/", "/a/b", "/a"],
            ["/a/b", "/a", "/"],
            ["/a", "/", "/a/b"],
        ] {
            assert_eq!(
                resolved(&names, "/a/b/c"),
                Some(found("/a/b", "c")),
                "{names:?}"
            );
            assert_eq!(
                resolved(&names, "/a/c"),
                Some(found("/a", "c")),
                "{names:?}"
            );
            assert_eq!(resolved(&names, "/c"), Some(found("/", "c")), "{names:?}");
        }
    }

    #[test]
    fn both_separators_count_and_a_trailing_or_doubled_one_does_not_matter() {
        for path in [
            "/backup/laptop",
            "/backup/laptop/",
            "/backup\\laptop\\",
            "\\backup//laptop",
            "/backup/./laptop",
        ] {
            assert_eq!(
                resolved(&["/backup/"], path),
                Some(found("/backup/", "laptop")),
                "{path}"
            );
        }
    }

    #[test]
    fn every_spelling_of_a_unc_path_finds_the_share() {
        let names = ["\\\\nas\\backups", "/backup"];
        for path in [
            "\\\\nas\\backups\\laptop",
            "\\\\NAS\\Backups\\laptop\\",
            "\\\\nas/backups/laptop",
            "\\\\?\\UNC\\nas\\backups\\laptop",
            "\\\\?\\unc\\Nas\\backups\\laptop",
            "//nas/backups/laptop",
            "//?/UNC/nas/backups/laptop",
        ] {
            assert_eq!(
                resolved(&names, path),
                Some(found(names[0], "laptop")),
                "{path}"
            );
        }
    }

    #[test]
    fn a_share_can_be_opened_under_every_spelling() {
        for name in [
            "\\\\nas\\backups",
            "//nas/backups",
            "\\\\?\\UNC\\nas\\backups",
            "\\\\NAS\\BACKUPS\\",
        ] {
            assert_eq!(
                resolved(&[name], "\\\\nas\\backups\\x"),
                Some(found(name, "x")),
                "{name}"
            );
        }
    }

    #[test]
    fn below_the_share_case_counts() {
        assert_eq!(
            resolved(&["\\\\nas\\backups\\Laptop"], "\\\\nas\\backups\\laptop"),
            None
        );
    }

    #[test]
    fn two_slashes_are_unc_only_if_such_a_directory_is_open() {
        assert_eq!(
            resolved(&["/nas"], "//nas/backups"),
            Some(found("/nas", "backups"))
        );
        assert_eq!(
            resolved(&["/nas", "//nas/backups"], "//nas/backups"),
            Some(found("//nas/backups", ""))
        );
        assert_eq!(resolved(&["/nas"], "\\\\nas\\backups"), None);
        assert_eq!(resolved(&["/"], "//nas"), Some(found("/", "nas")));
    }

    #[test]
    fn a_relative_path_needs_an_opened_dot() {
        assert_eq!(
            resolved(&["."], "backups/laptop"),
            Some(found(".", "backups/laptop"))
        );
        assert_eq!(resolved(&["."], "./backups"), Some(found(".", "backups")));
        assert_eq!(resolved(&["."], "."), Some(found(".", "")));
        assert_eq!(resolved(&["/"], "backups"), None);
        assert_eq!(resolved(&["."], "/backups"), None);
    }

    #[test]
    fn what_cannot_be_a_path_is_an_invalid_argument() {
        for path in [
            "",
            "/a/../b",
            "..",
            "\\\\nas\\backups\\..",
            "/a\0",
            "\\\\nas",
            "\\\\?\\C:\\x",
            "\\\\.\\C:",
            "//?/x/y",
        ] {
            let failure = opened(&["/", "."]).resolve(path).unwrap_err();
            assert_eq!(
                failure.code,
                ErrorCode::InvalidArgument,
                "{path:?}: {failure}"
            );
            assert_eq!(failure.path.as_deref(), Some(path));
        }
    }

    #[test]
    fn a_device_path_is_one_without_a_separator_at_its_end_too() {
        for path in ["//.", "//?", "\\\\.", "\\\\?"] {
            for path in [path, &format!("{path}/")] {
                let failure = opened(&["/"]).resolve(path).expect_err(path);
                assert_eq!(
                    failure.code,
                    ErrorCode::InvalidArgument,
                    "{path:?}: {failure}"
                );
            }
        }
    }

    #[test]
    fn what_no_opened_directory_covers_is_told_with_what_is_open() {
        let failure = opened(&["/licenses", "/backup"])
            .resolve("/mnt")
            .unwrap_err();
        assert_eq!(failure.code, ErrorCode::PathNotFound);
        assert!(failure.message.contains("/licenses, /backup"), "{failure}");
    }

    #[test]
    fn a_path_that_is_covered_but_not_there_is_told_with_what_is_open() {
        let failure = opened(&["/licenses", "/backup"]).not_there("/backup/laptop");
        assert_eq!(failure.code, ErrorCode::PathNotFound);
        assert!(failure.message.contains("/licenses, /backup"), "{failure}");
    }

    #[test]
    fn the_store_is_the_directory_opened_as_licenses_and_no_other() {
        assert_eq!(opened(&["/backup", "/licenses/"]).store(), Ok(1));
        let failure = opened(&["/", "/backup"]).store().unwrap_err();
        assert_eq!(failure.code, ErrorCode::PathNotFound);
        assert!(
            failure.message.contains("as /licenses") && failure.message.contains("/, /backup"),
            "{failure}"
        );
    }

    #[test]
    fn a_program_that_opened_too_little_is_told_to_open_more() {
        for failure in [
            opened(&["/backup"]).store().unwrap_err(),
            opened(&[]).resolve("/backup").unwrap_err(),
        ] {
            assert!(
                failure.message.ends_with("; have the host open one there"),
                "{failure}"
            );
        }
    }

    #[test]
    fn whoever_types_is_told_the_option_that_opens_a_directory_for_the_path() {
        let opened = OpenedDirectories::new(HintFor::WasmtimeCli, []);
        for (path, option) in [
            ("/backup/laptop/", "DIRECTORY::/backup/laptop"),
            ("/my backup's", r"'DIRECTORY::/my backup'\''s'"),
            ("backups/laptop", "DIRECTORY::."),
            ("\\\\nas\\backups\\laptop", r"'DIRECTORY::\\nas\backups'"),
            ("\\\\?\\UNC\\nas\\backups", r"'DIRECTORY::\\nas\backups'"),
            ("//nas/backups/laptop", r"'DIRECTORY::\\nas\backups'"),
            ("//nas", "DIRECTORY::/nas"),
        ] {
            let failure = opened.resolve(path).unwrap_err();
            assert!(
                failure.message.ends_with(&format!("; add --dir {option}")),
                "{path}: {failure}"
            );
        }
        let failure = opened.store().unwrap_err();
        assert!(
            failure
                .message
                .ends_with("; add --dir DIRECTORY::/licenses"),
            "{failure}"
        );
    }

    #[test]
    fn a_directory_opened_as_advised_covers_the_path() {
        for path in [
            "/a/b",
            "a/b",
            "\\\\nas\\backups\\laptop",
            "//nas/backups/laptop",
            "//nas",
            "/",
            "//",
        ] {
            let name = Location::parse(path).expect("it is a path").to_open();
            assert!(
                opened(&[&name]).resolve(path).is_ok(),
                "{path} below {name}"
            );
        }
    }
}
