//! The resolution of a path to an opened directory and the names to open below it.
//!
//! A guest has no file system of its own. It has only the directories that its host
//! opened, each under a name that the host chose. The longest of these names that is a
//! prefix of a path determines the directory; the other components of the path are opened
//! one after the other.

use crate::{ErrorCode, Failure};

/// The name under which the host opens the license store.
pub const STORE: &str = "/licenses";

/// The reader of an error message about a path, which determines the advice in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HintFor {
    /// The developer of the program that embeds the component. The advice is to open a
    /// directory in the host.
    Embedder,
    /// The user of the command line of wasmtime. The advice is an option `--dir`.
    WasmtimeCli,
}

/// The names of the directories that the host opened.
#[derive(Debug, Clone)]
pub struct OpenedDirectories {
    hint_for: HintFor,
    names: Vec<String>,
    locations: Vec<Option<Location>>,
}

/// A path below an opened directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The index of the opened directory among the names that were passed.
    pub index: usize,
    /// The names to open below it, one after the other. Empty if the path is that of the
    /// opened directory itself.
    pub below: Vec<String>,
}

/// A path, split into its components.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Location {
    root: Root,
    parts: Vec<String>,
}

/// The start of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    /// `\\server\share`: a UNC path. The case of the first two components does not count.
    Unc,
    /// `//x/y`: a UNC path if such a directory is opened, and otherwise the same as `/x/y`.
    Either,
    /// `/x`
    Absolute,
    /// `x`
    Relative,
}

impl OpenedDirectories {
    /// Returns the opened directories of these names. A name that is not a valid path
    /// contains no path.
    pub fn new(hint_for: HintFor, names: impl IntoIterator<Item = String>) -> Self {
        let names: Vec<String> = names.into_iter().collect();
        let locations = names
            .iter()
            .map(|name| Location::parse(name).ok().map(Location::into_name))
            .collect();
        Self {
            hint_for,
            names,
            locations,
        }
    }

    /// Resolves a path. Of the opened directories that contain the path, the one with the
    /// longest name is returned.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidArgument`] for an empty path, a NUL, a `..`, a UNC path
    /// without server or share, and a device path (`\\.\`, `\\?\C:`);
    /// [`ErrorCode::PathNotFound`] if no opened directory contains the path.
    pub fn resolve(&self, path: &str) -> Result<Resolved, Failure> {
        let location = Location::parse(path).map_err(|fault| {
            Failure::at(
                ErrorCode::InvalidArgument,
                path,
                format!("the path \"{path}\" cannot be used: {fault}"),
            )
        })?;
        let name = location.directory_to_open();
        location
            .interpretations()
            .iter()
            .find_map(|path| self.longest_prefix(path))
            .ok_or_else(|| {
                let message = format!(
                    "no opened directory contains {path}: {}; {}",
                    self.opened(),
                    self.advice(&name)
                );
                Failure::at(ErrorCode::PathNotFound, path, message)
            })
    }

    /// Returns the index of the opened directory that is the license store.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::PathNotFound`] if there is none.
    pub fn store(&self) -> Result<usize, Failure> {
        match self.resolve(STORE) {
            Ok(Resolved { index, below }) if below.is_empty() => Ok(index),
            _ => {
                let (opened, advice) = (self.opened(), self.advice(STORE));
                let message = format!(
                    "no directory is opened as {STORE}, the license store: {opened}; {advice}"
                );
                Err(Failure::at(ErrorCode::PathNotFound, STORE, message))
            }
        }
    }

    /// Resolves a path to the opened directory with the longest name that contains it.
    fn longest_prefix(&self, path: &Location) -> Option<Resolved> {
        let mut best: Option<Resolved> = None;
        for (index, opened) in self.locations.iter().enumerate() {
            let Some(below) = opened
                .as_ref()
                .and_then(|opened| opened.components_below(path))
            else {
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

    /// Returns the failure for a path that does not exist in an opened directory.
    #[must_use]
    pub fn missing_directory(&self, path: &str) -> Failure {
        let message = format!(
            "the directory {path} does not exist: {}; create it, or pass another one",
            self.opened()
        );
        Failure::at(ErrorCode::PathNotFound, path, message)
    }

    /// Returns the advice for the case that no directory is opened under a name.
    fn advice(&self, name: &str) -> String {
        match self.hint_for {
            HintFor::Embedder => "open a directory under this name in the host".to_owned(),
            HintFor::WasmtimeCli => format!("add --dir {}", quoted(&format!("DIRECTORY::{name}"))),
        }
    }

    /// Returns the names of the opened directories as a clause of a message.
    fn opened(&self) -> String {
        match self.names.as_slice() {
            [] => "the host opened no directory".to_owned(),
            names => format!("the host opened {}", names.join(", ")),
        }
    }
}

impl Location {
    /// Parses a path. The error is the cause in a few words.
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
            return Err("a UNC path needs a server and a share: \\\\server\\share");
        }
        Ok(Self { root, parts })
    }

    /// Splits off the root of a path.
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
                .ok_or("it is a device path, not a UNC path");
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

    /// Returns the interpretations of the path. The first one that an opened directory
    /// contains applies.
    fn interpretations(self) -> Vec<Self> {
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

    /// Returns the interpretation of the path as the name of an opened directory:
    /// `//server/share` is a UNC path.
    fn into_name(self) -> Self {
        let root = match self.root {
            Root::Either if self.parts.len() >= 2 => Root::Unc,
            Root::Either => Root::Absolute,
            root => root,
        };
        Self { root, ..self }
    }

    /// Returns the name of a directory that contains this path if the host opens it: the
    /// share of a UNC path, `.` for a relative path, and otherwise the path itself.
    fn directory_to_open(&self) -> String {
        match (self.root, self.parts.as_slice()) {
            (Root::Unc | Root::Either, [server, share, ..]) => format!("\\\\{server}\\{share}"),
            (Root::Relative, _) => ".".to_owned(),
            (Root::Unc | Root::Either | Root::Absolute, parts) => format!("/{}", parts.join("/")),
        }
    }

    /// Returns the components of `path` below this directory, or `None` if the directory
    /// does not contain the path.
    fn components_below<'a>(&self, path: &'a Self) -> Option<&'a [String]> {
        if self.root != path.root || self.parts.len() > path.parts.len() {
            return None;
        }
        let case_insensitive = if self.root == Root::Unc { 2 } else { 0 };
        let (above, below) = path.parts.split_at(self.parts.len());
        let same = self
            .parts
            .iter()
            .zip(above)
            .enumerate()
            .all(|(position, (ours, theirs))| {
                ours == theirs
                    || (position < case_insensitive && to_lowercase(ours).eq(to_lowercase(theirs)))
            });
        same.then_some(below)
    }
}

/// Quotes a word for a shell.
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

/// Returns the characters of a name in lower case, to compare names without case.
fn to_lowercase(name: &str) -> impl Iterator<Item = char> {
    name.chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(names: &[&str]) -> OpenedDirectories {
        OpenedDirectories::new(HintFor::Embedder, names.iter().map(|&name| name.to_owned()))
    }

    /// Returns the name of the opened directory, and the names below it separated by `/`.
    fn resolved(names: &[&str], path: &str) -> Option<(String, String)> {
        let found = opened(names).resolve(path).ok()?;
        Some((names[found.index].to_owned(), found.below.join("/")))
    }

    fn found(name: &str, below: &str) -> (String, String) {
        (name.to_owned(), below.to_owned())
    }

    #[test]
    fn an_opened_directory_contains_paths_by_whole_components() {
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
    fn the_opened_directory_with_the_longest_name_is_used() {
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
    fn either_separator_may_be_trailing_or_doubled() {
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
    fn every_spelling_of_a_unc_path_resolves_to_the_share() {
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
    fn case_counts_below_the_share() {
        assert_eq!(
            resolved(&["\\\\nas\\backups\\Laptop"], "\\\\nas\\backups\\laptop"),
            None
        );
    }

    #[test]
    fn two_slashes_are_unc_only_if_the_share_is_opened() {
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
    fn an_invalid_path_is_an_invalid_argument() {
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
    fn a_device_path_needs_no_separator_at_its_end() {
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
    fn a_path_outside_is_reported_with_the_opened_directories() {
        let failure = opened(&["/licenses", "/backup"])
            .resolve("/mnt")
            .unwrap_err();
        assert_eq!(failure.code, ErrorCode::PathNotFound);
        assert!(failure.message.contains("/licenses, /backup"), "{failure}");
    }

    #[test]
    fn a_missing_path_is_reported_with_the_opened_directories() {
        let failure = opened(&["/licenses", "/backup"]).missing_directory("/backup/laptop");
        assert_eq!(failure.code, ErrorCode::PathNotFound);
        assert!(failure.message.contains("/licenses, /backup"), "{failure}");
    }

    #[test]
    fn only_the_directory_opened_as_licenses_is_the_store() {
        assert_eq!(opened(&["/backup", "/licenses/"]).store(), Ok(1));
        let failure = opened(&["/", "/backup"]).store().unwrap_err();
        assert_eq!(failure.code, ErrorCode::PathNotFound);
        assert!(
            failure.message.contains("as /licenses") && failure.message.contains("/, /backup"),
            "{failure}"
        );
    }

    #[test]
    fn the_advice_to_an_embedder_is_to_open_a_directory() {
        for failure in [
            opened(&["/backup"]).store().unwrap_err(),
            opened(&[]).resolve("/backup").unwrap_err(),
        ] {
            assert!(
                failure
                    .message
                    .ends_with("; open a directory under this name in the host"),
                "{failure}"
            );
        }
    }

    #[test]
    fn the_advice_to_a_user_of_wasmtime_is_an_option() {
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
    fn a_directory_opened_as_advised_contains_the_path() {
        for path in [
            "/a/b",
            "a/b",
            "\\\\nas\\backups\\laptop",
            "//nas/backups/laptop",
            "//nas",
            "/",
            "//",
        ] {
            let name = Location::parse(path)
                .expect("it is a path")
                .directory_to_open();
            assert!(
                opened(&[&name]).resolve(path).is_ok(),
                "{path} below {name}"
            );
        }
    }
}
