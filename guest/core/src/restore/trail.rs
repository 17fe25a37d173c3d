//! The directories that lead to the license in hand.
//!
//! The licenses come in an order in which all that is in a directory, or below it, follows one another, such as byte order
//! of their paths. So each directory is entered once and left once, and no more are open than a path has parts.

use crate::store::{Catalogue, DirectoryId};

/// A directory behind those that it is in, with what a phase of the restore keeps of each.
pub(super) struct Trail<L> {
    root: L,
    deeper: Vec<(DirectoryId, L)>,
}

/// What brings the trail nearer to a directory.
#[derive(Clone, Copy)]
pub(super) enum Move {
    /// It is there.
    Here,
    /// Leaving the innermost directory.
    Leave,
    /// Entering this directory, which is in the innermost one.
    Enter(DirectoryId),
}

impl<L> Trail<L> {
    /// A trail that begins, and ends, at the store itself.
    pub(super) fn new(root: L) -> Self {
        Self {
            root,
            deeper: Vec::new(),
        }
    }

    pub(super) fn id(&self) -> DirectoryId {
        self.deeper.last().map_or(Catalogue::ROOT, |(id, _)| *id)
    }

    pub(super) fn innermost(&self) -> &L {
        self.deeper.last().map_or(&self.root, |(_, level)| level)
    }

    pub(super) fn innermost_mut(&mut self) -> &mut L {
        self.deeper
            .last_mut()
            .map_or(&mut self.root, |(_, level)| level)
    }

    /// What to do next on the way to `target`.
    pub(super) fn toward(&self, catalogue: &Catalogue, target: DirectoryId) -> Move {
        if self.id() == target {
            return Move::Here;
        }
        let lineage = catalogue.lineage(target);
        let shared = lineage
            .iter()
            .zip(&self.deeper)
            .take_while(|(wanted, (open, _))| *wanted == open)
            .count();
        match lineage.get(shared) {
            Some(next) if shared == self.deeper.len() => Move::Enter(*next),
            _ => Move::Leave,
        }
    }

    pub(super) fn enter(&mut self, id: DirectoryId, level: L) {
        self.deeper.push((id, level));
    }

    /// Leaves the innermost directory, unless that is the store itself.
    pub(super) fn leave(&mut self) -> Option<(DirectoryId, L)> {
        self.deeper.pop()
    }
}
