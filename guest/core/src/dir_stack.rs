//! A stack of open directories that follows licenses in the order of their paths.
//!
//! The licenses come in an order in which all that are in a directory, or below it, follow one
//! another, such as byte order of path. So each directory is entered once and left once, and no
//! more directories are open than a path has components.

use crate::catalogue::{Catalogue, DirectoryId};

/// The root directory and the directories that lead from it to the current one, each with a value
/// of its caller.
pub(crate) struct DirStack<T> {
    root: T,
    /// The directories below the root, from the outermost to the current one.
    below: Vec<(DirectoryId, T)>,
}

/// The next step on the way from the current directory to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The current directory is the target.
    Arrived,
    /// Leave the current directory.
    Leave,
    /// Enter this directory, which is in the current one.
    Enter(DirectoryId),
}

impl<T> DirStack<T> {
    /// Creates a stack whose current directory is the root.
    pub(crate) fn new(root: T) -> Self {
        Self {
            root,
            below: Vec::new(),
        }
    }

    /// Returns the number of the current directory.
    pub(crate) fn current_id(&self) -> DirectoryId {
        self.below.last().map_or(Catalogue::ROOT, |(id, _)| *id)
    }

    /// Returns the value of the current directory.
    pub(crate) fn current(&self) -> &T {
        self.below.last().map_or(&self.root, |(_, value)| value)
    }

    /// Returns the value of the current directory, to be changed.
    pub(crate) fn current_mut(&mut self) -> &mut T {
        self.below
            .last_mut()
            .map_or(&mut self.root, |(_, value)| value)
    }

    /// Returns the next step on the way to `target`.
    pub(crate) fn next_step_to(&self, target: DirectoryId, catalogue: &Catalogue) -> Step {
        if self.current_id() == target {
            return Step::Arrived;
        }
        let lineage = catalogue.lineage(target);
        let shared = lineage
            .iter()
            .zip(&self.below)
            .take_while(|(wanted, (open, _))| *wanted == open)
            .count();
        match lineage.get(shared) {
            Some(next) if shared == self.below.len() => Step::Enter(*next),
            _ => Step::Leave,
        }
    }

    /// Makes a directory that is in the current one the current one.
    pub(crate) fn enter(&mut self, id: DirectoryId, value: T) {
        self.below.push((id, value));
    }

    /// Leaves the current directory and returns its number and value, or returns `None` at the
    /// root.
    pub(crate) fn leave(&mut self) -> Option<(DirectoryId, T)> {
        self.below.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps to each file. Returns the directories that are entered (`+`) and left (`-`).
    fn steps(paths: &[&str]) -> String {
        let mut catalogue = Catalogue::new();
        let files: Vec<_> = paths.iter().map(|path| catalogue.add_path(path)).collect();
        let mut stack = DirStack::new(());
        let mut steps = Vec::new();
        for file in files {
            let target = catalogue.directory_of(file);
            loop {
                match stack.next_step_to(target, &catalogue) {
                    Step::Arrived => break,
                    Step::Enter(id) => {
                        stack.enter(id, ());
                        steps.push(format!("+{}", catalogue.directory_name(id)));
                    }
                    Step::Leave => {
                        let (id, ()) = stack.leave().expect("the root is never left");
                        steps.push(format!("-{}", catalogue.directory_name(id)));
                    }
                }
            }
            assert_eq!(stack.current_id(), target);
        }
        steps.join(" ")
    }

    #[test]
    fn each_directory_is_entered_and_left_once() {
        let paths = ["a/b/one", "a/b/two", "a/c/d/three", "a/four", "five"];
        assert_eq!(steps(&paths), "+a +b -b +c +d -d -c -a");
    }

    #[test]
    fn files_of_the_root_enter_no_directory() {
        assert_eq!(steps(&["a", "b"]), "");
    }
}
