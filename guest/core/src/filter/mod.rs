//! The choice of some of the licenses of a store or a backup.

mod path_pattern;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use path_pattern::PathPattern;

use crate::{Failure, LicenseIdentity};

/// The licenses that a restore or a listing includes: those that match any of the patterns and IDs.
/// An empty filter includes all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct LicenseFilter {
    /// Patterns of paths relative to the store, with `/` between the components. In a component,
    /// `*` matches any characters, `?` one character, and `[ab]`, `[a-z]` and `[!ab]` one of these or
    /// of all other characters; `[*]` matches a star. The component `**` matches any number of
    /// directories, and at the end of a pattern everything below a directory. Upper and lower case
    /// differ, and a dot at the start of a name is a character like others.
    pub include: Vec<String>,
    /// License IDs, as a listing returns them: [`LicenseIdentity::license_ids`]. They are compared
    /// as strings.
    pub license_ids: Vec<String>,
    /// Key IDs, as a listing returns them: [`LicenseIdentity::key_ids`]. They are compared as
    /// strings.
    pub key_ids: Vec<String>,
}

impl LicenseFilter {
    /// Returns `true` if the filter includes all licenses, because it has no pattern and no ID.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.include.is_empty() && self.license_ids.is_empty() && self.key_ids.is_empty()
    }
}

/// A filter whose patterns were parsed.
#[derive(Debug)]
pub(crate) struct Filter {
    /// The patterns without wildcards: there may be as many as licenses.
    paths: BTreeSet<String>,
    patterns: Vec<PathPattern>,
    license_ids: BTreeSet<String>,
    key_ids: BTreeSet<String>,
    includes_all: bool,
}

impl Filter {
    /// Parses the patterns of a filter.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidArgument`](crate::ErrorCode::InvalidArgument) for a pattern that is
    /// invalid.
    pub(crate) fn new(filter: &LicenseFilter) -> Result<Self, Failure> {
        let (mut paths, mut patterns) = (BTreeSet::new(), Vec::new());
        for pattern in &filter.include {
            let parsed = PathPattern::new(pattern)?;
            if parsed.has_wildcards() {
                patterns.push(parsed);
            } else {
                paths.insert(pattern.clone());
            }
        }
        Ok(Self {
            paths,
            patterns,
            license_ids: filter.license_ids.iter().cloned().collect(),
            key_ids: filter.key_ids.iter().cloned().collect(),
            includes_all: filter.is_empty(),
        })
    }

    /// Returns `true` if the filter includes all licenses.
    pub(crate) fn includes_all(&self) -> bool {
        self.includes_all
    }

    /// Returns `true` if the filter has IDs, so that the path of a license that it does not include
    /// by its path does not decide.
    pub(crate) fn has_ids(&self) -> bool {
        !self.license_ids.is_empty() || !self.key_ids.is_empty()
    }

    /// Returns `true` if the filter includes a license because of its path, whatever its IDs are.
    pub(crate) fn includes_path(&self, path: &str) -> bool {
        self.includes_all
            || self.paths.contains(path)
            || self.patterns.iter().any(|pattern| pattern.matches(path))
    }

    /// Returns `true` if the filter includes a license because of its IDs.
    pub(crate) fn includes_ids(&self, identity: &LicenseIdentity) -> bool {
        let has_any = |ids: &[String], included: &BTreeSet<String>| {
            !included.is_empty() && ids.iter().any(|id| included.contains(id))
        };
        has_any(&identity.license_ids, &self.license_ids)
            || has_any(&identity.key_ids, &self.key_ids)
    }

    /// Returns `true` if the filter includes a license.
    pub(crate) fn includes(&self, path: &str, identity: &LicenseIdentity) -> bool {
        self.includes_path(path) || self.includes_ids(identity)
    }
}
