//! The state of the file system calls of one operation.

use std::collections::HashMap;

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::{Descriptor, Dir, File};
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

use super::causes::Causes;
use super::new_files::NewFiles;
use super::read_ahead::{Prefetched, ReadAhead};
use crate::deadline::{Deadline, DeadlineExceeded};

/// The maximum number of files, directories and listings that a component may have open at once.
/// All operations share the limit of the process, often 1024. The embedded component has one open
/// for each part of a path; it reports directories that are nested deeper as unreadable.
const MAX_OPEN_FILES: usize = 256;

/// The state of the file system calls of one operation.
pub(crate) struct IoState {
    deadline: Deadline,
    read_ahead: ReadAhead,
    /// The whole contents of open files that were read ahead and not read by the component yet, by
    /// the number of the descriptor.
    prefetched: HashMap<u32, Vec<u8>>,
    /// The number of open files, directories and listings.
    open_files: usize,
    pub(super) new_files: NewFiles,
    pub(super) causes: Causes,
}

impl IoState {
    pub(crate) fn new(deadline: Deadline, causes: Causes) -> Self {
        Self {
            deadline,
            read_ahead: ReadAhead::default(),
            prefetched: HashMap::new(),
            open_files: 0,
            new_files: NewFiles::default(),
            causes,
        }
    }

    /// Returns an error if the deadline of the operation has passed.
    pub(super) fn check_deadline(&self) -> Result<(), DeadlineExceeded> {
        self.deadline.check()
    }

    /// Returns an error if the component has too many files open, as an operating system does.
    pub(super) fn check_open_files(&self) -> Result<(), ErrorCode> {
        if self.open_files < MAX_OPEN_FILES {
            Ok(())
        } else {
            Err(ErrorCode::Io)
        }
    }

    /// Counts a file, directory or listing that was opened.
    pub(crate) fn count_opened(&mut self) {
        self.open_files += 1;
    }

    /// Counts a file, directory or listing that was closed.
    pub(super) fn count_closed(&mut self) {
        self.open_files -= 1;
    }

    /// Returns a file that was read ahead, with its contents if it is small, and otherwise `None`.
    pub(super) fn take_file(
        &mut self,
        directory: &Dir,
        name: &str,
    ) -> Option<(File, Option<Vec<u8>>)> {
        let Prefetched { file, content, .. } = self.read_ahead.take(directory, name)?;
        Some((file, content))
    }

    /// Keeps the contents of a file until the component reads or closes it.
    pub(super) fn keep_content(&mut self, descriptor: &Resource<Descriptor>, content: Vec<u8>) {
        self.prefetched.insert(descriptor.rep(), content);
    }

    /// Returns the contents of a file if they were read ahead, once.
    pub(super) fn take_content(&mut self, descriptor: &Resource<Descriptor>) -> Option<Vec<u8>> {
        self.prefetched.remove(&descriptor.rep())
    }
}
