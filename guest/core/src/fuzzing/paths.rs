//! The target for the resolution of paths.

use crate::{ErrorCode, HintFor, OpenedDirectories, Resolved};

/// Takes the last line of the input for a path, and those before it for the names of opened directories.
///
/// # Panics
///
/// If the path does not resolve as it has to.
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
            assert!(!cannot_be_used, "{path:?} leads to {resolved:?}");
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
                    "{names:?} cover {path:?}"
                );
            }
        }
    }
    // Of the root itself the separator is no trailing one.
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

/// Checks what a path was resolved to.
fn check(names: &[&str], path: &str, resolved: &Resolved) {
    let Resolved { index, below } = resolved;
    let name = names[*index];
    for part in below {
        let is_one_name =
            !part.contains(['/', '\\', '\0']) && !matches!(part.as_str(), "" | "." | "..");
        assert!(is_one_name, "{path:?} leads to {resolved:?}");
    }
    let (name_parts, path_parts) = (parts(name), parts(path));
    let (above, rest) = path_parts
        .split_at_checked(name_parts.len())
        .expect("a prefix is no longer than the path");
    assert_eq!(rest, below, "{path:?} below {name:?}");
    for (position, (ours, theirs)) in name_parts.iter().zip(above).enumerate() {
        let is_same_share = position < 2 && small_letters(ours) == small_letters(theirs);
        assert!(
            ours == theirs || is_same_share,
            "{name:?} is no prefix of {path:?}"
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
        // As a UNC path it has to be no longer than as the other that it can be.
        let can_be_two = path.starts_with(is_separator)
            && path[1..].starts_with(is_separator)
            && !path.starts_with(r"\\");
        let is_longer = alone.is_ok_and(|alone| alone.below.len() < below.len());
        assert!(
            can_be_two || !is_longer,
            "{other:?} covers more of {path:?} than {name:?}"
        );
    }
}

fn opened(names: &[&str]) -> OpenedDirectories {
    OpenedDirectories::new(
        HintFor::WasmtimeCli,
        names.iter().map(|&name| name.to_owned()),
    )
}

/// The names in a path, `\\?\UNC` being none.
fn parts(path: &str) -> Vec<&str> {
    let parts: Vec<_> = path.split(is_separator).collect();
    let is_named = |part: &&str| !matches!(*part, "" | ".");
    let behind = if let ["", "", "?", _, ..] = parts[..] {
        4
    } else {
        0
    };
    parts[behind..].iter().copied().filter(is_named).collect()
}

fn is_separator(character: char) -> bool {
    matches!(character, '/' | '\\')
}

fn small_letters(name: &str) -> String {
    name.chars().flat_map(char::to_lowercase).collect()
}
