//! UNC shares, and the directories of the host that stand for them.
//!
//! The rules of UNC paths are the core's. What is decided here is which paths they apply to: a host has paths of its own.

use std::path::{Path, PathBuf};

use license_backup_core::{ErrorCode, Failure, HintFor, OpenedDirectories, Resolved};

use crate::ShareError;

/// The shares that an embedder has mapped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shares(Vec<(String, PathBuf)>);

/// Where a path leads on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// A directory that the embedder has named.
    pub(crate) directory: PathBuf,
    /// The names to open from there, one after the other and following no link.
    pub(crate) below: Vec<String>,
}

impl Shares {
    /// Maps a share, anew if it is mapped already.
    pub(crate) fn map(&mut self, share: &str, directory: PathBuf) -> Result<(), ShareError> {
        // With backslashes it is a UNC path or none. With slashes it could also be an ordinary path.
        let name = share.replace('/', "\\");
        if !name.starts_with("\\\\") || resolve([name.as_str()], &name).is_err() {
            return Err(ShareError {
                share: share.to_owned(),
            });
        }
        let is_same =
            |mapped: &str| resolve([mapped], &name).is_ok_and(|found| found.below.is_empty());
        self.0.retain(|(mapped, _)| !is_same(mapped));
        self.0.push((name, directory));
        Ok(())
    }

    /// Finds out where a path leads: below a share that covers it, and otherwise where the host says.
    ///
    /// # Errors
    ///
    /// With any share mapped, [`ErrorCode::PathNotFound`] for a UNC path that none covers, and
    /// [`ErrorCode::InvalidArgument`] for one that cannot be used.
    pub(crate) fn locate(&self, path: &Path) -> Result<Place, Failure> {
        let on_the_host = Place {
            directory: path.to_owned(),
            below: Vec::new(),
        };
        // What is not UTF-8 is no UNC path.
        let Some(name) = path.to_str().filter(|_| !self.0.is_empty()) else {
            return Ok(on_the_host);
        };
        match self.resolve(name) {
            Ok(Resolved { index, below }) => match self.0.get(index) {
                Some((_, directory)) => Ok(Place {
                    directory: directory.clone(),
                    below,
                }),
                None => Ok(on_the_host),
            },
            Err(failure) if name.starts_with("\\\\") || self.covers_the_beginning_of(name) => {
                Err(match failure.code {
                    ErrorCode::PathNotFound => self.not_mapped(name),
                    _ => failure,
                })
            }
            Err(_) => Ok(on_the_host),
        }
    }

    fn resolve(&self, path: &str) -> Result<Resolved, Failure> {
        resolve(self.names(), path)
    }

    /// Whether it is what follows the name of a share that makes a path one that cannot be used.
    fn covers_the_beginning_of(&self, path: &str) -> bool {
        let mut beginnings = path
            .match_indices(['/', '\\'])
            .filter_map(|(end, _)| path.get(..end));
        beginnings.any(|beginning| self.resolve(beginning).is_ok())
    }

    fn not_mapped(&self, path: &str) -> Failure {
        let names = self.names().collect::<Vec<_>>().join(", ");
        let message = format!(
            "no share covers {path}: mapped are {names}; map its share to a directory first"
        );
        Failure::at(ErrorCode::PathNotFound, path, message)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// Finds the name that covers a path.
fn resolve<'a>(names: impl IntoIterator<Item = &'a str>, path: &str) -> Result<Resolved, Failure> {
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
                .expect("it is the name of a share");
        }
        shares
    }

    /// The directory on the host, and what is opened below it with `/` between.
    fn located(shares: &Shares, path: &str) -> (String, String) {
        let Place { directory, below } =
            shares.locate(Path::new(path)).expect("it leads somewhere");
        (directory.display().to_string(), below.join("/"))
    }

    fn refused(shares: &Shares, path: &str) -> Failure {
        shares
            .locate(Path::new(path))
            .expect_err("it leads nowhere")
    }

    #[test]
    fn a_path_on_a_share_leads_to_its_directory_and_the_longest_name_wins() {
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
                located(&shares, path),
                (directory.to_owned(), below.to_owned()),
                "{path}"
            );
        }
    }

    #[test]
    fn what_is_no_unc_path_is_the_hosts_own() {
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
            assert_eq!(located(&shares, path), (path.to_owned(), String::new()));
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
                located(&Shares::default(), path),
                (path.to_owned(), String::new())
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_utf_8_is_the_hosts_own() {
        use std::os::unix::ffi::OsStrExt as _;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"\\\\nas\\backups\\\xff"));
        let place = shares(&["\\\\nas\\backups"]).locate(path);
        assert_eq!(
            place,
            Ok(Place {
                directory: path.to_owned(),
                below: Vec::new()
            })
        );
    }

    #[test]
    fn a_unc_path_that_no_share_covers_is_told_with_the_shares() {
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
    fn a_unc_path_that_cannot_be_used_is_an_invalid_argument() {
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
        let no_shares = [
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
        for name in no_shares {
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
    fn a_share_that_is_mapped_anew_leads_to_the_new_directory() {
        let mut shares = shares(&["\\\\nas\\backups"]);
        shares
            .map("//NAS/BACKUPS/", "/elsewhere".into())
            .expect("it is the name of a share");
        assert_eq!(
            located(&shares, "\\\\nas\\backups\\a"),
            ("/elsewhere".to_owned(), "a".to_owned())
        );
        assert_eq!(shares.names().count(), 1);
    }
}
