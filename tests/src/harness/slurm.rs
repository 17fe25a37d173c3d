//! A Slurm cluster on this machine, which `scripts/slurm-cluster.sh` starts and ends.

use std::env;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::run::{binary, sources};

/// The longest time until the jobs of a test have ended.
const LIMIT: Duration = Duration::from_mins(5);
/// The time between two questions to the controller.
const INTERVAL: Duration = Duration::from_millis(200);
/// The maximum number of lines of each log in a report.
const SHOWN_LINES: usize = 30;

/// A cluster of one controller and some nodes, `n1`, `n2` and so on. All of its processes end when it
/// is dropped.
#[derive(Debug)]
pub struct SlurmCluster {
    directory: PathBuf,
    nodes: usize,
}

/// A process of a cluster.
#[derive(Debug, Clone)]
pub struct ClusterProcess {
    /// The process ID.
    pub id: Pid,
    /// The name of its node, or `controller` or `munge`.
    pub name: String,
    /// The number of the task of an array that it belongs to.
    pub task: Option<usize>,
    /// Whether it runs the program under test.
    pub is_program: bool,
}

impl SlurmCluster {
    /// Starts a cluster in a directory, which it creates.
    ///
    /// # Panics
    ///
    /// If the cluster does not start.
    #[must_use]
    pub fn start(directory: PathBuf, nodes: usize) -> Self {
        let mut cluster = Self { directory, nodes };
        cluster.script("start", Some(&nodes.to_string()));
        // As the script does, so that it recognizes the processes of tasks.
        cluster.directory = fs::canonicalize(&cluster.directory).expect("the script creates it");
        cluster
    }

    /// Starts the controller or a node again.
    ///
    /// # Panics
    ///
    /// If the script fails.
    pub fn run(&self, name: &str) {
        self.script("run", Some(name));
    }

    /// Sends a signal to the controller, or to a node with all processes of its tasks.
    ///
    /// # Panics
    ///
    /// If there is no such process.
    pub fn signal(&self, name: &str, signal: Signal) {
        let mut processes = self.processes();
        processes.retain(|process| process.name == name);
        assert!(!processes.is_empty(), "{name} should run");
        for process in processes {
            // It may have ended in between.
            let _ = kill(process.id, signal);
        }
    }

    /// Freezes a node: stops all of its processes, and those of its tasks.
    ///
    /// # Panics
    ///
    /// If there is no such process.
    pub fn freeze(&self, node: &str) {
        // The daemon starts no process any more, so that a second time finds all of them.
        self.signal(node, Signal::SIGSTOP);
        self.signal(node, Signal::SIGSTOP);
    }

    /// Returns all processes of the cluster that have not ended.
    #[must_use]
    pub fn processes(&self) -> Vec<ClusterProcess> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries
            .filter_map(|entry| ClusterProcess::of(&entry.path(), &self.directory))
            .collect()
    }

    /// Returns the processes of a node that run the program under test.
    #[must_use]
    pub fn programs(&self, node: &str) -> Vec<Pid> {
        self.processes()
            .into_iter()
            .filter(|process| process.is_program && process.name == node)
            .map(|process| process.id)
            .collect()
    }

    /// Waits until the program under test runs in a task of an array, and returns its process.
    ///
    /// # Panics
    ///
    /// If it does not run in time.
    #[must_use]
    pub fn wait_for_program(&self, task: usize) -> ClusterProcess {
        let what = format!("the program runs in the task {task}");
        self.wait_for(&what, Duration::from_millis(1), || {
            let mut processes = self.processes().into_iter();
            processes.find(|process| process.is_program && process.task == Some(task))
        })
    }

    /// Returns a command that uses the cluster. `license-backup` in it, and in its jobs, is the program
    /// under test.
    ///
    /// # Panics
    ///
    /// If the path of the checkout contains a colon.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let programs = binary().parent().map(Path::to_owned).unwrap_or_default();
        let paths = env::var_os("PATH").unwrap_or_default();
        let paths = [programs].into_iter().chain(env::split_paths(&paths));
        let paths = env::join_paths(paths).expect("the path of the checkout has no colon");
        let mut command = Command::new(program);
        command
            .env("PATH", paths)
            .env("SLURM_CONF", self.directory.join("slurm.conf"))
            .current_dir(&self.directory)
            .stdin(Stdio::null());
        command
    }

    /// Returns the ID, the state and the reason of each job that has not ended, and of each task of an
    /// array. Returns `None` if the controller does not answer.
    ///
    /// # Panics
    ///
    /// If `squeue` is missing.
    #[must_use]
    pub fn queue(&self) -> Option<Vec<[String; 3]>> {
        let output = self
            .command("squeue")
            .args(["--noheader", "--array", "--format=%i|%t|%r"])
            .output()
            .expect("`make test-fleet` installs Slurm");
        output.status.success().then(|| {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.lines()
                .map(|line| {
                    let mut fields = line.split('|').map(str::to_owned);
                    [(); 3].map(|()| fields.next().unwrap_or_default())
                })
                .collect()
        })
    }

    /// Waits until all jobs have ended.
    ///
    /// # Panics
    ///
    /// If they do not end in time.
    pub fn wait_until_empty(&self) {
        self.wait_until("the queue is empty", || {
            self.queue().is_some_and(|queue| queue.is_empty())
        });
    }

    /// Waits until all nodes are in service, without a job.
    ///
    /// # Panics
    ///
    /// If they are not in time.
    pub fn wait_until_idle(&self) {
        self.wait_until("all nodes are idle", || {
            let output = self
                .command("sinfo")
                .args(["--noheader", "--Node", "--states=idle", "--format=%N"])
                .output()
                .expect("`make test-fleet` installs Slurm");
            String::from_utf8_lossy(&output.stdout).lines().count() == self.nodes
        });
    }

    /// Returns the exit code of each run of a task of an array, without runs on nodes that failed.
    #[must_use]
    pub fn exit_codes(&self, array: &str, task: usize) -> Vec<i32> {
        self.completed(&format!(" ArrayJobId={array} ArrayTaskId={task} "))
    }

    /// Returns the exit code of each run of a job, without runs on nodes that failed.
    #[must_use]
    pub fn exit_code(&self, job: &str) -> Vec<i32> {
        self.completed(&format!(" JobId={job} "))
    }

    /// Returns the exit codes in the lines of the log of completed jobs that contain a text.
    fn completed(&self, text: &str) -> Vec<i32> {
        let log = fs::read_to_string(self.directory.join("log/completed.txt")).unwrap_or_default();
        let lines = log.lines().filter(|line| {
            format!(" {line}").contains(text) && !line.contains(" JobState=NODE_FAIL ")
        });
        lines.filter_map(exit_code).collect()
    }

    /// Puts nodes that the controller has drained back into service, and releases jobs that it holds.
    /// A controller that was killed may have lost what it knew last, and then does both.
    pub fn resume_and_release(&self) {
        for node in 1..=self.nodes {
            // This fails for a node that is in service.
            let _ = self
                .command("scontrol")
                .args(["update", &format!("nodename=n{node}"), "state=resume"])
                .output();
        }
        for [id, _, reason] in self.queue().unwrap_or_default() {
            if reason.to_lowercase().contains("held") {
                // The job may have ended in between.
                let _ = self.command("scontrol").args(["release", &id]).output();
            }
        }
    }

    /// Waits until a condition is true.
    ///
    /// # Panics
    ///
    /// If it is not true in time. The message contains the ends of the logs.
    pub fn wait_until(&self, what: &str, condition: impl Fn() -> bool) {
        self.wait_for(what, INTERVAL, || condition().then_some(()));
    }

    /// Looks for a value at this interval until it is there, and returns it.
    fn wait_for<T>(&self, what: &str, interval: Duration, find: impl Fn() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = find() {
                return found;
            }
            assert!(
                start.elapsed() < LIMIT,
                "not true after {LIMIT:?}: {what}\n{:#?}\n{}",
                self.queue(),
                self.logs()
            );
            thread::sleep(interval);
        }
    }

    /// Returns the ends of all logs, for messages.
    #[must_use]
    pub fn logs(&self) -> String {
        let mut text = String::new();
        for entry in fs::read_dir(self.directory.join("log"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let log = fs::read(entry.path()).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            let lines: Vec<_> = log.lines().collect();
            let shown = lines.len().saturating_sub(SHOWN_LINES);
            let shown = lines[shown..].join("\n");
            let _ = writeln!(text, "{}:\n{shown}", entry.path().display());
        }
        text
    }

    /// Runs the script, and returns its output.
    fn script(&self, action: &str, argument: Option<&str>) -> String {
        let output = Command::new(sources().join("scripts/slurm-cluster.sh"))
            .arg(action)
            .arg(&self.directory)
            .args(argument)
            .stdin(Stdio::null())
            .output()
            .expect("the script can be run");
        assert!(
            output.status.success(),
            "slurm-cluster.sh {action} failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for SlurmCluster {
    fn drop(&mut self) {
        // Not by `script`, which panics.
        let _ = Command::new(sources().join("scripts/slurm-cluster.sh"))
            .arg("stop")
            .arg(&self.directory)
            .status();
    }
}

/// Returns the exit code in a line of the log of completed jobs: `ExitCode=CODE:SIGNAL`.
fn exit_code(line: &str) -> Option<i32> {
    let (_, code) = line.split_once(" ExitCode=")?;
    code.split_once(':')?.0.parse().ok()
}

impl ClusterProcess {
    /// Returns the process with this directory in `/proc`, if it belongs to a cluster. It is
    /// recognized by its environment: `scripts/slurm-cluster.sh` sets a variable of each daemon, which
    /// slurmd passes on to the daemons of its steps, and Slurm sets others of each task.
    fn of(entry: &Path, cluster: &Path) -> Option<Self> {
        let id = entry.file_name()?.to_str()?.parse().ok()?;
        let environment = fs::read(entry.join("environ")).ok()?;
        let environment = String::from_utf8_lossy(&environment);
        let variable = |name: &str| {
            let variables = environment.split('\0');
            let mut values = variables.filter_map(|line| line.split_once('='));
            values
                .find(|(other, _)| *other == name)
                .map(|(_, value)| value)
        };
        let daemon = variable("LICENSE_BACKUP_CLUSTER").map(Path::new);
        let task = || {
            let configuration = Path::new(variable("SLURM_CONF")?);
            (configuration == cluster.join("slurm.conf")).then(|| variable("SLURMD_NODENAME"))?
        };
        let name = match daemon.and_then(|daemon| daemon.strip_prefix(cluster).ok()) {
            Some(name) => name.to_str()?,
            None => task()?,
        };
        let command = fs::read_to_string(entry.join("comm")).unwrap_or_default();
        Some(Self {
            id: Pid::from_raw(id),
            name: name.to_owned(),
            task: variable("SLURM_ARRAY_TASK_ID").and_then(|task| task.parse().ok()),
            is_program: command == "license-backup\n",
        })
    }
}
