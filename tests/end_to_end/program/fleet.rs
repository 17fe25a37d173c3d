//! Tests of `fleet`: plans, shares of tasks, and units that are done twice.

mod report;
mod units;

use std::fs;

use license_backup_tests::harness::{Invocation, Outcome};

use super::many::Stores;

/// Stores with a plan.
struct Fleet {
    stores: Stores,
}

impl Fleet {
    /// Plans stores of these names.
    fn planned(names: &[&str]) -> Self {
        let fleet = Self {
            stores: Stores::new(names),
        };
        fleet.plan("units", &[]).exits(0);
        fleet
    }

    /// Plans all stores into a file of this name.
    fn plan(&self, units: &str, options: &[&str]) -> Outcome {
        let command = [
            "fleet",
            "plan",
            "--stores",
            "home/*/licenses",
            "--to",
            "backup",
            "--units",
        ];
        let command = command.iter().copied().chain([units]);
        self.stores
            .sandbox
            .license_backup(command.chain(options.iter().copied()))
            .run()
    }

    /// Plans the stores of the list into a file of this name.
    fn plan_list(&self, units: &str, names: &[&str]) {
        self.stores.list(names);
        let command = [
            "fleet",
            "plan",
            "--stores-from",
            "list",
            "--to",
            "backup",
            "--units",
            units,
        ];
        self.stores.sandbox.license_backup(command).run().exits(0);
    }

    /// Returns a command that runs units of a file.
    fn run(&self, units: &str, options: &[&str]) -> Invocation {
        let command = ["fleet", "run", "--json", "--units", units];
        self.stores
            .sandbox
            .license_backup(command.iter().chain(options))
    }

    /// Reports the units of a file.
    fn report(&self, units: &str, options: &[&str]) -> Outcome {
        let command = ["fleet", "report", "--units", units];
        self.stores
            .sandbox
            .license_backup(command.iter().chain(options))
            .run()
    }

    /// Returns the name of the generation of a plan.
    fn generation(&self, units: &str) -> String {
        let text = fs::read_to_string(self.stores.sandbox.path(units)).expect("it is planned");
        let head = text.lines().next().expect("it has a head");
        let head: serde_json::Value = serde_json::from_str(head).expect("it is JSON");
        format!(
            "licenses-{}.zip",
            head["time"].as_str().expect("it has a time")
        )
    }
}
