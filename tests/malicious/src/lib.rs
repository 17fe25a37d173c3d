//! A component of the same world as the real one that attacks its host, for the tests of the host.
//!
//! The name of the only file in the store is the name of the attack.

mod attempts;
mod bindings;

use std::hint::black_box;

use bindings::exports::license_backup::management::management::{
    self, BackupOperation, BackupOptions, BackupSummary, CancellationCookie, CheckOperation,
    CheckOptions, DiffOperation, DiffOptions, ForgetOperation, ForgetOptions, GenerationsOperation,
    GenerationsOptions, GuestCancellationCookie, LicenseFilter, ListOperation, ListSource,
    RestoreOperation, RestoreOptions, VerifyOperation, VerifyOptions,
};
use bindings::exports::license_backup::management::types::{
    BackupRestoreStatus, ErrorCode, Failure, Progress, Stage,
};
use bindings::wasi::filesystem::preopens::get_directories;
use bindings::wasi::filesystem::types::PathFlags;
use bindings::{wit_future, wit_stream};
use wit_bindgen::{FutureWriter, StreamWriter};

struct Component;

struct Cookie;

impl GuestCancellationCookie for Cookie {
    /// Ignores the cancellation.
    fn cancel(&self) {}
}

/// The attack during a backup.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attack {
    /// No attack: the backup succeeds with a summary of zeros.
    None,
    /// Loops forever in the call that starts the backup.
    LoopInCall,
    /// Accepts the backup, and then loops forever.
    Loop,
    /// Writes the outcome, and then loops forever.
    LoopAfterOutcome,
    /// Accepts the backup, and then waits forever.
    Idle,
    /// Allocates memory without limit.
    Allocate,
    /// Recurses without limit.
    Recurse,
    /// Executes an `unreachable` instruction.
    Trap,
    /// Emits events without limit.
    Flood,
    /// Emits one event that is too large for the memory of a host.
    FloodAtOnce,
    /// Creates cookies without limit.
    HoardHandles,
    /// Opens directories without limit.
    HoardFiles,
    /// Tries to leave the opened directories, and reports the attempts that succeeded.
    Escape,
    /// Writes to the backup directory forever.
    Scribble,
    /// Opens a FIFO in the backup directory for reading.
    OpenAFifo,
    /// Opens a FIFO in a way that makes the host wait for a writer.
    WaitForAFifo,
}

impl Attack {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::None,
            "loop-in-call" => Self::LoopInCall,
            "loop" => Self::Loop,
            "loop-after-outcome" => Self::LoopAfterOutcome,
            "idle" => Self::Idle,
            "allocate" => Self::Allocate,
            "recurse" => Self::Recurse,
            "trap" => Self::Trap,
            "flood" => Self::Flood,
            "flood-at-once" => Self::FloodAtOnce,
            "hoard-handles" => Self::HoardHandles,
            "hoard-files" => Self::HoardFiles,
            "escape" => Self::Escape,
            "scribble" => Self::Scribble,
            "open-a-fifo" => Self::OpenAFifo,
            "wait-for-a-fifo" => Self::WaitForAFifo,
            _ => return None,
        })
    }

    /// Returns the attack that the store names.
    fn requested() -> Result<Self, Failure> {
        let attack = || {
            let (store, _) = get_directories()
                .into_iter()
                .find(|(_, name)| name == "/licenses")?;
            let name = store
                .read_directory()
                .ok()?
                .read_directory_entry()
                .ok()??
                .name;
            Self::named(&name)
        };
        attack().ok_or_else(|| failure("the store should name an attack"))
    }
}

type Outcome = Result<BackupSummary, Failure>;

impl management::Guest for Component {
    type CancellationCookie = Cookie;

    async fn backup_licenses(_: String, _: BackupOptions) -> Result<BackupOperation, Failure> {
        let attack = Attack::requested()?;
        if attack == Attack::LoopInCall {
            loop_forever();
        }
        let (events, progress) = wit_stream::new();
        let (outcome, completed) = wit_future::new(|| Err(failure("no outcome was written")));
        wit_bindgen::spawn_local(commit(attack, events, outcome));
        Ok(BackupOperation {
            cookie: CancellationCookie::new(Cookie),
            events: progress,
            completed,
        })
    }

    async fn verify_backup(_: String, _: VerifyOptions) -> Result<VerifyOperation, Failure> {
        Err(failure("only backups are implemented"))
    }

    async fn restore_licenses(_: String, _: RestoreOptions) -> Result<RestoreOperation, Failure> {
        Err(failure("only backups are implemented"))
    }

    async fn forget_generations(_: String, _: ForgetOptions) -> Result<ForgetOperation, Failure> {
        Err(failure("only backups are implemented"))
    }

    async fn list_licenses(_: ListSource, _: LicenseFilter) -> Result<ListOperation, Failure> {
        Err(failure("only backups are implemented"))
    }

    async fn diff_backup(_: String, _: DiffOptions) -> Result<DiffOperation, Failure> {
        Err(failure("only backups are implemented"))
    }

    async fn list_generations(
        _: String,
        _: GenerationsOptions,
    ) -> Result<GenerationsOperation, Failure> {
        Err(failure("only backups are implemented"))
    }

    async fn check_backup(_: String, _: CheckOptions) -> Result<CheckOperation, Failure> {
        Err(failure("only backups are implemented"))
    }
}

async fn commit(
    attack: Attack,
    mut events: StreamWriter<BackupRestoreStatus>,
    outcome: FutureWriter<Outcome>,
) {
    // The host first receives the return value of the call.
    wit_bindgen::yield_async().await;
    let result = match attack {
        Attack::None => Ok(EMPTY),
        Attack::LoopInCall | Attack::Loop => loop_forever(),
        Attack::LoopAfterOutcome => {
            let _ = outcome.write(Ok(EMPTY)).await;
            // The host receives the outcome when it is scheduled.
            wit_bindgen::yield_async().await;
            loop_forever()
        }
        Attack::Idle => std::future::pending().await,
        Attack::Allocate => allocate(),
        Attack::Recurse => Err(failure(&format!("{} calls deep", recurse(0)))),
        Attack::Trap => unreachable!("the attack is a trap"),
        Attack::Flood => loop {
            events
                .write_all(vec![progress(String::from("more")); 64])
                .await;
        },
        Attack::FloodAtOnce => {
            let path = "x".repeat(24 << 20);
            events.write_all(vec![progress(path)]).await;
            Ok(EMPTY)
        }
        Attack::HoardHandles => {
            let mut handles = Vec::new();
            loop {
                handles.push(CancellationCookie::new(Cookie));
            }
        }
        Attack::HoardFiles => Err(failure(&attempts::hoard_files())),
        Attack::Escape => Err(failure(&attempts::escape())),
        Attack::Scribble => attempts::scribble(),
        Attack::OpenAFifo => Err(failure(&attempts::open_a_fifo(PathFlags::empty()))),
        // The host follows a link, and does not know the type of the file before it opens it.
        Attack::WaitForAFifo => Err(failure(&attempts::open_a_fifo(PathFlags::SYMLINK_FOLLOW))),
    };
    drop(events);
    let _ = outcome.write(result).await;
}

const EMPTY: BackupSummary = BackupSummary {
    licenses: 0,
    bytes: 0,
    restricted: 0,
    errors: 0,
    file: String::new(),
    size: 0,
    unchanged: false,
    shrunk: None,
    blake3: None,
    removed: 0,
};

fn failure(message: &str) -> Failure {
    Failure {
        code: ErrorCode::Io,
        message: message.to_owned(),
        path: None,
    }
}

fn progress(path: String) -> BackupRestoreStatus {
    BackupRestoreStatus::Progress(Progress {
        stage: Stage::Copying,
        done: 0,
        total: None,
        bytes: 0,
        path,
    })
}

fn loop_forever() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

fn allocate() -> ! {
    let mut blocks = Vec::new();
    loop {
        blocks.push(black_box(vec![1_u8; 1 << 20]));
    }
}

fn recurse(depth: u64) -> u64 {
    let here = black_box([depth; 16]);
    if here[0] == u64::MAX {
        0
    } else {
        recurse(here[0] + 1) + black_box(here)[1]
    }
}
