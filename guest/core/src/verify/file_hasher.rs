//! The BLAKE3 of a whole file, of which a verification reads one small piece after the other.

/// The number of bytes that are hashed together. BLAKE3 hashes several chunks of 1 KiB at once only
/// if it gets them in one piece that starts at a chunk; small pieces take several times as long.
const BLOCK_LENGTH: usize = 64 << 10;

/// A hasher that collects small pieces.
#[derive(Default)]
pub(super) struct FileHasher {
    hasher: blake3::Hasher,
    /// The bytes that are not hashed yet, less than a block.
    pending: Vec<u8>,
}

impl FileHasher {
    /// Adds the next bytes of the file.
    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        while let Some((head, rest)) = bytes.split_at_checked(BLOCK_LENGTH - self.pending.len()) {
            self.pending.extend_from_slice(head);
            self.hasher.update(&self.pending);
            self.pending.clear();
            bytes = rest;
        }
        self.pending.extend_from_slice(bytes);
    }

    /// Returns the hash of the bytes, and their number.
    pub(super) fn finish(mut self) -> (blake3::Hash, u64) {
        self.hasher.update(&self.pending);
        (self.hasher.finalize(), self.hasher.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_length_have_the_hash_of_the_whole() {
        let bytes: Vec<u8> = (0..=250).cycle().take(3 * BLOCK_LENGTH + 5).collect();
        for length in [
            1,
            1000,
            BLOCK_LENGTH - 1,
            BLOCK_LENGTH,
            BLOCK_LENGTH + 1,
            bytes.len(),
        ] {
            let mut hasher = FileHasher::default();
            for piece in bytes.chunks(length) {
                hasher.update(piece);
            }
            let expected = (blake3::hash(&bytes), bytes.len() as u64);
            assert_eq!(hasher.finish(), expected, "{length}");
        }
    }

    #[test]
    fn an_empty_file_has_the_hash_of_nothing() {
        assert_eq!(FileHasher::default().finish(), (blake3::hash(b""), 0));
    }
}
