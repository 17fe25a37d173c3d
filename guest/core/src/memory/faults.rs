//! Faults: what may become of one call, and of the file that it concerns, at the hands of the file system and of others.

use super::nodes::{Inode, Node};
use super::{Call, Disk, Tree};
use crate::directory::FsError;
use crate::temporary::is_temporary_name;

/// What may happen to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is answered with an error, and nothing is done.
    Error(FsError),
    /// A read gives half of what it could give. That is never nothing, which would mean the end of the file.
    ShortRead,
    /// A write takes half of what it could take.
    ShortWrite,
    /// What it concerns was removed before it by somebody else: the name, or of an opened file all names.
    Gone,
    /// The file that it looks at was appended to before it by somebody else.
    Grown,
    /// The file that it looks at was cut to half its length before it by somebody else.
    Shrunk,
}

/// Every fault that an operation has to bear. Of the errors some have a meaning of their own to some call, and the last is a lie.
pub(crate) const FAULTS: [Fault; 12] = [
    Fault::Error(FsError::NoSpace),
    Fault::Error(FsError::Other("io")),
    Fault::Error(FsError::AccessDenied),
    Fault::Error(FsError::Other("interrupted")),
    Fault::Error(FsError::NotPermitted),
    Fault::Error(FsError::Exist),
    Fault::Error(FsError::NoEntry),
    Fault::ShortRead,
    Fault::ShortWrite,
    Fault::Gone,
    Fault::Grown,
    Fault::Shrunk,
];

/// What is appended to a file that grows: a license stays one, and only its size and content tell.
const MORE: &[u8] = b"\n\n\n";

/// A fault that has struck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Struck {
    pub(crate) fault: Fault,
    pub(crate) call: Call,
    /// The path from the root of what the call concerned.
    pub(crate) place: String,
    /// What somebody else has altered, by its path from the root: the content that a file has since then, or nothing for what
    /// is gone. What is altered so is durable.
    pub(crate) altered: Tree,
}

/// What a call concerns.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    /// A directory itself.
    Directory(Inode),
    /// A name in a directory.
    Name(Inode, &'a str),
    /// The next name in the listing of a directory, if it has one that can be told.
    Listed(Inode, Option<&'a str>),
    /// The file of one name, which is to get another one.
    Names {
        directory: Inode,
        from: &'a str,
        to: &'a str,
    },
    /// An opened file.
    File(Inode),
    /// An opened file, of which so many bytes can be read.
    Read(Inode, usize),
    /// An opened file, which would take so many bytes.
    Write(Inode, usize),
}

/// How much of what it was asked for a call does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Whole,
    Part,
}

/// A name, with the directory that it is in and its path from the root.
struct Named {
    directory: Inode,
    name: String,
    path: String,
}

impl<'a> Subject<'a> {
    /// The name that a call is noted with.
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Name(_, name) | Self::Names { to: name, .. } | Self::Listed(_, Some(name)) => {
                name
            }
            Self::Directory(_)
            | Self::Listed(_, None)
            | Self::File(_)
            | Self::Read(..)
            | Self::Write(..) => "",
        }
    }
}

impl Struck {
    /// The error that was answered, if it is one that means nothing but trouble.
    pub(crate) fn trouble(&self) -> Option<FsError> {
        match self.fault {
            Fault::Error(error) => {
                Some(error).filter(|error| !matches!(error, FsError::NoEntry | FsError::Exist))
            }
            _ => None,
        }
    }

    /// Whether the call has done less than it was asked for, and nothing else.
    pub(crate) fn is_short(&self) -> bool {
        matches!(self.fault, Fault::ShortRead | Fault::ShortWrite)
    }

    /// Whether the file system has said of something that is there that it is not. Then it is to blame for what follows.
    pub(crate) fn is_a_lie(&self) -> bool {
        self.fault == Fault::Error(FsError::NoEntry)
    }
}

impl Call {
    fn looks_at_a_file(&self) -> bool {
        ["metadata", "open_file", "read", "file_metadata"].contains(&self.operation)
    }
}

impl Disk {
    /// Has a fault strike the call of this number. Where it means nothing, nothing happens.
    pub(crate) fn strike(&self, number: usize, fault: Fault) {
        self.0.planned.set(Some((number, fault)));
    }

    /// The fault that has struck since the last look, if one has.
    pub(crate) fn take_struck(&self) -> Option<Struck> {
        self.0.struck.take()
    }

    /// Has a fault strike a call, if it means anything to it.
    pub(super) fn meet(
        &self,
        fault: Fault,
        call: Call,
        subject: Subject<'_>,
    ) -> Result<Extent, FsError> {
        let place = self.place(subject);
        let (altered, answer) = match (fault, subject) {
            (Fault::Error(error), _) => (Tree::new(), Err(error)),
            (Fault::ShortRead, Subject::Read(_, 2..))
            | (Fault::ShortWrite, Subject::Write(_, 2..)) => (Tree::new(), Ok(Extent::Part)),
            (Fault::Gone, _) => (self.remove(subject), Ok(Extent::Whole)),
            (Fault::Grown, _) if call.looks_at_a_file() => (
                self.alter(subject, |content| content.extend_from_slice(MORE)),
                Ok(Extent::Whole),
            ),
            (Fault::Shrunk, _) if call.looks_at_a_file() => (
                self.alter(subject, |content| content.truncate(content.len() / 2)),
                Ok(Extent::Whole),
            ),
            (Fault::ShortRead | Fault::ShortWrite | Fault::Grown | Fault::Shrunk, _) => {
                (Tree::new(), Ok(Extent::Whole))
            }
        };
        if answer != Ok(Extent::Whole) || !altered.is_empty() {
            *self.0.struck.borrow_mut() = Some(Struck {
                fault,
                call,
                place,
                altered,
            });
        }
        answer
    }

    /// Removes what a call concerns, with all that is in it.
    fn remove(&self, subject: Subject<'_>) -> Tree {
        let mut gone = Tree::new();
        for Named {
            directory,
            name,
            path,
        } in self.concerned(subject)
        {
            gone.extend(
                self.tree(&path)
                    .into_keys()
                    .map(|below| (path.clone() + &below, None)),
            );
            if let Node::Directory {
                names,
                durable,
                changes,
                ..
            } = &mut self.0.nodes.borrow_mut()[directory]
            {
                names.remove(&name);
                durable.remove(&name);
                changes.retain(|(changed, _)| *changed != name);
            }
        }
        gone
    }

    /// Alters the file that a call looks at, so soon after it was written that its time stays the same. A temporary file is
    /// not altered by anybody else: it is its owner's alone, and nobody else knows of it.
    fn alter(&self, subject: Subject<'_>, change: impl Fn(&mut Vec<u8>)) -> Tree {
        let Some(inode) = self.inode(subject) else {
            return Tree::new();
        };
        let names = self.names_of(inode);
        if names.iter().any(|named| is_temporary_name(&named.name)) {
            return Tree::new();
        }
        let Node::File {
            content, durable, ..
        } = &mut self.0.nodes.borrow_mut()[inode]
        else {
            return Tree::new();
        };
        change(content);
        durable.clone_from(content);
        names
            .into_iter()
            .map(|named| (named.path, Some(content.clone())))
            .collect()
    }

    /// The names that a call concerns: one, or all of an opened file.
    fn concerned(&self, subject: Subject<'_>) -> Vec<Named> {
        let mut names = self
            .inode(subject)
            .map_or_else(Vec::new, |inode| self.names_of(inode));
        if let Subject::Name(directory, name)
        | Subject::Listed(directory, Some(name))
        | Subject::Names {
            directory,
            from: name,
            ..
        } = subject
        {
            names.retain(|named| (named.directory, named.name.as_str()) == (directory, name));
        }
        names
    }

    /// The file or directory that a call concerns, if there is one.
    fn inode(&self, subject: Subject<'_>) -> Option<Inode> {
        match subject {
            Subject::Name(directory, name)
            | Subject::Listed(directory, Some(name))
            | Subject::Names {
                directory,
                from: name,
                ..
            } => self.lookup(directory, name),
            Subject::File(inode) | Subject::Read(inode, _) | Subject::Write(inode, _) => {
                Some(inode)
            }
            Subject::Directory(_) | Subject::Listed(_, None) => None,
        }
    }

    /// The path of what a call concerns.
    fn place(&self, subject: Subject<'_>) -> String {
        let (inode, name) = match subject {
            Subject::Name(directory, name)
            | Subject::Names {
                directory,
                to: name,
                ..
            } => (directory, Some(name)),
            Subject::Directory(inode)
            | Subject::Listed(inode, _)
            | Subject::File(inode)
            | Subject::Read(inode, _)
            | Subject::Write(inode, _) => (inode, None),
        };
        let path = self
            .names_of(inode)
            .into_iter()
            .next()
            .map_or_else(String::new, |named| named.path);
        name.map_or(path.clone(), |name| format!("{path}/{name}"))
    }

    /// Every name of a file or directory.
    fn names_of(&self, wanted: Inode) -> Vec<Named> {
        let (mut found, mut left) = (Vec::new(), vec![(String::new(), 0)]);
        while let Some((above, directory)) = left.pop() {
            for (name, inode) in self.names(directory) {
                let path = format!("{above}/{name}");
                if inode == wanted {
                    found.push(Named {
                        directory,
                        name,
                        path: path.clone(),
                    });
                }
                left.push((path, inode));
            }
        }
        found
    }
}
