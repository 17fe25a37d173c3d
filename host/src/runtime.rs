//! The compiled component, from which every operation gets an instance of its own.

use std::path::Path;
use std::sync::Arc;

use wasmtime::component::{Component, HasData, Linker, ResourceTable};
use wasmtime::{Config, Engine};
use wasmtime_wasi::WasiView as _;
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{filesystem, io};

use crate::bindings::LicenseManagementPre;
use crate::run::{self, State};
use crate::{
    BackupCallback, BackupOperation, BackupOptions, CancellationCookie, ListOperation, OperationError, RuntimeError,
    backup, callbacks, list,
};

/// The component of this library; see `build.rs`.
static COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/license-backup.wasm"));

/// Bytes of memory that one operation may use, unless another limit is set. An operation keeps the paths of a store and
/// what it left out in memory, so that this is far from what any store takes that people have, and near enough that a
/// defect does not starve the machine.
const MEMORY_LIMIT: usize = 1024 * 1024 * 1024;

/// The compiled component.
///
/// Making one takes a noticeable time, cloning it none; it can be shared between threads. Each operation gets an instance
/// of its own, with its own memory and with no more than the directories that it names.
#[derive(Clone)]
pub struct Runtime {
    component: Arc<LicenseManagementPre<State>>,
    memory_limit: usize,
}

impl Runtime {
    /// Compiles the component that is embedded in this library.
    ///
    /// # Errors
    ///
    /// [`RuntimeError::Engine`] where WebAssembly cannot be run; the others are defects of this library.
    pub fn new() -> Result<Self, RuntimeError> {
        Self::from_component(COMPONENT)
    }

    /// Compiles another component of the world `licenses:management/license-management`, in the binary format.
    ///
    /// It gets what the embedded one gets, and nothing else: access to the opened directories.
    ///
    /// # Errors
    ///
    /// See [`RuntimeError`].
    pub fn from_component(component: &[u8]) -> Result<Self, RuntimeError> {
        let mut config = Config::new();
        // A component is stripped of names, and an error should be one line.
        config.wasm_backtrace_max_frames(None);
        let engine = Engine::new(&config).map_err(|error| RuntimeError::Engine(error.into()))?;
        let component =
            Component::from_binary(&engine, component).map_err(|error| RuntimeError::Compile(error.into()))?;
        let component = link(&engine, &component).map_err(|error| RuntimeError::Link(error.into()))?;
        Ok(Self { component: Arc::new(component), memory_limit: MEMORY_LIMIT })
    }

    /// The same, with another limit on the memory of each operation, in bytes. The default is 1 GiB: a store of an
    /// extraordinary number of licenses may need more, and little should need as much.
    ///
    /// An operation that reaches it ends with [`OperationError::OutOfMemory`].
    #[must_use]
    pub fn with_memory_limit(self, bytes: usize) -> Self {
        Self { memory_limit: bytes, ..self }
    }

    /// Starts a backup. The future resolves as soon as the backup is accepted, and its work goes on in the background, on
    /// a thread of its own that begins when the future is first polled.
    ///
    /// Dropping is not cancelling: when this future, the [`BackupOperation`] or any part of it is dropped, the backup
    /// still runs to its end. [`CancellationCookie::cancel`] cancels it.
    ///
    /// The backup file is its owner's alone on Linux, whatever the umask. On other Unixes the umask of the process
    /// decides: set it to 077.
    ///
    /// # Errors
    ///
    /// All that can be told at once: [`OperationError::Directory`], and of the codes of [`OperationError::Failure`]
    /// `InvalidArgument`, `PathNotFound`, `AccessDenied`, `BackupExists`. All later trouble arrives through
    /// [`BackupOperation::completed`].
    pub fn backup(
        &self,
        options: &BackupOptions,
    ) -> impl Future<Output = Result<BackupOperation, OperationError>> + Send + use<> {
        let operation = run::start(self.clone(), backup::Backup::new(options));
        async { operation.await.map(BackupOperation::from) }
    }

    /// Starts a backup as [`Runtime::backup`] does, and calls `callback` with what happens.
    ///
    /// # Errors
    ///
    /// Those of [`Runtime::backup`]; the callback is then not called at all.
    pub fn backup_with<C: BackupCallback + 'static>(
        &self,
        options: &BackupOptions,
        callback: C,
    ) -> impl Future<Output = Result<CancellationCookie, OperationError>> + Send + use<C> {
        callbacks::relay(self.backup(options), callback)
    }

    /// Starts to list what the backup in a directory holds, and what it left out and why. The future resolves as soon as
    /// the listing is accepted. The directory is opened for reading only.
    ///
    /// # Errors
    ///
    /// All that can be told at once: [`OperationError::Directory`], and of the codes of [`OperationError::Failure`]
    /// `PathNotFound`, `AccessDenied`, `BackupCorrupt`. All later trouble arrives through [`ListOperation::completed`].
    pub fn list(
        &self,
        backup_directory: &Path,
    ) -> impl Future<Output = Result<ListOperation, OperationError>> + Send + use<> {
        let operation = run::start(self.clone(), list::List::new(backup_directory));
        async { operation.await.map(ListOperation::from) }
    }

    pub(crate) fn component(&self) -> Arc<LicenseManagementPre<State>> {
        Arc::clone(&self.component)
    }

    pub(crate) fn memory_limit(&self) -> usize {
        self.memory_limit
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("memory_limit", &self.memory_limit).finish_non_exhaustive()
    }
}

/// Connects the component with the file system, and with nothing else that a WASI host could give: a component that
/// imports more is refused. The interfaces of `wasi:io` act on nothing but what `wasi:filesystem` hands out.
fn link(engine: &Engine, component: &Component) -> wasmtime::Result<LicenseManagementPre<State>> {
    let mut linker = Linker::new(engine);
    filesystem::types::add_to_linker::<State, WasiFilesystem>(&mut linker, State::filesystem)?;
    filesystem::preopens::add_to_linker::<State, WasiFilesystem>(&mut linker, State::filesystem)?;
    io::error::add_to_linker::<State, Table>(&mut linker, |state| state.ctx().table)?;
    io::poll::add_to_linker::<State, Table>(&mut linker, |state| state.ctx().table)?;
    io::streams::add_to_linker::<State, Table>(&mut linker, |state| state.ctx().table)?;
    LicenseManagementPre::new(linker.instantiate_pre(component)?)
}

/// The interfaces of `wasi:io` need no more than the table of handles.
struct Table;

impl HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}
