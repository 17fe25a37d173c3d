use super::*;

/// Creates a temporary directory with these directories in it. Its path has no symbolic link.
fn with_directories(names: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().expect("there is a temporary directory");
    for name in names {
        fs::create_dir_all(root.path().join(name)).expect("it can be created");
    }
    let path = root.path().canonicalize().expect("it exists");
    (root, path)
}

fn by_globs(root: &Path, patterns: &[&str], to: &str) -> Result<Vec<Target>, StoresError> {
    let pattern = |pattern: &&str| root.join(pattern).to_string_lossy().into_owned();
    let patterns: Vec<_> = patterns.iter().map(pattern).collect();
    targets(Selection::Globs(&patterns), &root.join(to))
}

fn by_list(root: &Path, text: &str) -> Result<Vec<Target>, StoresError> {
    let list = root.join("list");
    fs::write(&list, text).expect("it can be written");
    targets(Selection::List(&list), &root.join("to"))
}

/// Asserts that an error begins with this text, after the path of the root is removed.
#[track_caller]
fn assert_refused(result: Result<Vec<Target>, StoresError>, root: &Path, expected: &str) {
    let message = result.expect_err("it is refused").to_string();
    let message = message.replace(&*root.to_string_lossy(), "");
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn each_store_has_a_directory_at_its_whole_path() {
    let (_guard, root) = with_directories(&["home/b/licenses", "home/a/licenses", "home/c"]);
    let stores = by_globs(&root, &["home/*/licenses"], "to").expect("two directories match");
    let expected = ["a", "b"].map(|name| {
        let store = root.join("home").join(name).join("licenses");
        let directory = root.join("to").join(relative(&store));
        Target { store, directory }
    });
    assert_eq!(stores, expected);
}

#[cfg(unix)]
#[test]
fn a_path_below_another_directory_has_no_root() {
    for (path, expected) in [("/home/a", "home/a"), ("/a/./b/", "a/b"), ("/", "")] {
        assert_eq!(relative(Path::new(path)), Path::new(expected));
    }
}

#[test]
fn files_do_not_match_a_pattern() {
    let (_guard, root) = with_directories(&["home/a"]);
    fs::write(root.join("home/file"), "").expect("it can be written");
    let stores = by_globs(&root, &["home/*"], "to").expect("a directory matches");
    assert_eq!(stores.len(), 1);
    assert_refused(
        by_globs(&root, &["home/fil*"], "to"),
        &root,
        "no directory matches /home/fil*",
    );
}

#[test]
fn a_pattern_that_matches_nothing_is_refused_although_another_one_matches() {
    let (_guard, root) = with_directories(&["home/a"]);
    let result = by_globs(&root, &["home/*", "missing/*"], "to");
    assert_refused(result, &root, "no directory matches /missing/*");
}

#[test]
fn an_invalid_pattern_is_refused() {
    let (_guard, root) = with_directories(&["a"]);
    assert_refused(
        by_globs(&root, &["[a"], "to"),
        &root,
        "the pattern /[a is invalid",
    );
}

#[test]
fn a_store_that_is_named_twice_is_refused() {
    let (_guard, root) = with_directories(&["home/a"]);
    let result = by_globs(&root, &["home/*", "home/a/"], "to");
    assert_refused(result, &root, "the store /home/a is named twice");
}

#[test]
fn a_store_in_another_store_is_refused() {
    let (_guard, root) = with_directories(&["home/a/b/c", "home/a.x", "home/a-"]);
    let result = by_globs(&root, &["home/*", "home/a/b/c"], "to");
    let expected = "the store /home/a contains the store /home/a/b/c";
    assert_refused(result, &root, expected);
}

#[test]
fn stores_and_backups_that_contain_each_other_are_refused() {
    let (_guard, root) = with_directories(&["home/a", "to/b"]);
    for (pattern, to) in [
        ("home/*", "home"),
        ("home/*", "home/a"),
        ("home/*", "home/a/x/y"),
    ] {
        let result = by_globs(&root, &[pattern], to);
        assert_refused(
            result,
            &root,
            "the store /home/a and the directory of the backups",
        );
    }
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_does_not_hide_that_the_backups_are_in_a_store() {
    let (_guard, root) = with_directories(&["home/a/deep"]);
    std::os::unix::fs::symlink(root.join("home/a/deep"), root.join("link")).expect("it is new");
    let result = by_globs(&root, &["home/*"], "link/to");
    assert_refused(
        result,
        &root,
        "the store /home/a and the directory of the backups /link/to",
    );
}

#[test]
fn a_list_has_a_store_in_each_line() {
    let (_guard, root) = with_directories(&[]);
    let (one, other) = (root.join("stores/b # c"), root.join("stores/a"));
    let text = format!(
        "# comment\n\n{}\n  \n{}\r\n",
        one.display(),
        other.display()
    );
    let stores = by_list(&root, &text).expect("the list names two stores");
    let stores: Vec<_> = stores.into_iter().map(|target| target.store).collect();
    assert_eq!(stores, [other, one]);
}

#[test]
fn a_list_without_stores_or_that_cannot_be_read_is_refused() {
    let (_guard, root) = with_directories(&[]);
    for text in ["", "\n\n", "# comment\n"] {
        assert_refused(
            by_list(&root, text),
            &root,
            "the list of stores /list names no store",
        );
    }
    let missing = targets(Selection::List(&root.join("missing")), &root.join("to"));
    assert_refused(missing, &root, "cannot read the list of stores /missing: ");
}

#[test]
fn a_relative_store_is_made_absolute_and_parents_are_refused() {
    let (_guard, root) = with_directories(&[]);
    let stores = by_list(&root, "./a//b/\n").expect("the list names a store");
    let current = path::absolute(".").expect("there is a current directory");
    assert_eq!(stores[0].store, current.join("a/b"));
    assert_refused(by_list(&root, "../a\n"), &root, "the path ../a contains ..");
}
