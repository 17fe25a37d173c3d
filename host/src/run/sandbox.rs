//! All that a component can reach: `wasi:filesystem` over the directories of one operation, and a measure of memory.
//!
//! Nothing else that a WASI host could give is there: no network, no environment, no standard streams.

use std::fs::File;
use std::io;

use cap_primitives::ambient_authority;
use cap_primitives::fs::{open_ambient_dir, open_dir_nofollow};
use wasmtime::component::{Component, HasData, HasSelf, Linker, Resource, ResourceTable};
use wasmtime_wasi::filesystem::{Descriptor, Dir, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::bindings::{filesystem, io as wasi_io};
use wasmtime_wasi::{FsPerms, OpenMode, WasiCtx, WasiCtxView, WasiView};

use super::deadline::Deadline;
use super::directories::{Access, Directory};
use super::files::{Files, Helpers};
use super::memory::MemoryLimit;
use crate::OperationError;
use crate::bindings::ServicePre;
use crate::unc::Place;

/// The component has a thread of its own, so that file operations can block it. Without this each would hop to a pool of
/// threads, which costs several times as much. Files have it from the context, directories from how they were opened.
pub(super) const BLOCKS_ITS_THREAD: bool = true;

/// What the component's store holds on the host's side.
pub(crate) struct State {
    directories: Vec<(Dir, &'static str)>,
    wasi: WasiCtx,
    table: ResourceTable,
    helpers: Helpers,
    pub(super) memory: MemoryLimit,
}

impl State {
    /// Opens the directories of an operation.
    pub(super) fn new(
        directories: &[Directory],
        memory_limit: usize,
        deadline: Deadline,
    ) -> Result<Self, OperationError> {
        let directories = directories.iter().map(|directory| {
            let opened = open(&directory.place).map_err(|source| OperationError::Directory {
                role: directory.role,
                path: directory.path.clone(),
                source,
            })?;
            Ok((limited(opened, directory.access), directory.name))
        });
        Ok(Self {
            directories: directories.collect::<Result<_, OperationError>>()?,
            wasi: WasiCtx::builder()
                .allow_blocking_current_thread(BLOCKS_ITS_THREAD)
                .build(),
            table: ResourceTable::new(),
            helpers: Helpers::new(deadline),
            memory: MemoryLimit::new(memory_limit),
        })
    }
}

/// Opens a directory that the embedder has named, and then what is below it component by component. There no link is
/// followed, so that whoever can write to a share cannot lead an operation out of it; that takes handles, since a path that
/// was looked at can be another one when it is used.
fn open(Place { directory, below }: &Place) -> io::Result<File> {
    let opened = open_ambient_dir(directory, ambient_authority())?;
    below.iter().try_fold(opened, |parent, name| {
        open_dir_nofollow(&parent, name.as_ref()).map_err(|error| {
            let message = format!("{name}, which must be a directory and no link: {error}");
            io::Error::new(error.kind(), message)
        })
    })
}

fn limited(directory: File, access: Access) -> Dir {
    let (permissions, mode) = match access {
        Access::Read => (FsPerms::ReadOnly, OpenMode::READ),
        Access::ReadAndWrite => (FsPerms::ReadWrite, OpenMode::READ | OpenMode::WRITE),
    };
    Dir::new(directory, permissions, mode, BLOCKS_ITS_THREAD)
}

impl preopens::Host for State {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        let open = self.directories.iter().map(|(directory, name)| {
            let descriptor = self.table.push(Descriptor::Dir(directory.clone()))?;
            self.helpers.open += 1;
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

/// Connects a component with the file system. One that imports more is refused. The interfaces of `wasi:io` are there for
/// their types: no stream is ever handed out.
pub(crate) fn link(component: &Component) -> wasmtime::Result<ServicePre<State>> {
    let mut linker = Linker::new(component.engine());
    filesystem::types::add_to_linker::<State, FilesOf>(&mut linker, |state| Files {
        wasi: WasiFilesystemCtxView {
            ctx: state.wasi.filesystem(),
            table: &mut state.table,
        },
        helpers: &mut state.helpers,
    })?;
    preopens::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    wasi_io::error::add_to_linker::<State, Table>(&mut linker, |state| &mut state.table)?;
    wasi_io::poll::add_to_linker::<State, Table>(&mut linker, |state| &mut state.table)?;
    wasi_io::streams::add_to_linker::<State, Table>(&mut linker, |state| &mut state.table)?;
    ServicePre::new(linker.instantiate_pre(component)?)
}

struct FilesOf;

impl HasData for FilesOf {
    type Data<'a> = Files<'a>;
}

/// The interfaces of `wasi:io` need no more than the table of handles.
struct Table;

impl HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::MetadataExt as _;
    use std::{env, fs, process};

    use super::preopens::Host as _;
    use super::*;
    use crate::unc::Shares;

    #[test]
    fn of_a_share_only_the_directory_is_open_that_the_operation_names() {
        let share = env::temp_dir().join(format!("license-backup-sandbox-{}", process::id()));
        let named = share.join("a/b");
        fs::create_dir_all(&named).expect("a temporary directory is writable");
        let mut shares = Shares::default();
        shares
            .map("\\\\nas\\backups", share.clone())
            .expect("it is a share");
        let directory = Directory::backup("\\\\nas\\backups\\a\\b".into(), Access::Read, &shares);
        let state = State::new(
            &[directory.expect("the share covers it")],
            1 << 20,
            Deadline::NONE,
        );
        let expected = fs::metadata(&named).expect("it is there");
        fs::remove_dir_all(&share).expect("a temporary directory is writable");

        let mut state = state.expect("it can be opened");
        let open = state
            .get_directories()
            .expect("it is a call without arguments");
        let [(descriptor, name)] = open.as_slice() else {
            panic!("{open:?} should be one directory")
        };
        let Ok(Descriptor::Dir(directory)) = state.table.get(descriptor) else {
            panic!("it should be a directory")
        };
        let metadata = directory.dir.metadata().expect("it is open");
        assert_eq!(
            (metadata.dev(), metadata.ino(), name.as_str()),
            (expected.dev(), expected.ino(), "/backup")
        );
        assert_eq!(directory.perms, FsPerms::ReadOnly);
    }
}
