//! A component of the same world as the real one that does what a host must withstand: for the tests of the host alone.
//!
//! What it does it reads from the store: the name of the only file in it is the name of a misdeed.

mod attempts;
mod bindings;

use std::hint::black_box;

use bindings::exports::license_backup::management::management::{
    self, BackupOperation, BackupOptions, BackupSummary, CancellationCookie,
    GuestCancellationCookie, ListOperation, ListSource, RestoreOperation, RestoreOptions,
    VerifyOperation, VerifyOptions,
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
    /// Does not listen.
    fn cancel(&self) {}
}

/// What a backup does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Misdeed {
    /// Nothing bad: it tells a summary of zeros.
    None,
    /// Never returns from the call.
    LoopInCall,
    /// Is accepted, and then never ends.
    Loop,
    /// Tells the outcome, and then never ends.
    LoopAfterOutcome,
    /// Is accepted, and then waits for nothing.
    Idle,
    /// Asks for ever more memory.
    Allocate,
    /// Calls itself for ever.
    Recurse,
    /// Reaches what is unreachable.
    Trap,
    /// Tells more and more, without an end.
    Flood,
    /// Tells more at once than any memory should have to take.
    FloodAtOnce,
    /// Makes cookies without an end.
    HoardHandles,
    /// Opens directories without an end.
    HoardFiles,
    /// Tries to reach what it was not given, and tells what it got hold of.
    Escape,
    /// Goes on writing to the backup directory, without an end.
    Scribble,
    /// Opens a FIFO in the backup directory for reading.
    OpenAFifo,
    /// The same in a way that has the host wait for its other end.
    WaitForAFifo,
}

impl Misdeed {
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

    /// The one that the store asks for.
    fn asked() -> Result<Self, Failure> {
        let asked = || {
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
        asked().ok_or_else(|| failure("the store asks for nothing that is known here"))
    }
}

type Outcome = Result<BackupSummary, Failure>;

impl management::Guest for Component {
    type CancellationCookie = Cookie;

    async fn backup_licenses(_: String, _: BackupOptions) -> Result<BackupOperation, Failure> {
        let misdeed = Misdeed::asked()?;
        if misdeed == Misdeed::LoopInCall {
            loop_for_ever();
        }
        let (events, progress) = wit_stream::new();
        let (outcome, completed) = wit_future::new(|| Err(failure("nothing was told")));
        wit_bindgen::spawn_local(commit(misdeed, events, outcome));
        Ok(BackupOperation {
            cookie: CancellationCookie::new(Cookie),
            events: progress,
            completed,
        })
    }

    async fn verify_backup(_: String, _: VerifyOptions) -> Result<VerifyOperation, Failure> {
        Err(failure("only backups are done here"))
    }

    async fn restore_licenses(_: String, _: RestoreOptions) -> Result<RestoreOperation, Failure> {
        Err(failure("only backups are done here"))
    }

    async fn list_licenses(_: ListSource) -> Result<ListOperation, Failure> {
        Err(failure("only backups are done here"))
    }
}

async fn commit(
    misdeed: Misdeed,
    mut events: StreamWriter<BackupRestoreStatus>,
    outcome: FutureWriter<Outcome>,
) {
    // The host is told that the backup is accepted first.
    wit_bindgen::yield_async().await;
    let told = match misdeed {
        Misdeed::None => Ok(NOTHING),
        Misdeed::LoopInCall | Misdeed::Loop => loop_for_ever(),
        Misdeed::LoopAfterOutcome => {
            let _ = outcome.write(Ok(NOTHING)).await;
            // The host takes it when it has its turn.
            wit_bindgen::yield_async().await;
            loop_for_ever()
        }
        Misdeed::Idle => std::future::pending().await,
        Misdeed::Allocate => allocate(),
        Misdeed::Recurse => Err(failure(&format!("{} calls deep", recurse(0)))),
        Misdeed::Trap => unreachable!("which is the point"),
        Misdeed::Flood => loop {
            events
                .write_all(vec![progress(String::from("more")); 64])
                .await;
        },
        Misdeed::FloodAtOnce => {
            let path = "x".repeat(24 << 20);
            events.write_all(vec![progress(path)]).await;
            Ok(NOTHING)
        }
        Misdeed::HoardHandles => {
            let mut hoard = Vec::new();
            loop {
                hoard.push(CancellationCookie::new(Cookie));
            }
        }
        Misdeed::HoardFiles => Err(failure(&attempts::hoard_files())),
        Misdeed::Escape => Err(failure(&attempts::escape())),
        Misdeed::Scribble => attempts::scribble(),
        Misdeed::OpenAFifo => Err(failure(&attempts::open_a_fifo(PathFlags::empty()))),
        // A link is followed in the end, and so the host does not know what it opens.
        Misdeed::WaitForAFifo => Err(failure(&attempts::open_a_fifo(PathFlags::SYMLINK_FOLLOW))),
    };
    drop(events);
    let _ = outcome.write(told).await;
}

const NOTHING: BackupSummary = BackupSummary {
    licenses: 0,
    bytes: 0,
    restricted: 0,
    errors: 0,
    size: 0,
    unchanged: false,
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

fn loop_for_ever() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

fn allocate() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1 << 20]));
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
