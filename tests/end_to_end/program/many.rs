//! Many stores in a sandbox, for the tests of `backup --stores` and of `fleet`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use license_backup_tests::harness::{Invocation, Sandbox};
use license_backup_tests::sample::SampleStore;

/// A sandbox with stores at `home/NAME/licenses`, and the directory `backup` for their backups.
pub(super) struct Stores {
    pub(super) sandbox: Sandbox,
}

impl Stores {
    /// Creates stores of these names, with three licenses each.
    pub(super) fn new(names: &[&str]) -> Self {
        let stores = Self {
            sandbox: Sandbox::new(),
        };
        for name in names {
            stores.add(name, 3);
        }
        stores
    }

    /// Creates this number of stores, whose names are numbers.
    pub(super) fn numbered(count: usize) -> Self {
        let names: Vec<_> = (0..count).map(|number| format!("{number:04}")).collect();
        Self::new(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Creates a store with this number of licenses directly in it.
    pub(super) fn add(&self, name: &str, licenses: u64) {
        let store = self.store(name);
        fs::create_dir_all(&store).expect("the sandbox is writable");
        for (number, license) in SampleStore::ordinary(licenses).files().enumerate() {
            let file = store.join(format!("{number}.lic"));
            fs::write(file, license.bytes).expect("the store is writable");
        }
    }

    /// Adds a license to a store.
    pub(super) fn change(&self, name: &str) {
        let from = SampleStore::ordinary(9)
            .files()
            .last()
            .expect("there is a license");
        fs::write(self.store(name).join("new.lic"), from.bytes).expect("the store is writable");
    }

    /// Returns the path of a store.
    pub(super) fn store(&self, name: &str) -> PathBuf {
        self.sandbox.path("home").join(name).join("licenses")
    }

    /// Returns the backup directory of a store: at the whole path of the store.
    pub(super) fn directory(&self, name: &str) -> PathBuf {
        let store = self.store(name);
        let below = store.strip_prefix("/").expect("it is absolute");
        self.sandbox.backup().join(below)
    }

    /// Returns the names of the backup files of a store, in order.
    pub(super) fn backups(&self, name: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.directory(name)) else {
            return Vec::new();
        };
        let names = entries.map(|entry| entry.expect("it can be listed").file_name());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        let mut backups: Vec<_> = names
            .filter(|name| Path::new(name).extension() == Some("zip".as_ref()))
            .collect();
        backups.sort_unstable();
        backups
    }

    /// Writes a list of stores into `list`, also of those that do not exist.
    pub(super) fn list(&self, names: &[&str]) {
        let lines = names
            .iter()
            .map(|name| format!("{}\n", self.store(name).display()));
        fs::write(self.sandbox.path("list"), lines.collect::<String>()).expect("it is writable");
    }

    /// Returns a command that backs up all stores.
    pub(super) fn back_up(&self, options: &[&str]) -> Invocation {
        let command = ["backup", "--stores", "home/*/licenses", "--to", "backup"];
        self.sandbox.license_backup(command.iter().chain(options))
    }

    /// Returns a command that backs up the stores of the list.
    pub(super) fn back_up_list(&self, options: &[&str]) -> Invocation {
        let command = ["backup", "--stores-from", "list", "--to", "backup"];
        self.sandbox.license_backup(command.iter().chain(options))
    }
}

/// Returns the JSON lines of a kind, by the name of their store.
pub(super) fn by_store(
    events: &[serde_json::Value],
    kind: &str,
) -> BTreeMap<String, serde_json::Value> {
    let of_kind = events.iter().filter(|event| event["event"] == kind);
    let named = of_kind.map(|event| {
        let store = PathBuf::from(event["store"].as_str().expect("a store has a path"));
        let name = store.parent().and_then(|home| home.file_name());
        let name = name.expect("it has a home").to_string_lossy().into_owned();
        (name, event.clone())
    });
    named.collect()
}
