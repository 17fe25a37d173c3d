//! Power cuts: what is left of all that was not synced.

use std::collections::BTreeMap;

use super::Disk;
use super::nodes::{Inode, Names, Node};

/// The size in bytes of what a disk writes whole or not at all.
const BLOCK: usize = 512;

/// What is left of all that was not synced, when everything stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// All of it: it was the program that was killed, and the disk goes on.
    Everything,
    /// Nothing.
    Nothing,
    /// Every name, and no content.
    Names,
    /// Some of it, in no order, as the choices of this seed have it. A name stands for whatever it stood for at any time since
    /// its directory was synced; a file has any length that it may have had since it was, and its blocks are old or new.
    Some(u64),
}

/// Choices that are the same for the same seed (splitmix64).
struct Choices(u64);

impl Choices {
    /// A number below `count`.
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % count as u64).expect("it is below a usize")
    }
}

impl Disk {
    /// Stops everything: the disk has what is left, and that is durable.
    pub(crate) fn cut_power(&self, left: Left) {
        let mut nodes = self.0.nodes.borrow_mut();
        match left {
            Left::Everything => {}
            Left::Nothing => nodes.iter_mut().for_each(Node::lose),
            Left::Names => nodes.iter_mut().for_each(|node| match node {
                Node::Directory { .. } => node.settle(),
                Node::File { .. } | Node::Other { .. } => node.lose(),
            }),
            Left::Some(seed) => {
                let mut choices = Choices(seed);
                nodes
                    .iter_mut()
                    .for_each(|node| node.lose_some(&mut choices));
            }
        }
    }
}

impl Node {
    /// Goes back to what was durable.
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

    /// Goes back to what was durable and some of what was done to it since.
    fn lose_some(&mut self, choices: &mut Choices) {
        match self {
            Self::File {
                content, durable, ..
            } if content != durable => *content = torn(durable, content, choices),
            Self::Directory {
                names,
                durable,
                changes,
                ..
            } => *names = mixed(durable, changes, choices),
            Self::File { .. } | Self::Other { .. } => {}
        }
        self.settle();
    }
}

/// A file that was `old`, and was being made `new`.
fn torn(old: &[u8], new: &[u8], choices: &mut Choices) -> Vec<u8> {
    let (shorter, longer) = (old.len().min(new.len()), old.len().max(new.len()));
    let length = match choices.below(3) {
        0 => old.len(),
        1 => new.len(),
        _ => shorter + choices.below(longer - shorter + 1),
    };
    // What a file was extended by, and was not written, is zeros.
    let mut torn = vec![0; length];
    for (number, block) in torn.chunks_mut(BLOCK).enumerate() {
        let source = if choices.below(2) == 0 { old } else { new };
        let source = source.get(number * BLOCK..).unwrap_or_default();
        let count = source.len().min(block.len());
        block[..count].copy_from_slice(&source[..count]);
    }
    torn
}

/// The names of a directory that had the names `durable`, with some of the changes made to it since.
fn mixed(durable: &Names, changes: &[(String, Option<Inode>)], choices: &mut Choices) -> Names {
    let mut meanings: BTreeMap<&str, Vec<Option<Inode>>> = BTreeMap::new();
    for (name, meaning) in changes {
        meanings
            .entry(name)
            .or_insert_with(|| vec![durable.get(name).copied()])
            .push(*meaning);
    }
    let mut names = durable.clone();
    for (name, meanings) in meanings {
        match meanings[choices.below(meanings.len())] {
            Some(inode) => names.insert(name.to_owned(), inode),
            None => names.remove(name),
        };
    }
    names
}
