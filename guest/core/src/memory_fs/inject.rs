//! Fault injection: the disk records each call, and applies the fault that a test has
//! planned for it.

use super::disk::Disk;
use super::fault::{Call, Extent, Fault, InjectedFault, Subject, Tree};
use super::node::{Inode, Node};
use crate::directory::FsError;
use crate::temporary::is_temporary_name;

/// The bytes that are appended to a file that grows. A license remains a license, and
/// only its size and content change.
const MORE: &[u8] = b"\n\n\n";

/// A name, with its directory and its path from the root.
struct Named {
    directory: Inode,
    name: String,
    path: String,
}

impl Disk {
    /// Records a call, calls the hook, and injects the fault that is planned for the call.
    pub(super) fn called(
        &self,
        operation: &'static str,
        subject: Subject<'_>,
    ) -> Result<Extent, FsError> {
        let number = self.0.calls.borrow().len();
        let call = Call {
            number,
            operation,
            name: subject.name().to_owned(),
        };
        self.0.calls.borrow_mut().push(call.clone());
        // The hook may use the disk, so it must not be borrowed meanwhile.
        let hook = self.0.hook.borrow_mut().take();
        if let Some(mut hook) = hook {
            let result = hook(&call);
            self.0.hook.borrow_mut().get_or_insert(hook);
            result?;
        }
        match self.0.planned.get() {
            Some((planned, fault)) if planned == number => self.apply(fault, call, subject),
            _ => Ok(Extent::All),
        }
    }

    /// Applies a fault to a call, if the fault has a meaning for it.
    fn apply(&self, fault: Fault, call: Call, subject: Subject<'_>) -> Result<Extent, FsError> {
        let path = self.path(subject);
        let (altered, result) = match (fault, subject) {
            (Fault::Error(error), _) => (Tree::new(), Err(error)),
            (Fault::ShortRead, Subject::Read(_, 2..))
            | (Fault::ShortWrite, Subject::Write(_, 2..)) => (Tree::new(), Ok(Extent::Half)),
            (Fault::Removed, _) => (self.remove(subject), Ok(Extent::All)),
            (Fault::Grown, _) if call.reads_a_file() => (
                self.alter(subject, |content| content.extend_from_slice(MORE)),
                Ok(Extent::All),
            ),
            (Fault::Shrunk, _) if call.reads_a_file() => (
                self.alter(subject, |content| content.truncate(content.len() / 2)),
                Ok(Extent::All),
            ),
            (Fault::ShortRead | Fault::ShortWrite | Fault::Grown | Fault::Shrunk, _) => {
                (Tree::new(), Ok(Extent::All))
            }
        };
        if result != Ok(Extent::All) || !altered.is_empty() {
            *self.0.injected.borrow_mut() = Some(InjectedFault {
                fault,
                call,
                path,
                altered,
            });
        }
        result
    }

    /// Removes the names that a call concerns, and the content of directories.
    fn remove(&self, subject: Subject<'_>) -> Tree {
        let mut removed = Tree::new();
        for Named {
            directory,
            name,
            path,
        } in self.concerned(subject)
        {
            removed.extend(
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
        removed
    }

    /// Changes the content of the file that a call reads, and keeps its time: the change
    /// happens soon after the last write. Temporary files are not changed, because other
    /// processes do not know of them.
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

    /// Returns the names that a call concerns: one name, or all names of an open file.
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

    /// Returns the file or directory that a call concerns, if there is one.
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

    /// Returns the path of the object of a call.
    fn path(&self, subject: Subject<'_>) -> String {
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

    /// Returns every name of a file or directory.
    fn names_of(&self, wanted: Inode) -> Vec<Named> {
        let (mut found, mut remaining) = (Vec::new(), vec![(String::new(), 0)]);
        while let Some((above, directory)) = remaining.pop() {
            for (name, inode) in self.names(directory) {
                let path = format!("{above}/{name}");
                if inode == wanted {
                    found.push(Named {
                        directory,
                        name,
                        path: path.clone(),
                    });
                }
                remaining.push((path, inode));
            }
        }
        found
    }
}
