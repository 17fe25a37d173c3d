//! CRC-32 as ZIP has it (`APPNOTE.TXT` 4.4.7): the polynomial 0x04C11DB7, bits reflected, all ones before and after.
//!
//! The kept-up libraries have nothing but tables where there is no carry-less multiplication, as in WebAssembly, and take
//! as long for a license as all of its BLAKE3. This one eliminates words instead, after Russell, "Chorba: A novel CRC32
//! implementation" (arXiv:2412.16398): since 1 + x^-145 + x^-183 + x^-211 + x^-300 is a multiple of the polynomial, a bit
//! may be taken out of a message if the bits that many places behind it are flipped. What is left at the end is short.

/// The polynomial, reflected.
const POLYNOMIAL: u32 = 0xEDB8_8320;
/// How many words behind the one in hand are flipped by it.
const REACH: usize = 5;

/// The remainder of each byte.
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

/// The CRC-32 of bytes that come one after the other.
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
        // What the words to come are flipped by. The remainder of what came before flips the first bits.
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
            // Too short for anything to have been eliminated.
            self.divide(last.as_flattened());
        }
        self.divide(tail);
    }

    /// Goes on byte by byte.
    fn divide(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let [low, ..] = self.remainder.to_le_bytes();
            self.remainder = (self.remainder >> 8) ^ TABLE[usize::from(low ^ byte)];
        }
    }

    pub(crate) fn value(self) -> u32 {
        !self.remainder
    }
}

/// The CRC-32 of bytes.
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
    fn the_check_value_is_that_of_the_catalogue_of_crcs() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn each_bit_of_a_message_counts_as_in_another_implementation() {
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
        fn a_message_may_come_in_pieces(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..8)) {
            let mut crc = Crc32::new();
            for piece in &pieces {
                crc.update(piece);
            }
            prop_assert_eq!(crc.value(), crc32fast::hash(&pieces.concat()));
        }
    }
}
