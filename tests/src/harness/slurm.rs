//! A Slurm cluster on this machine, which `scripts/slurm-cluster.sh` starts and ends.

use std::env;
use std::ffi::OsStr;
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

/// A job in the queue, or a task of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedTask {
    /// The ID, such as `17_3`.
    pub id: String,
    /// The number of the task in its array.
    pub task: Option<usize>,
    /// Whether it runs, as opposed to waits.
    pub is_running: bool,
    /// The name of its node.
    pub node: String,
    /// The reason why it waits.
    pub reason: String,
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
        let processes = self.processes(name);
        assert!(!processes.is_empty(), "{name} should run");
        for id in processes {
            // It may have ended in between.
            let _ = kill(id, signal);
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

    /// Returns the processes of the controller, or of a node and its tasks.
    ///
    /// # Panics
    ///
    /// If the script fails.
    #[must_use]
    pub fn processes(&self, name: &str) -> Vec<Pid> {
        let ids = self.script("processes", Some(name));
        ids.lines()
            .map(|id| Pid::from_raw(id.parse().expect("a process ID is a number")))
            .collect()
    }

    /// Returns the processes of the program that run on a node and have not ended.
    ///
    /// # Panics
    ///
    /// If the script fails.
    #[must_use]
    pub fn programs(&self, node: &str) -> Vec<Pid> {
        let is_program = |id: &Pid| {
            fs::read_to_string(format!("/proc/{id}/status")).is_ok_and(|status| {
                status.starts_with("Name:\tlicense-backup\n") && !status.contains("\nState:\tZ")
            })
        };
        self.processes(node)
            .into_iter()
            .filter(is_program)
            .collect()
    }

    /// Returns a command that uses the cluster. `license-backup` in it, and in its jobs, is the program
    /// under test.
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

    /// Returns the jobs that have not ended, with each task of an array. Returns `None` if the
    /// controller does not answer.
    ///
    /// # Panics
    ///
    /// If `squeue` is missing.
    #[must_use]
    pub fn queue(&self) -> Option<Vec<QueuedTask>> {
        let output = self
            .command("squeue")
            .args(["--noheader", "--array", "--format=%i|%K|%t|%N|%r"])
            .output()
            .expect("`make test-fleet` installs Slurm");
        output.status.success().then(|| {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.lines().map(QueuedTask::parse).collect()
        })
    }

    /// Returns the node that runs this task of an array.
    #[must_use]
    pub fn node_of(&self, task: usize) -> Option<String> {
        let running = |queued: &QueuedTask| queued.is_running && queued.task == Some(task);
        self.queue()?
            .into_iter()
            .find(running)
            .map(|queued| queued.node)
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
        let is_held = |queued: &QueuedTask| queued.reason.to_lowercase().contains("held");
        for held in self
            .queue()
            .unwrap_or_default()
            .iter()
            .filter(|queued| is_held(queued))
        {
            // The job may have ended in between.
            let _ = self
                .command("scontrol")
                .args(["release", &held.id])
                .output();
        }
    }

    /// Waits until a condition is true.
    ///
    /// # Panics
    ///
    /// If it is not true in time. The message contains the ends of the logs.
    pub fn wait_until(&self, what: &str, condition: impl Fn() -> bool) {
        let start = Instant::now();
        while !condition() {
            assert!(
                start.elapsed() < LIMIT,
                "not true after {LIMIT:?}: {what}\n{:#?}\n{}",
                self.queue(),
                self.logs()
            );
            thread::sleep(INTERVAL);
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
            text += &format!(
                "{}:\n{}\n",
                entry.path().display(),
                lines[shown..].join("\n")
            );
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

impl QueuedTask {
    /// Parses a line in the format that [`SlurmCluster::queue`] asks for.
    fn parse(line: &str) -> Self {
        let mut fields = line.split('|');
        let mut next = || fields.next().unwrap_or_default().to_owned();
        Self {
            id: next(),
            task: next().parse().ok(),
            is_running: next() == "R",
            node: next(),
            reason: next(),
        }
    }
}
