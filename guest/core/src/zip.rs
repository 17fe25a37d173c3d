//! The constants of the ZIP format that the archive and the publication reader share,
//! from PKWARE's `APPNOTE.TXT` 6.3.10; section numbers below are those of that document.
//! All fields are little-endian.

/// The values of a field of 32 and of 16 bits whose true value is in a ZIP64 structure
/// (4.4.1.4).
pub(crate) const IN_ZIP64_32: u32 = u32::MAX;
pub(crate) const IN_ZIP64_16: u16 = u16::MAX;

/// The signature of a local file header (4.3.7).
pub(crate) const LOCAL_HEADER: u32 = 0x0403_4B50;
/// The signature of a header in the central directory (4.3.12).
pub(crate) const CENTRAL_HEADER: u32 = 0x0201_4B50;
/// The signature of the ZIP64 end of central directory record (4.3.14).
pub(crate) const ZIP64_END_RECORD: u32 = 0x0606_4B50;
/// The signature of its locator (4.3.15).
pub(crate) const ZIP64_END_LOCATOR: u32 = 0x0706_4B50;
/// The signature of the end of central directory record (4.3.16).
pub(crate) const END_RECORD: u32 = 0x0605_4B50;

/// The lengths in bytes of these structures, without names, extra fields and comments.
pub(crate) const LOCAL_HEADER_LENGTH: usize = 30;
pub(crate) const CENTRAL_HEADER_LENGTH: usize = 46;
pub(crate) const ZIP64_RECORD_LENGTH: usize = 56;
pub(crate) const ZIP64_LOCATOR_LENGTH: usize = 20;
pub(crate) const END_LENGTH: usize = 22;

/// The ID of the extra field with ZIP64 sizes and offset (4.5.3).
pub(crate) const ZIP64_EXTRA: u16 = 1;

/// Appends a field of 16 bits.
pub(crate) fn put16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a field of 32 bits.
pub(crate) fn put32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a field of 64 bits.
pub(crate) fn put64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Returns the field of 16 bits at an offset, or `None` if `bytes` is too short.
pub(crate) fn get16(bytes: &[u8], at: usize) -> Option<u16> {
    get(bytes, at).map(u16::from_le_bytes)
}

/// Returns the field of 32 bits at an offset, or `None` if `bytes` is too short.
pub(crate) fn get32(bytes: &[u8], at: usize) -> Option<u32> {
    get(bytes, at).map(u32::from_le_bytes)
}

/// Returns the field of 64 bits at an offset, or `None` if `bytes` is too short.
pub(crate) fn get64(bytes: &[u8], at: usize) -> Option<u64> {
    get(bytes, at).map(u64::from_le_bytes)
}

fn get<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
