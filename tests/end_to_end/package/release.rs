//! Tests of the release that `make package` writes to `target/dist`.
//!
//! `make test-package` creates the release and runs these tests. `make test` does neither.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use license_backup_tests::harness::{Sandbox, files_below, sources, target};
use license_backup_tests::sample::SampleStore;
use serde_json::Value;
use wasmparser::{ComponentName, KnownCustom, Parser, Payload};

/// The version of the release.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Returns the directory of the release.
fn dist() -> PathBuf {
    target().join("dist")
}

/// The target of the program for Windows.
const WINDOWS: &str = "x86_64-pc-windows-gnu";

/// Returns the file of the program of this machine with this suffix. Its name contains the platform,
/// and a release from one machine has exactly one such file.
fn program_file(suffix: &str) -> PathBuf {
    let prefix = format!("license-backup-{VERSION}-");
    let matches = |path: &PathBuf| {
        path.to_str().is_some_and(|name| {
            name.starts_with(&prefix) && name.ends_with(suffix) && !name.contains(WINDOWS)
        })
    };
    let files: Vec<_> = files_below(&dist()).into_keys().filter(matches).collect();
    let [file] = files.as_slice() else {
        panic!("exactly one file should match {prefix}*{suffix}: {files:?}")
    };
    dist().join(file)
}

/// Returns the version of the WIT package.
pub(crate) fn interface_version() -> String {
    let types =
        fs::read_to_string(sources().join("wit/types.wit")).expect("the WIT package exists");
    let package = types
        .lines()
        .find_map(|line| line.strip_prefix("package license-backup:management@"));
    package
        .expect("the file declares its package")
        .trim_end_matches(';')
        .to_owned()
}

/// Returns the file of the program for Windows with this suffix.
fn windows_file(suffix: &str) -> PathBuf {
    dist().join(format!("license-backup-{VERSION}-{WINDOWS}{suffix}"))
}

/// Unpacks an archive of the release, and returns the one directory in it.
fn unpacked(sandbox: &Sandbox, archive: &Path) -> PathBuf {
    let archive = archive.to_str().expect("the path of the checkout is UTF-8");
    let name = Path::new(archive)
        .file_name()
        .expect("the archive has a file name");
    let directory = sandbox.path(name);
    fs::create_dir(&directory).expect("the directory does not exist yet");
    let directory = directory
        .to_str()
        .expect("the path of the sandbox is UTF-8");
    // It recognizes the format of the archive.
    let _ = sandbox
        .system(["bsdtar", "-x", "-f", archive, "-C", directory])
        .run()
        .exits(0);
    let entries: Vec<_> = fs::read_dir(directory)
        .expect("the directory is readable")
        .collect();
    let [Ok(entry)] = entries.as_slice() else {
        panic!("{archive} should contain one directory: {entries:?}")
    };
    entry.path()
}

/// Unpacks the archive of the program, and returns its directory.
fn program(sandbox: &Sandbox) -> PathBuf {
    unpacked(sandbox, &program_file(".tar.gz"))
}

/// Unpacks the archive of the program for Windows, and returns its directory.
fn windows_program(sandbox: &Sandbox) -> PathBuf {
    unpacked(sandbox, &windows_file(".zip"))
}

/// Returns the content of a file.
fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

#[test]
#[ignore = "run by `make test-package`"]
fn every_file_of_a_release_has_its_checksum() {
    let sandbox = Sandbox::new();
    let checked = format!(
        "cd '{}' && sha256sum --check --strict SHA256SUMS",
        dist().display()
    );
    let checked = sandbox.system(["sh", "-c", &checked]).run().exits(0);
    let checked: BTreeSet<_> = checked
        .stdout()
        .lines()
        .filter_map(|line| line.strip_suffix(": OK"))
        .collect();
    let files = files_below(&dist());
    let files = files
        .keys()
        .filter_map(|path| path.to_str())
        .filter(|name| *name != "SHA256SUMS");
    assert_eq!(checked, files.collect());
}

/// Returns the metadata of a component: the texts of its custom sections, by name of the section.
///
/// The crate `wasm-metadata` can do the same, but enables features of shared dependencies, so that
/// Wasmtime would be compiled a second time.
fn metadata(component: &[u8]) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::new();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload.expect("the component is valid") {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::CustomSection(section) if depth == 0 => {
                if let KnownCustom::ComponentName(names) = section.as_known() {
                    for name in names {
                        if let Ok(ComponentName::Component { name, .. }) = name {
                            metadata.insert("name".to_owned(), name.to_owned());
                        }
                    }
                } else if let Ok(text) = str::from_utf8(section.data()) {
                    metadata.insert(section.name().to_owned(), text.to_owned());
                }
            }
            _ => {}
        }
    }
    metadata
}

#[test]
#[ignore = "run by `make test-package`"]
fn the_components_and_the_wit_package_have_metadata() {
    for (file, name, version) in [
        ("license-backup.wasm", "license-backup", VERSION),
        (
            "license-backup-command.wasm",
            "license-backup-command",
            VERSION,
        ),
        (
            "license-backup-management.wasm",
            "license-backup:management",
            &interface_version(),
        ),
    ] {
        let metadata = metadata(&read(&dist().join(file)));
        let of = |section: &str| metadata.get(section).map(String::as_str);
        assert_eq!(of("name"), Some(name), "{file}");
        assert_eq!(of("version"), Some(version), "{file}");
        assert_eq!(of("licenses"), Some("MIT OR Apache-2.0"), "{file}");
        assert!(
            of("description").is_some_and(|text| text.len() > 20),
            "{file} should have a description: {metadata:?}"
        );
    }
}

#[test]
#[ignore = "run by `make test-package`"]
fn the_released_program_backs_up_with_the_released_component() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(20));
    let binary = program(&sandbox).join("bin/license-backup");
    let component = dist().join("license-backup.wasm");
    let hash = sandbox
        .system([
            "sha256sum",
            component
                .to_str()
                .expect("the path of the checkout is UTF-8"),
        ])
        .run()
        .exits(0);
    let hash = hash
        .stdout()
        .split(' ')
        .next()
        .expect("the output begins with the hash");
    let version = sandbox
        .license_backup(["--version"])
        .with_binary(binary.clone())
        .run()
        .exits(0);
    assert!(version.stdout().contains(hash), "{}", version.report());
    let _ = sandbox
        .back_up(&[])
        .with_binary(binary.clone())
        .run()
        .exits(0);
    let _ = sandbox
        .license_backup(["verify", "--from", "backup"])
        .with_binary(binary)
        .run()
        .exits(0);
}

#[test]
#[ignore = "run by `make test-package`"]
fn the_archive_has_the_files_of_an_installation() {
    let sandbox = Sandbox::new();
    let files = files_below(&program(&sandbox));
    for expected in [
        "bin/license-backup",
        "share/bash-completion/completions/license-backup",
        "share/doc/license-backup/CHANGELOG.md",
        "share/doc/license-backup/LICENSE-APACHE",
        "share/doc/license-backup/LICENSE-MIT",
        "share/doc/license-backup/README.md",
        "share/doc/license-backup/SECURITY.md",
        "share/doc/license-backup/examples/systemd/license-backup-check.service",
        "share/doc/license-backup/examples/systemd/license-backup-check.timer",
        "share/doc/license-backup/examples/systemd/license-backup-failed@.service",
        "share/doc/license-backup/examples/systemd/license-backup.service",
        "share/doc/license-backup/examples/systemd/license-backup.timer",
        "share/doc/license-backup/license-backup.third-party.txt",
        "share/fish/vendor_completions.d/license-backup.fish",
        "share/man/man1/license-backup-backup.1",
        "share/man/man1/license-backup-list.1",
        "share/man/man1/license-backup-restore.1",
        "share/man/man1/license-backup-verify.1",
        "share/man/man1/license-backup.1",
        "share/zsh/site-functions/_license-backup",
    ] {
        let found = files.get(Path::new(expected));
        assert!(
            found.is_some_and(|content| !content.is_empty()),
            "{expected} should be among {:#?}",
            files.keys()
        );
    }
}

#[test]
#[ignore = "run by `make test-package`"]
fn the_archive_for_windows_has_the_tested_program_and_the_documents() {
    let sandbox = Sandbox::new();
    let root = windows_program(&sandbox);
    let tested = target().join(WINDOWS).join("release/license-backup.exe");
    assert!(read(&root.join("license-backup.exe")) == read(&tested));
    for name in [
        "license-backup.ps1",
        "doc/CHANGELOG.md",
        "doc/LICENSE-APACHE",
        "doc/LICENSE-MIT",
        "doc/README.md",
        "doc/SECURITY.md",
        "doc/examples/windows/register-tasks.ps1",
        "doc/license-backup.third-party.txt",
        "doc/license-backup.wasm.third-party.txt",
        "doc/rust-standard-library.html",
    ] {
        assert!(!read(&root.join(name)).is_empty(), "{name}");
    }
}

#[test]
#[ignore = "run by `make test-package`"]
fn every_link_in_the_documents_of_the_archive_resolves() {
    let sandbox = Sandbox::new();
    let documents = program(&sandbox).join("share/doc/license-backup");
    let mut links = 0;
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    ] {
        let document =
            String::from_utf8(read(&documents.join(name))).expect("the document is UTF-8");
        for link in document
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if !link.starts_with("https://") {
                assert!(
                    documents.join(link).exists(),
                    "the target of a link in {name} should exist: {link}"
                );
                links += 1;
            }
        }
    }
    assert!(
        links > 10,
        "the documents should have more than {links} links"
    );
}

#[test]
#[ignore = "run by `make test-package`"]
fn no_file_of_a_release_names_a_path_of_the_build_machine() {
    let sandbox = Sandbox::new();
    let cargo = std::env::var("CARGO_HOME")
        .or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")));
    let cargo = cargo.expect("`CARGO_HOME` or `HOME` is set");
    let compiler = sandbox
        .system(["rustc", "--print", "sysroot"])
        .run()
        .exits(0);
    let paths = ["guest", "host", "target"]
        .map(|directory| format!("{}/", sources().join(directory).display()));
    let compiler = format!("{}/lib/", compiler.stdout().trim_end());
    // The directory in which `make package` creates the release.
    let temporary = format!("{}/", std::env::temp_dir().display());
    let paths = [
        &[
            format!("{cargo}/registry/"),
            compiler,
            format!("file://{temporary}"),
        ],
        &paths[..],
    ]
    .concat();
    let crates = [
        "license-backup",
        "license-backup-cli",
        "license-backup-core",
        "license-backup-report",
    ]
    .map(|name| dist().join(format!("{name}-{VERSION}.crate")));
    let mut trees = vec![dist(), program(&sandbox), windows_program(&sandbox)];
    trees.extend(crates.iter().map(|archive| unpacked(&sandbox, archive)));
    for tree in trees {
        for (path, content) in files_below(&tree) {
            let content = String::from_utf8_lossy(&content);
            let found = paths.iter().find(|path| content.contains(path.as_str()));
            assert_eq!(
                found,
                None,
                "{} of {} should contain no path of the build machine",
                path.display(),
                tree.display()
            );
        }
    }
}

#[test]
#[ignore = "run by `make test-package`"]
fn the_crate_contains_the_released_component_and_its_terms() {
    let sandbox = Sandbox::new();
    let unpacked = unpacked(
        &sandbox,
        &dist().join(format!("license-backup-{VERSION}.crate")),
    );
    for file in ["license-backup.wasm", "license-backup.wasm.third-party.txt"] {
        assert!(
            read(&unpacked.join("component").join(file)) == read(&dist().join(file)),
            "{file}"
        );
    }
}

/// A compiled artifact, with the files of the release that describe it.
struct Compiled {
    package: &'static str,
    /// The options of Cargo that select the target.
    target: &'static [&'static str],
    /// The bill of materials.
    bill: PathBuf,
    /// The license terms of the dependencies.
    terms: PathBuf,
}

impl Compiled {
    /// Returns both programs and both components.
    fn all(sandbox: &Sandbox) -> [Self; 4] {
        let component = |package, file: &str| Self {
            package,
            target: &["--target", "wasm32-unknown-unknown"],
            bill: dist().join(format!("{file}.cdx.json")),
            terms: dist().join(format!("{file}.third-party.txt")),
        };
        [
            Self {
                package: "license-backup",
                target: &[],
                bill: program_file(".cdx.json"),
                terms: program(sandbox)
                    .join("share/doc/license-backup/license-backup.third-party.txt"),
            },
            Self {
                package: "license-backup-cli",
                target: &["--target", WINDOWS],
                bill: windows_file(".cdx.json"),
                terms: windows_program(sandbox).join("doc/license-backup.third-party.txt"),
            },
            component("license-backup-component", "license-backup.wasm"),
            component("license-backup-command", "license-backup-command.wasm"),
        ]
    }

    /// Returns the third-party crates that are compiled into the artifact, as Cargo reports them:
    /// `name version`.
    fn dependencies(&self, sandbox: &Sandbox) -> BTreeSet<String> {
        let manifest = sources().join("Cargo.toml");
        let manifest = manifest
            .to_str()
            .expect("the path of the checkout is UTF-8");
        let options = [
            "--manifest-path",
            manifest,
            "--package",
            self.package,
            "--edges",
            "normal",
            "--prefix",
            "none",
        ];
        let line = [
            &["cargo", "tree", "--locked", "--offline"],
            &options[..],
            self.target,
        ]
        .concat();
        let tree = sandbox.system(&line).run().exits(0);
        // `name vVERSION`, and more text after it for some crates.
        let packages = tree
            .stdout()
            .lines()
            .filter_map(|line| line.split_once(" v"));
        let others = packages.filter(|(name, _)| !name.starts_with("license-backup"));
        let others: BTreeSet<_> = others
            .map(|(name, rest)| format!("{name} {}", rest.split(' ').next().unwrap_or_default()))
            .collect();
        assert!(
            others.iter().any(|name| name.starts_with("quick-xml ")),
            "the dependencies should include quick-xml: {others:?}"
        );
        others
    }
}

/// Returns the required components of a bill of materials, as `name version`.
fn listed(bill: &Path) -> BTreeSet<String> {
    let bill: Value = serde_json::from_slice(&read(bill)).expect("the bill of materials is JSON");
    assert_eq!(bill["bomFormat"], "CycloneDX");
    let components = bill["components"]
        .as_array()
        .expect("the bill of materials has components");
    let required = components
        .iter()
        .filter(|component| component["scope"] == "required");
    let entries = required.map(|component| {
        let text = |key: &str| {
            component[key]
                .as_str()
                .unwrap_or_else(|| panic!("{component} should have a {key}"))
        };
        assert!(text("purl").starts_with("pkg:cargo/"), "{component}");
        assert!(
            component["licenses"][0].is_object(),
            "{component} should have a license"
        );
        format!("{} {}", text("name"), text("version"))
    });
    entries.collect()
}

#[test]
#[ignore = "run by `make test-package`"]
fn a_bill_of_materials_lists_every_compiled_crate() {
    let sandbox = Sandbox::new();
    for compiled in Compiled::all(&sandbox) {
        let listed = listed(&compiled.bill);
        let dependencies = compiled.dependencies(&sandbox);
        let missing: Vec<_> = dependencies.difference(&listed).collect();
        assert!(
            missing.is_empty(),
            "{} should list {missing:?}",
            compiled.bill.display()
        );
    }
}

#[test]
#[ignore = "run by `make test-package`"]
fn the_terms_of_every_compiled_crate_are_included() {
    let sandbox = Sandbox::new();
    let all = Compiled::all(&sandbox);
    let [Compiled { terms, .. }, ..] = &all;
    let documents = terms.parent().expect("the file is in a directory");
    // The program embeds the component, and all artifacts contain the standard library.
    for file in [
        "license-backup.wasm.third-party.txt",
        "rust-standard-library.html",
    ] {
        assert!(
            read(&documents.join(file)) == read(&dist().join(file)),
            "{file}"
        );
    }
    for compiled in all {
        let terms = fs::read_to_string(&compiled.terms).expect("the terms are UTF-8");
        let has_terms = |entry: &String| terms.contains(&format!("\n  {entry}\n"));
        let missing: Vec<_> = compiled
            .dependencies(&sandbox)
            .into_iter()
            .filter(|entry| !has_terms(entry))
            .collect();
        assert!(
            missing.is_empty(),
            "{} should contain the terms of {missing:?}",
            compiled.terms.display()
        );
        for words in [
            "Permission is hereby granted, free of charge",
            "Apache License",
        ] {
            assert!(
                terms.contains(words),
                "{words:?} should occur in {}",
                compiled.terms.display()
            );
        }
    }
}
