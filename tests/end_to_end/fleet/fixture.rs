//! Many small stores with an earlier generation each, and a Slurm cluster that backs them up with the
//! scripts of `examples/slurm`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use license_backup_tests::harness::{Outcome, Sandbox, SlurmCluster, sources};
use nix::sys::signal::{Signal, kill};
use serde::Deserialize;
use serde_json::Value;

use crate::expected::allowed;
use crate::fixture::wait_for_next_second;

/// The number of nodes of the cluster.
pub(super) const NODES: usize = 3;
/// The number of licenses in a small store before the plan that a test runs.
const LICENSES: usize = 2;
/// The number of licenses in a large store. Its backup takes some tenths of a second, which is long
/// enough to interrupt it.
const MANY_LICENSES: usize = 30_000;
/// The number of files that are hard links to the same license.
const LINKS: usize = 1000;
/// The number of runs that make the earlier generations, each of which is short enough for the harness.
const PARTS: usize = 4;
/// The longest time until a task reaches a unit.
const LIMIT: Duration = Duration::from_mins(2);

/// The stores, their backups, and the cluster.
pub(super) struct Fleet {
    pub(super) cluster: SlurmCluster,
    pub(super) sandbox: Sandbox,
    /// The directory below which the backups are.
    to: PathBuf,
    stores: usize,
    /// The earlier generations, by path.
    earlier: BTreeMap<PathBuf, BackupFile>,
}

/// A plan that was submitted to the cluster.
pub(super) struct Plan {
    pub(super) units_file: PathBuf,
    /// The IDs of the jobs of the array and of the report.
    pub(super) array: String,
    pub(super) report: String,
    /// The file name of the generations.
    generation: String,
    /// The backup directories, by number of the unit.
    directories: Vec<PathBuf>,
}

/// The first line of a units file.
#[derive(Deserialize)]
struct Head {
    time: String,
    units: usize,
}

/// Another line of a units file.
#[derive(Deserialize)]
struct Unit {
    #[serde(rename = "unit")]
    number: usize,
    store: PathBuf,
    directory: PathBuf,
}

/// A backup file with everything that an untouched file keeps.
#[derive(Debug, PartialEq, Eq)]
struct BackupFile {
    inode: u64,
    modified: (i64, i64),
    hash: blake3::Hash,
}

impl Fleet {
    /// Creates this number of small stores, and starts the cluster.
    pub(super) fn new(stores: usize) -> Self {
        let sandbox = Sandbox::new();
        let cluster = SlurmCluster::start(sandbox.path("cluster"), NODES);
        let fleet = Self {
            cluster,
            to: sandbox.backup(),
            sandbox,
            stores,
            earlier: BTreeMap::new(),
        };
        for store in 0..stores {
            fs::create_dir_all(fleet.store(store)).unwrap();
            for license in 0..LICENSES {
                fleet.add_license(store, license);
            }
        }
        fleet
    }

    /// Writes the backups to another directory.
    pub(super) fn back_up_into(&mut self, to: &Path) {
        to.clone_into(&mut self.to);
    }

    /// Returns the path of a store, which has the same number as its unit.
    pub(super) fn store(&self, store: usize) -> PathBuf {
        self.sandbox.path(format!("stores/{store:04}/licenses"))
    }

    /// Adds a license to a store. The first one of the backup is the one that was added last.
    pub(super) fn add_license(&self, store: usize, license: usize) {
        let name = format!("{:06}.lcpl", MANY_LICENSES + LINKS - license);
        let document = allowed(&format!("{store}-{license}"));
        fs::write(self.store(store).join(name), document).unwrap();
    }

    /// Makes a store so large that its backup can be interrupted, and does not fit on a small disk.
    pub(super) fn make_large(&self, store: usize) {
        for first in (0..MANY_LICENSES).step_by(LINKS) {
            let directory = self.store(store).join(format!("more-{first}"));
            fs::create_dir(&directory).unwrap();
            let license = directory.join("0.lcpl");
            fs::write(&license, allowed(&format!("{store}-{first}"))).unwrap();
            for link in 1..LINKS {
                fs::hard_link(&license, directory.join(format!("{link}.lcpl"))).unwrap();
            }
        }
    }

    /// Backs up all stores without the cluster, then adds a license to each, so that their next
    /// backup is another generation.
    pub(super) fn back_up_once(&mut self) {
        let units_file = self.sandbox.path("earlier.units");
        let (pattern, to) = (self.pattern(), self.to.clone());
        let planned = [
            "fleet".as_ref(),
            "plan".as_ref(),
            "--stores".as_ref(),
            pattern.as_os_str(),
            "--to".as_ref(),
            to.as_os_str(),
            "--units".as_ref(),
            units_file.as_os_str(),
        ];
        let _ = self.sandbox.license_backup(planned).run().exits(0);
        for task in 0..PARTS {
            let part = [
                "--task".to_owned(),
                task.to_string(),
                "--of".to_owned(),
                PARTS.to_string(),
            ];
            let _ = self.run_units(&units_file, &part).exits(0);
        }
        self.earlier = backups_below(&self.to);
        assert_eq!(self.earlier.len(), self.stores, "each store is backed up");
        for store in 0..self.stores {
            self.add_license(store, LICENSES);
        }
        wait_for_next_second();
    }

    /// Plans a backup of all stores, and submits it with its report.
    pub(super) fn submit(&self, tasks: usize, at_once: usize) -> Plan {
        let output = self
            .cluster
            .command(sources().join("examples/slurm/submit"))
            .args([&self.pattern(), &self.to, &self.sandbox.path("state")])
            .args([tasks.to_string(), at_once.to_string()])
            .output()
            .expect("the script can be run");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cannot submit: {message}");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let [units_file, array, report] = printed.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("the script should print a file and two jobs: {printed}")
        };
        self.plan(Path::new(units_file), array, report)
    }

    /// Submits the tasks of a plan once more.
    pub(super) fn submit_again(&self, plan: &Plan, tasks: usize, at_once: usize) {
        let output = self
            .cluster
            .command("sbatch")
            .arg(format!("--array=0-{}%{at_once}", tasks - 1))
            .arg(sources().join("examples/slurm/backup.sbatch"))
            .arg(&plan.units_file)
            .output()
            .expect("`make test-fleet` installs Slurm");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cannot submit: {message}");
    }

    /// Reads a units file.
    fn plan(&self, units_file: &Path, array: &str, report: &str) -> Plan {
        let text = fs::read_to_string(units_file).unwrap();
        let (head, units) = text.split_once('\n').unwrap();
        let head: Head = serde_json::from_str(head).unwrap();
        assert_eq!(head.units, self.stores);
        let mut directories = Vec::new();
        for (number, line) in units.lines().enumerate() {
            let unit: Unit = serde_json::from_str(line).unwrap();
            assert_eq!(unit.number, number);
            assert_eq!(unit.store, self.store(number));
            directories.push(unit.directory);
        }
        assert_eq!(directories.len(), self.stores);
        Plan {
            units_file: units_file.to_owned(),
            array: array.to_owned(),
            report: report.to_owned(),
            generation: format!("licenses-{}.zip", head.time),
            directories,
        }
    }

    /// Freezes the node that runs a task, in the middle of the backup of a large store. Returns the
    /// name of the node.
    pub(super) fn freeze_in_the_middle(&self, plan: &Plan, task: usize, store: usize) -> String {
        let program = self.cluster.wait_for_program(task);
        plan.wait_until_started(store);
        // The program at once, since finding the other processes of its node takes a while.
        kill(program.id, Signal::SIGSTOP).expect("the program runs");
        self.cluster.freeze(&program.name);
        plan.requires_the_middle(store);
        program.name
    }

    /// Runs all units of a plan without the cluster.
    pub(super) fn run_again(&self, plan: &Plan) -> Outcome {
        self.run_units(&plan.units_file, &[])
    }

    /// Runs units without the cluster. Many at once wait for the disk at the same time.
    fn run_units(&self, units_file: &Path, share: &[String]) -> Outcome {
        let mut arguments: Vec<OsString> = vec!["fleet".into(), "run".into(), "--units".into()];
        arguments.push(units_file.into());
        arguments.extend(["--jobs", "16", "--quiet"].map(Into::into));
        arguments.extend(share.iter().map(Into::into));
        self.sandbox.license_backup(arguments).run()
    }

    /// Requires that each unit has its earlier generation, untouched, and exactly one of the plan,
    /// except those in `missing`; and that the report, which reads all of them again, names exactly
    /// the units in `broken`, by reason.
    pub(super) fn requires(
        &self,
        plan: &Plan,
        missing: &BTreeSet<usize>,
        broken: &BTreeMap<usize, &str>,
        exit_code: i32,
    ) {
        let backups = backups_below(&self.to);
        for (path, earlier) in &self.earlier {
            assert_eq!(backups.get(path), Some(earlier), "{}", path.display());
        }
        let new: BTreeSet<_> = backups
            .keys()
            .filter(|path| !self.earlier.contains_key(*path))
            .cloned()
            .collect();
        let expected = (0..self.stores)
            .filter(|unit| !missing.contains(unit))
            .map(|unit| plan.backup(unit));
        assert_eq!(new, expected.collect());
        assert_eq!(self.report(plan, exit_code), by_name(broken));
    }

    /// Runs the report, and returns the reason of each unit without a good backup.
    fn report(&self, plan: &Plan, exit_code: i32) -> BTreeMap<usize, String> {
        let arguments = [
            "fleet".as_ref(),
            "report".as_ref(),
            "--units".as_ref(),
            plan.units_file.as_os_str(),
            "--verify".as_ref(),
            "--json".as_ref(),
        ];
        let outcome = self
            .sandbox
            .license_backup(arguments)
            .run()
            .exits(exit_code);
        let is_bad = |event: &Value| event["event"] == "unit-state" && event["good"] == false;
        let bad = outcome.events().into_iter().filter(is_bad);
        bad.map(|event| {
            let unit = event["unit"]
                .as_u64()
                .and_then(|unit| usize::try_from(unit).ok());
            let reason = event["reason"].as_str().expect("a unit has a reason");
            (unit.expect("a unit has a number"), reason.to_owned())
        })
        .collect()
    }

    fn pattern(&self) -> PathBuf {
        self.sandbox.path("stores/*/licenses")
    }
}

impl Plan {
    /// Returns the path of the backup of a unit.
    pub(super) fn backup(&self, unit: usize) -> PathBuf {
        self.directories[unit].join(&self.generation)
    }

    /// Waits until the backup of a store has begun.
    pub(super) fn wait_until_started(&self, store: usize) {
        let start = Instant::now();
        while !self.is_being_written(store) {
            assert!(
                start.elapsed() < LIMIT,
                "no task has begun the unit {store}"
            );
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Requires that the backup of a store has begun, and has not been completed.
    pub(super) fn requires_the_middle(&self, store: usize) {
        assert!(
            self.is_being_written(store) && !self.backup(store).exists(),
            "the backup of a large store should take longer"
        );
    }

    /// Returns `true` if a temporary file is in the backup directory.
    fn is_being_written(&self, store: usize) -> bool {
        let entries = fs::read_dir(&self.directories[store]).into_iter().flatten();
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with(".license-backup-") && name.ends_with(".tmp")
        })
    }
}

/// Returns the backup files below a directory.
fn backups_below(directory: &Path) -> BTreeMap<PathBuf, BackupFile> {
    let mut backups = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(parent) = open.pop() {
        for entry in fs::read_dir(parent).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "zip") {
                let metadata = fs::metadata(&path).unwrap();
                let file = BackupFile {
                    inode: metadata.ino(),
                    modified: (metadata.mtime(), metadata.mtime_nsec()),
                    hash: blake3::hash(&fs::read(&path).unwrap()),
                };
                backups.insert(path, file);
            }
        }
    }
    backups
}

fn by_name(broken: &BTreeMap<usize, &str>) -> BTreeMap<usize, String> {
    let name = |(unit, reason): (&usize, &&str)| (*unit, (*reason).to_owned());
    broken.iter().map(name).collect()
}
