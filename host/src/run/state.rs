//! The host's side of a component's store: its directories, its handles and its memory limit.

use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::filesystem::{ALLOW_BLOCKING, Causes, FilesystemView, IoState, as_descriptor};
use super::memory::MemoryLimit;
use super::opened::{Opened, open};
use super::preopens::Preopen;
use crate::OperationError;
use crate::deadline::Deadline;

/// The host's side of a component's store.
pub(crate) struct State {
    directories: Vec<(Opened, &'static str)>,
    wasi: WasiCtx,
    pub(super) table: ResourceTable,
    io: IoState,
    pub(super) memory: MemoryLimit,
}

impl State {
    /// Opens the directories of an operation.
    ///
    /// # Errors
    ///
    /// Returns [`OperationError::Directory`] for one that cannot be opened.
    pub(super) fn new(
        preopens: &[Preopen],
        memory_limit: usize,
        deadline: Deadline,
        causes: Causes,
    ) -> Result<Self, OperationError> {
        let directories = preopens.iter().map(|preopen| {
            let Preopen {
                role, path, access, ..
            } = preopen;
            tracing::debug!(%role, path = %path.display(), ?access, "opening a directory");
            let opened = open(preopen).map_err(|source| OperationError::Directory {
                role: *role,
                path: path.clone(),
                source,
            })?;
            Ok((opened, preopen.name))
        });
        Ok(Self {
            directories: directories.collect::<Result<_, OperationError>>()?,
            wasi: WasiCtx::builder()
                .allow_blocking_current_thread(ALLOW_BLOCKING)
                .build(),
            table: ResourceTable::new(),
            io: IoState::new(deadline, causes),
            memory: MemoryLimit::new(memory_limit),
        })
    }

    /// Returns the state of `wasi:filesystem` for one call.
    pub(super) fn filesystem(&mut self) -> FilesystemView<'_> {
        FilesystemView {
            wasi: WasiFilesystemCtxView {
                ctx: self.wasi.filesystem(),
                table: &mut self.table,
            },
            io: &mut self.io,
        }
    }
}

impl preopens::Host for State {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        let open = self.directories.iter().map(|(directory, name)| {
            let descriptor = match directory.clone() {
                Opened::Local(directory) => self.table.push(Descriptor::Dir(directory))?,
                Opened::Remote(directory) => as_descriptor(&self.table.push(directory)?),
            };
            self.io.count_opened();
            Ok((descriptor, (*name).to_owned()))
        });
        open.collect()
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::MetadataExt as _;
    use std::{env, fs, process};

    use wasmtime_wasi::FsPerms;

    use super::preopens::Host as _;
    use super::*;
    use crate::run::Access;
    use crate::unc::Shares;

    #[test]
    fn only_the_named_directory_of_a_share_is_open() {
        let share = env::temp_dir().join(format!("license-backup-state-{}", process::id()));
        let named = share.join("a/b");
        fs::create_dir_all(&named).expect("a temporary directory is writable");
        let mut shares = Shares::default();
        shares
            .map("\\\\nas\\backups", share.clone())
            .expect("it is a share");
        let preopen = Preopen::backup(&"\\\\nas\\backups\\a\\b".into(), Access::Read, &shares);
        let preopen = preopen.expect("the share contains the directory");
        let state = State::new(&[preopen], 1 << 20, Deadline::NONE, Causes::default());
        let expected = fs::metadata(&named).expect("the directory exists");
        fs::remove_dir_all(&share).expect("a temporary directory is writable");

        let mut state = state.expect("the directory can be opened");
        let open = state
            .get_directories()
            .expect("the call has no arguments that could be wrong");
        let [(descriptor, name)] = open.as_slice() else {
            panic!("{open:?} should be one directory")
        };
        let Ok(Descriptor::Dir(directory)) = state.table.get(descriptor) else {
            panic!("the descriptor should be a directory")
        };
        let metadata = directory.dir.metadata().expect("the directory is open");
        assert_eq!(
            (metadata.dev(), metadata.ino(), name.as_str()),
            (expected.dev(), expected.ino(), "/backup")
        );
        assert_eq!(directory.perms, FsPerms::ReadOnly);
    }
}
