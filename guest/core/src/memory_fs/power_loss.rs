//! Loss of power: which changes survive that were not synced.

use std::collections::BTreeMap;

use super::disk::Disk;
use super::node::{Inode, Names, Node};

/// The size in bytes of a block, which a disk writes completely or not at all.
const BLOCK: usize = 512;

/// The changes that were not synced and survive a loss of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surviving {
    /// All changes: the program was killed, and the disk continues.
    Everything,
    /// No changes.
    Nothing,
    /// The changes of names, and no changes of content.
    Names,
    /// A selection by this seed, in any order. A name has any node that it had since its
    /// directory was synced; a file has any length that it can have had since it was
    /// synced, and each of its blocks is old or new.
    Some(u64),
}

/// A generator of numbers that are the same for the same seed (splitmix64).
struct Random(u64);

impl Random {
    /// Returns a number below `count`.
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % count as u64)
            .expect("the number is below a usize")
    }
}

impl Disk {
    /// Stops everything. The disk keeps the surviving changes, which are durable then.
    pub(crate) fn lose_power(&self, surviving: Surviving) {
        let mut nodes = self.0.nodes.borrow_mut();
        match surviving {
            Surviving::Everything => {}
            Surviving::Nothing => nodes.iter_mut().for_each(Node::lose),
            Surviving::Names => nodes.iter_mut().for_each(|node| match node {
                Node::Directory { .. } => node.sync(),
                Node::File { .. } | Node::Other { .. } => node.lose(),
            }),
            Surviving::Some(seed) => {
                let mut random = Random(seed);
                nodes
                    .iter_mut()
                    .for_each(|node| node.lose_some(&mut random));
            }
        }
    }
}

impl Node {
    /// Returns to the durable state.
    fn lose(&mut self) {
        match self {
            Self::File {
                content, durable, ..
            } => content.clone_from(durable),
            Self::Directory {
                names,
                durable,
                changes,
                ..
            } => {
                names.clone_from(durable);
                changes.clear();
            }
            Self::Other { .. } => {}
        }
    }

    /// Returns to the durable state with some of the changes since then.
    fn lose_some(&mut self, random: &mut Random) {
        match self {
            Self::File {
                content, durable, ..
            } if content != durable => *content = torn(durable, content, random),
            Self::Directory {
                names,
                durable,
                changes,
                ..
            } => *names = mixed(durable, changes, random),
            Self::File { .. } | Self::Other { .. } => {}
        }
        self.sync();
    }
}

/// Returns the content of a file whose change from `old` to `new` was interrupted.
fn torn(old: &[u8], new: &[u8], random: &mut Random) -> Vec<u8> {
    let (shorter, longer) = (old.len().min(new.len()), old.len().max(new.len()));
    let length = match random.below(3) {
        0 => old.len(),
        1 => new.len(),
        _ => shorter + random.below(longer - shorter + 1),
    };
    // Blocks by which the file was extended, and that were not written, are zeros.
    let mut torn = vec![0; length];
    for (number, block) in torn.chunks_mut(BLOCK).enumerate() {
        let source = if random.below(2) == 0 { old } else { new };
        let source = source.get(number * BLOCK..).unwrap_or_default();
        let count = source.len().min(block.len());
        block[..count].copy_from_slice(&source[..count]);
    }
    torn
}

/// Returns the names of a directory that had the names `durable`, with some of the
/// changes since then.
fn mixed(durable: &Names, changes: &[(String, Option<Inode>)], random: &mut Random) -> Names {
    let mut candidates: BTreeMap<&str, Vec<Option<Inode>>> = BTreeMap::new();
    for (name, inode) in changes {
        candidates
            .entry(name)
            .or_insert_with(|| vec![durable.get(name).copied()])
            .push(*inode);
    }
    let mut names = durable.clone();
    for (name, candidates) in candidates {
        match candidates[random.below(candidates.len())] {
            Some(inode) => names.insert(name.to_owned(), inode),
            None => names.remove(name),
        };
    }
    names
}
