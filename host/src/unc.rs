//! UNC shares, and the directories of the host that they are mapped to.
//!
//! The core defines the rules of UNC paths. This module decides which paths they apply to, since a
//! host has paths of its own.

use std::path::{Component, Path, PathBuf, Prefix};

use license_backup_core::{ErrorCode, Failure, HintFor, OpenedDirectories, Resolved};

use crate::ShareError;

/// The shares that an embedder has mapped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shares(Vec<(String, PathBuf)>);

/// The location of a path on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostLocation {
    /// A directory that the embedder has named.
    pub(crate) directory: PathBuf,
    /// The names to open from there, one after the other and without following links.
    pub(crate) below: Vec<String>,
}

impl Shares {
    /// Maps a share to a directory, instead of an earlier one.
    ///
    /// # Errors
    ///
    /// Returns an error if `share` is not the name of a UNC share.
    pub(crate) fn map(&mut self, share: &str, directory: PathBuf) -> Result<(), ShareError> {
        // A name with slashes could also be an ordinary path, so that the rules need backslashes.
        let name = share.replace('/', "\\");
        if !name.starts_with("\\\\") || find([name.as_str()], &name).is_err() {
            return Err(ShareError {
                share: share.to_owned(),
            });
        }
        let is_same =
            |mapped: &str| find([mapped], &name).is_ok_and(|found| found.below.is_empty());
        self.0.retain(|(mapped, _)| !is_same(mapped));
        self.0.push((name, directory));
        Ok(())
    }

    /// Resolves a path to its location: below the share that contains it, and otherwise the path
    /// itself.
    ///
    /// # Errors
    ///
    /// If any share is mapped, returns [`ErrorCode::PathNotFound`] for a UNC path that no share
    /// contains, and [`ErrorCode::InvalidArgument`] for an invalid one.
    pub(crate) fn resolve(&self, path: &Path) -> Result<HostLocation, Failure> {
        let on_the_host = HostLocation {
            directory: path.to_owned(),
            below: Vec::new(),
        };
        // A path that is not UTF-8 is not a UNC path.
        let Some(name) = path.to_str().filter(|_| !self.0.is_empty()) else {
            return Ok(on_the_host);
        };
        match self.find(name) {
            Ok(Resolved { index, below }) => match self.0.get(index) {
                Some((_, directory)) => Ok(HostLocation {
                    directory: directory.clone(),
                    below,
                }),
                None => Ok(on_the_host),
            },
            Err(_) if is_on_a_drive(path) => Ok(on_the_host),
            Err(failure) if name.starts_with("\\\\") || self.contains_a_parent_of(name) => {
                Err(match failure.code {
                    ErrorCode::PathNotFound => self.not_mapped(name),
                    _ => failure,
                })
            }
            Err(_) => Ok(on_the_host),
        }
    }

    fn find(&self, path: &str) -> Result<Resolved, Failure> {
        find(self.names(), path)
    }

    /// Returns `true` if a share contains the beginning of a path, so that only its end is invalid.
    fn contains_a_parent_of(&self, path: &str) -> bool {
        let mut beginnings = path
            .match_indices(['/', '\\'])
            .filter_map(|(end, _)| path.get(..end));
        beginnings.any(|beginning| self.find(beginning).is_ok())
    }

    fn not_mapped(&self, path: &str) -> Failure {
        let names = self.names().collect::<Vec<_>>().join(", ");
        let message = format!(
            "no mapped share contains {path}; map its share to a directory first (mapped: {names})"
        );
        Failure::at(ErrorCode::PathNotFound, path, message)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// Returns `true` for a path such as `\\?\C:\backup`, which only Windows has.
fn is_on_a_drive(path: &Path) -> bool {
    match path.components().next() {
        Some(Component::Prefix(prefix)) => {
            matches!(prefix.kind(), Prefix::Disk(_) | Prefix::VerbatimDisk(_))
        }
        _ => false,
    }
}

/// Finds the share that contains a path.
fn find<'a>(names: impl IntoIterator<Item = &'a str>, path: &str) -> Result<Resolved, Failure> {
    OpenedDirectories::new(HintFor::Embedder, names.into_iter().map(str::to_owned)).resolve(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(names: &[&str]) -> Shares {
        let mut shares = Shares::default();
        for name in names {
            shares
                .map(name, Path::new("/mnt").join(name.replace('\\', "-")))
                .expect("the name is that of a share");
        }
        shares
    }

    /// Returns the directory on the host, and the names below it with `/` between.
    fn location(shares: &Shares, path: &str) -> (String, String) {
        let HostLocation { directory, below } =
            shares.resolve(Path::new(path)).expect("the path is valid");
        (directory.display().to_string(), below.join("/"))
    }

    fn refused(shares: &Shares, path: &str) -> Failure {
        shares
            .resolve(Path::new(path))
            .expect_err("the path is refused")
    }

    #[test]
    fn a_path_on_a_share_is_below_its_directory() {
        let shares = shares(&["\\\\nas\\backups", "\\\\nas\\backups\\old", "//nas/more"]);
        for (path, directory, below) in [
            ("\\\\nas\\backups", "/mnt/--nas-backups", ""),
            ("\\\\NAS\\Backups\\a\\b\\", "/mnt/--nas-backups", "a/b"),
            ("\\\\?\\UNC\\nas\\backups\\a", "/mnt/--nas-backups", "a"),
            ("//nas/backups/a", "/mnt/--nas-backups", "a"),
            ("\\\\nas/backups\\old/a", "/mnt/--nas-backups-old", "a"),
            ("\\\\nas\\more\\a", "//nas/more", "a"),
        ] {
            assert_eq!(
                location(&shares, path),
                (directory.to_owned(), below.to_owned()),
                "{path}"
            );
        }
    }

    #[test]
    fn other_paths_are_the_hosts_own() {
        let shares = shares(&["\\\\nas\\backups"]);
        for path in [
            "/backup",
            "../backup",
            "backup/..",
            "",
            ".",
            "//nas/other",
            "//nas/../backups",
            "/nas/backups",
        ] {
            assert_eq!(location(&shares, path), (path.to_owned(), String::new()));
        }
    }

    #[test]
    fn without_shares_every_path_is_the_hosts_own() {
        for path in [
            "\\\\nas\\backups",
            "\\\\nas\\backups\\..",
            "\\\\?\\C:\\backup",
            "//nas/backups",
        ] {
            assert_eq!(
                location(&Shares::default(), path),
                (path.to_owned(), String::new())
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_not_utf_8_is_the_hosts_own() {
        use std::os::unix::ffi::OsStrExt as _;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"\\\\nas\\backups\\\xff"));
        let location = shares(&["\\\\nas\\backups"]).resolve(path);
        assert_eq!(
            location,
            Ok(HostLocation {
                directory: path.to_owned(),
                below: Vec::new()
            })
        );
    }

    #[test]
    fn a_unc_path_on_no_share_is_refused_with_the_shares() {
        let shares = shares(&["\\\\nas\\backups", "\\\\nas\\more"]);
        for path in [
            "\\\\nas\\other\\a",
            "\\\\other\\backups",
            "\\\\?\\UNC\\nas\\backup",
        ] {
            let failure = refused(&shares, path);
            assert_eq!(
                (failure.code, failure.path.as_deref()),
                (ErrorCode::PathNotFound, Some(path))
            );
            assert!(
                failure.message.contains("\\\\nas\\backups, \\\\nas\\more"),
                "{failure}"
            );
        }
    }

    #[test]
    fn an_invalid_unc_path_is_an_invalid_argument() {
        let shares = shares(&["\\\\nas\\backups"]);
        for path in [
            "\\\\nas\\backups\\..\\secret",
            "\\\\other\\share\\..",
            "//nas/backups/../secret",
            "//NAS/backups/..",
            "//nas/backups/a\0",
            "\\\\nas",
            "\\\\?\\C:\\backup",
        ] {
            let failure = refused(&shares, path);
            assert_eq!(
                (failure.code, failure.path.as_deref()),
                (ErrorCode::InvalidArgument, Some(path))
            );
        }
    }

    #[test]
    fn only_a_server_and_a_share_can_be_mapped() {
        let other_names = [
            "",
            "/",
            "/nas/backups",
            "nas\\backups",
            "\\nas\\backups",
            "\\\\nas",
            "//nas/",
            "\\\\nas\\..",
            "\\\\?\\C:\\x",
        ];
        for name in other_names {
            let refused = Shares::default().map(name, "/mnt".into()).expect_err(name);
            assert!(refused.to_string().contains(name), "{refused}");
        }
        for name in [
            "\\\\nas\\backups",
            "//nas/backups/",
            "\\\\?\\UNC\\nas\\backups\\laptop",
        ] {
            Shares::default().map(name, "/mnt".into()).expect(name);
        }
    }

    #[test]
    fn a_share_that_is_mapped_again_has_the_new_directory() {
        let mut shares = shares(&["\\\\nas\\backups"]);
        shares
            .map("//NAS/BACKUPS/", "/elsewhere".into())
            .expect("the name is that of a share");
        assert_eq!(
            location(&shares, "\\\\nas\\backups\\a"),
            ("/elsewhere".to_owned(), "a".to_owned())
        );
        assert_eq!(shares.names().count(), 1);
    }
}
