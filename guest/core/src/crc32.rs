//! The CRC-32 of ZIP (`APPNOTE.TXT` 4.4.7): the polynomial 0x04C11DB7, bits reflected,
//! initial and final XOR with all ones.
//!
//! WebAssembly has no carry-less multiplication. Without it, the maintained libraries use
//! tables, and then the CRC-32 of a license takes as long as its BLAKE3. This
//! implementation eliminates words instead, after Russell, "Chorba: A novel CRC32
//! implementation" (arXiv:2412.16398): because 1 + x^-145 + x^-183 + x^-211 + x^-300 is a
//! multiple of the polynomial, a bit may be cleared if the bits 145, 183, 211 and 300
//! positions after it are flipped. Only the short rest of the message is divided byte by
//! byte.

/// The polynomial, reflected.
const POLYNOMIAL: u32 = 0xEDB8_8320;
/// The number of words after a word whose bits the elimination of that word flips.
const REACH: usize = 5;

/// The remainder of each byte value.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte;
        let mut bit = 0;
        while bit < 8 {
            remainder = (remainder >> 1) ^ (POLYNOMIAL * (remainder & 1));
            bit += 1;
        }
        table[byte as usize] = remainder;
        byte += 1;
    }
    table
};

/// A CRC-32 that is computed incrementally.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crc32 {
    remainder: u32,
}

impl Crc32 {
    pub(crate) fn new() -> Self {
        Self {
            remainder: u32::MAX,
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let (words, tail) = bytes.as_chunks::<8>();
        let (eliminated, last) = words.split_at(words.len().saturating_sub(REACH));
        // The flips of the next words. The remainder of the preceding bytes flips the
        // first bits.
        let mut flips = [u64::from(self.remainder), 0, 0, 0, 0];
        for word in eliminated {
            let word = u64::from_le_bytes(*word) ^ flips[0];
            flips = [
                flips[1],
                flips[2] ^ (word << 17) ^ (word << 55),
                flips[3] ^ (word >> 47) ^ (word >> 9) ^ (word << 19),
                flips[4] ^ (word >> 45) ^ (word << 44),
                word >> 20,
            ];
        }
        if let Ok(last) = <&[[u8; 8]; REACH]>::try_from(last) {
            self.remainder = 0;
            for (word, flip) in last.iter().zip(flips) {
                self.divide(&(u64::from_le_bytes(*word) ^ flip).to_le_bytes());
            }
        } else {
            // Too short: no word was eliminated.
            self.divide(last.as_flattened());
        }
        self.divide(tail);
    }

    /// Updates the remainder byte by byte.
    fn divide(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let [low, ..] = self.remainder.to_le_bytes();
            self.remainder = (self.remainder >> 8) ^ TABLE[usize::from(low ^ byte)];
        }
    }

    /// Returns the CRC-32 of the bytes so far.
    pub(crate) fn value(self) -> u32 {
        !self.remainder
    }
}

/// Returns the CRC-32 of bytes.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc32 = Crc32::new();
    crc32.update(bytes);
    crc32.value()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_check_value_is_that_of_the_crc_catalogue() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn each_bit_has_the_same_effect_as_in_crc32fast() {
        for length in 0..200 {
            let mut message = vec![0; length];
            assert_eq!(crc32(&message), crc32fast::hash(&message), "{length} zeros");
            for bit in 0..8 * length {
                message[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(
                    crc32(&message),
                    crc32fast::hash(&message),
                    "bit {bit} of {length} bytes"
                );
                message[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }

    proptest! {
        #[test]
        fn a_message_may_be_passed_in_pieces(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..8)) {
            let mut crc = Crc32::new();
            for piece in &pieces {
                crc.update(piece);
            }
            prop_assert_eq!(crc.value(), crc32fast::hash(&pieces.concat()));
        }
    }
}
