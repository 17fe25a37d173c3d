//! The target for the resolution of paths.

use crate::{ErrorCode, HintFor, OpenedDirectories, Resolved};

/// Treats the last line of the input as a path, and the lines before it as the names of
/// opened directories.
///
/// # Panics
///
/// If the path is resolved to a wrong directory.
pub fn paths(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    let (names, path) = text.rsplit_once('\n').unwrap_or(("", text));
    let names: Vec<&str> = names.split('\n').collect();
    let resolved = opened(&names).resolve(path);
    let cannot_be_used =
        path.is_empty() || path.contains('\0') || path.split(is_separator).any(|part| part == "..");
    match &resolved {
        Ok(resolved) => {
            assert!(!cannot_be_used, "{path:?} resolves to {resolved:?}");
            check(&names, path, resolved);
        }
        Err(failure) => {
            assert_eq!(failure.path.as_deref(), Some(path));
            assert!(
                failure.code == ErrorCode::InvalidArgument || !cannot_be_used,
                "{failure}"
            );
            if failure.code == ErrorCode::PathNotFound {
                assert!(
                    names
                        .iter()
                        .all(|name| opened(&[name]).resolve(path).is_err()),
                    "{names:?} contain {path:?}"
                );
            }
        }
    }
    // The separator of the root itself is not a trailing one.
    if path.len() > 1 {
        for separator in ['/', '\\'] {
            let trailing = opened(&names).resolve(&format!("{path}{separator}"));
            assert_eq!(
                trailing.ok(),
                resolved.clone().ok(),
                "{path:?} with {separator:?} at its end"
            );
        }
    }
}

/// Checks the result of the resolution of a path.
fn check(names: &[&str], path: &str, resolved: &Resolved) {
    let Resolved { index, below } = resolved;
    let name = names[*index];
    for part in below {
        let is_one_name =
            !part.contains(['/', '\\', '\0']) && !matches!(part.as_str(), "" | "." | "..");
        assert!(is_one_name, "{path:?} resolves to {resolved:?}");
    }
    let (name_parts, path_parts) = (parts(name), parts(path));
    let (above, rest) = path_parts
        .split_at_checked(name_parts.len())
        .expect("a prefix is not longer than the path");
    assert_eq!(rest, below, "{path:?} below {name:?}");
    for (position, (ours, theirs)) in name_parts.iter().zip(above).enumerate() {
        let is_same_share = position < 2 && to_lowercase(ours) == to_lowercase(theirs);
        assert!(
            ours == theirs || is_same_share,
            "{name:?} is not a prefix of {path:?}"
        );
    }
    for (other_index, other) in names.iter().enumerate() {
        let alone = opened(&[other]).resolve(path);
        if other_index == *index {
            assert_eq!(
                alone,
                Ok(Resolved {
                    index: 0,
                    below: below.clone()
                }),
                "{path:?} below {name:?} alone"
            );
        }
        // A path that can also be a UNC path resolves to a share even if the other
        // interpretation has a longer prefix.
        let can_be_two = path.starts_with(is_separator)
            && path[1..].starts_with(is_separator)
            && !path.starts_with(r"\\");
        let is_longer = alone.is_ok_and(|alone| alone.below.len() < below.len());
        assert!(
            can_be_two || !is_longer,
            "{other:?} contains more of {path:?} than {name:?}"
        );
    }
}

fn opened(names: &[&str]) -> OpenedDirectories {
    OpenedDirectories::new(
        HintFor::WasmtimeCli,
        names.iter().map(|&name| name.to_owned()),
    )
}

/// Returns the names in a path, without the prefix `\\?\UNC`.
fn parts(path: &str) -> Vec<&str> {
    let parts: Vec<_> = path.split(is_separator).collect();
    let is_named = |part: &&str| !matches!(*part, "" | ".");
    let start = if let ["", "", "?", _, ..] = parts[..] {
        4
    } else {
        0
    };
    parts[start..].iter().copied().filter(is_named).collect()
}

fn is_separator(character: char) -> bool {
    matches!(character, '/' | '\\')
}

fn to_lowercase(name: &str) -> String {
    name.chars().flat_map(char::to_lowercase).collect()
}
