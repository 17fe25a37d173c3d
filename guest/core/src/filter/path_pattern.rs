//! Patterns of paths, component by component.
//!
//! The crate `glob` matches each component. Matching a path as a whole with it takes time that grows
//! with a power of the length of the path, whose exponent is the number of stars: a backup from
//! another source could keep a restore busy for days. Within a component, its time is proportional
//! to the length.

use glob::{MatchOptions, Pattern};

use crate::{ErrorCode, Failure};

/// The options with which `glob` matches a component.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};
/// The characters with which a wildcard starts.
const WILDCARDS: [char; 3] = ['*', '?', '['];
/// The component that matches any number of directories.
const DIRECTORIES: &str = "**";

/// A pattern of the paths of licenses.
#[derive(Debug)]
pub(super) struct PathPattern(Vec<Component>);

/// A component of a pattern.
#[derive(Debug)]
enum Component {
    /// Any number of directories; at the end, of components, but at least one.
    Directories,
    /// One component.
    Name(NamePattern),
}

/// A pattern of one component.
#[derive(Debug)]
struct NamePattern {
    /// The text before the first wildcard and after the last one. Most names differ in it from the
    /// pattern, which takes less time to find than that the pattern does not match.
    prefix: String,
    suffix: String,
    pattern: Pattern,
}

impl PathPattern {
    /// Parses a pattern.
    pub(super) fn new(pattern: &str) -> Result<Self, Failure> {
        let components = pattern.split('/').map(Component::new).collect();
        let components: Result<_, String> = components;
        components.map(Self).map_err(|cause| {
            let message = format!(
                "cannot use the pattern {pattern}: {cause}; use a path as a listing returns it, \
                 with * in a name, **/ for directories, and [*] for a star itself"
            );
            Failure::new(ErrorCode::InvalidArgument, message)
        })
    }

    /// Returns `true` if the pattern may match a path other than itself.
    pub(super) fn has_wildcards(&self) -> bool {
        let has_wildcards = |component: &Component| match component {
            Component::Directories => true,
            Component::Name(name) => name.pattern.as_str().contains(WILDCARDS),
        };
        self.0.iter().any(has_wildcards)
    }

    /// Returns `true` if a path matches the pattern.
    pub(super) fn matches(&self, path: &str) -> bool {
        // Most files have another name, whatever their directories are.
        if let Some(Component::Name(last)) = self.0.last() {
            let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
            if !last.matches(name) {
                return false;
            }
        }
        let (mut names, mut next) = (path.split('/'), 0);
        // Where to continue if the last `**` matches one directory more: no path matches only if an
        // earlier `**` matches more, too.
        let mut retry = None;
        loop {
            let mut rest = names.clone();
            let name = rest.next();
            match (self.0.get(next), name) {
                (None, None) => return true,
                (Some(Component::Directories), _) if next + 1 == self.0.len() => {
                    return name.is_some();
                }
                (Some(Component::Directories), _) => {
                    next += 1;
                    retry = Some((next, names.clone()));
                    continue;
                }
                (Some(Component::Name(pattern)), Some(name)) if pattern.matches(name) => {
                    next += 1;
                    names = rest;
                    continue;
                }
                _ => {}
            }
            let Some((after, start)) = &mut retry else {
                return false;
            };
            if start.next().is_none() {
                return false;
            }
            next = *after;
            names = start.clone();
        }
    }
}

impl Component {
    fn new(component: &str) -> Result<Self, String> {
        match component {
            "" | "." | ".." => Err("it has an empty, `.` or `..` component".to_owned()),
            DIRECTORIES => Ok(Self::Directories),
            name => NamePattern::new(name).map(Self::Name),
        }
    }
}

impl NamePattern {
    fn new(pattern: &str) -> Result<Self, String> {
        let (prefix, _) = pattern.split_once(WILDCARDS).unwrap_or((pattern, ""));
        let (_, suffix) = pattern
            .rsplit_once(['*', '?', ']'])
            .unwrap_or(("", pattern));
        Ok(Self {
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            pattern: Pattern::new(pattern).map_err(|error| error.msg.to_owned())?,
        })
    }

    fn matches(&self, name: &str) -> bool {
        name.starts_with(&self.prefix)
            && name.ends_with(&self.suffix)
            && self.pattern.matches_with(name, OPTIONS)
    }
}
