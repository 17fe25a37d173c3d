use glob::{MatchOptions, Pattern};
use proptest::prelude::*;

use super::*;
use crate::ErrorCode;

fn filter(include: &[&str], license_ids: &[&str], key_ids: &[&str]) -> Filter {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Filter::new(&LicenseFilter {
        include: owned(include),
        license_ids: owned(license_ids),
        key_ids: owned(key_ids),
    })
    .expect("the patterns are valid")
}

fn identity(license_id: &str, key_id: &str) -> LicenseIdentity {
    LicenseIdentity {
        license_ids: vec!["other".to_owned(), license_id.to_owned()],
        key_ids: vec![key_id.to_owned()],
        ..LicenseIdentity::default()
    }
}

#[test]
fn a_pattern_matches_within_components_and_across_directories() {
    for (pattern, matching, others) in [
        ("*.lic", &["a.lic", ".lic"][..], &["d/a.lic", "a.LIC"][..]),
        ("**/*.lic", &["a.lic", "d/a.lic", "d/e/.a.lic"], &["d/a.li"]),
        ("a/**", &["a/b", "a/b/c"], &["a", "b/a/c", "ab/c"]),
        ("**", &["a", "a/b/c"], &[]),
        ("a/**/b", &["a/b", "a/x/b", "a/x/y/b"], &["a/b/c", "ab"]),
        ("**/a/**/b", &["a/b", "x/a/a/x/b"], &["a", "b", "x/b"]),
        ("?", &["a", "é", "*"], &["", "ab", "/"]),
        ("?/a", &["b/a"], &["a", "//a"]),
        ("[ab]", &["a", "b"], &["c", "ab"]),
        ("[!a]*", &["b", "bc"], &["a", "ab", "b/c"]),
        ("[a-c]1", &["b1"], &["d1", "-1"]),
        ("a[*]b", &["a*b"], &["axb", "a[*]b"]),
        ("a b/c\\d", &["a b/c\\d"], &["a b/c/d", "a b/cd"]),
    ] {
        let filter = filter(&[pattern], &[], &[]);
        for path in matching {
            assert!(filter.includes_path(path), "{pattern} {path}");
        }
        for path in others {
            assert!(!filter.includes_path(path), "{pattern} {path}");
        }
    }
}

#[test]
fn a_filter_includes_what_any_pattern_or_id_matches() {
    let filter = filter(&["a", "b*"], &["{L}", "m"], &["k=="]);
    for (path, license_id, key_id) in [
        ("a", "x", "x"),
        ("b1", "x", "x"),
        ("x", "{L}", "x"),
        ("x", "m", "x"),
        ("x", "x", "k=="),
    ] {
        let identity = identity(license_id, key_id);
        assert!(filter.includes(path, &identity), "{path} {identity:?}");
    }
    for (path, license_id, key_id) in [("x", "x", "x"), ("x", "k==", "m"), ("x", "{l}", "k=")] {
        let identity = identity(license_id, key_id);
        assert!(!filter.includes(path, &identity), "{path} {identity:?}");
    }
}

#[test]
fn an_empty_filter_includes_all() {
    let filter = filter(&[], &[], &[]);
    assert!(filter.includes("a/b", &LicenseIdentity::default()) && !filter.has_ids());
}

#[test]
fn a_filter_of_ids_includes_no_license_without_ids() {
    let filter = filter(&[], &[""], &[""]);
    assert!(!filter.includes("a", &LicenseIdentity::default()));
}

#[test]
fn an_invalid_pattern_is_an_invalid_argument() {
    for pattern in [
        "", "/a", "a/", "a//b", "./a", "../a", "a/..", "a***b", "a**", "**a", "***", "[", "[]",
        "a[", "[!]", "[a/b]", "x/[a",
    ] {
        let filter = LicenseFilter {
            include: vec!["a".to_owned(), pattern.to_owned()],
            ..LicenseFilter::default()
        };
        let failure = Filter::new(&filter).expect_err(pattern);
        assert_eq!(failure.code, ErrorCode::InvalidArgument, "{failure}");
        let start = format!("cannot use the pattern {pattern}: ");
        assert!(failure.message.starts_with(&start), "{failure}");
    }
}

#[test]
fn a_long_path_cannot_keep_a_filter_busy() {
    let filter = filter(&["**/*a*a*a*a*a*b/**/*a*a*a*c/x"], &[], &[]);
    let name = "a".repeat(10_000);
    assert!(!filter.includes_path(&format!("{name}/{name}/{name}")));
    assert!(!filter.includes_path(&"a/".repeat(10_000)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_pattern_matches_what_the_crate_matches(
        pattern in prop::collection::vec("([ab*?]|\\[a\\]){1,3}|\\*\\*", 1..5),
        path in prop::collection::vec("[ab]{1,3}", 1..6),
    ) {
        let (pattern, path) = (pattern.join("/"), path.join("/"));
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: false,
        };
        match (PathPattern::new(&pattern), Pattern::new(&pattern)) {
            (Ok(own), Ok(glob)) => {
                prop_assert_eq!(own.matches(&path), glob.matches_with(&path, options));
            }
            (own, glob) => prop_assert_eq!(own.is_err(), glob.is_err()),
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_filter_may_be_given_in_part() {
    let filter: LicenseFilter =
        serde_json::from_str(r#"{"include": ["*"]}"#).expect("the other fields have defaults");
    assert_eq!(
        filter,
        LicenseFilter {
            include: vec!["*".to_owned()],
            ..LicenseFilter::default()
        }
    );
}
