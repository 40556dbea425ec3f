//! The bytes of a spool's file.
//!
//! A file is `VGSPOOL1` and then frames: length of the payload, number of its samples, CRC-32 of both and of the
//! payload (each 4 bytes, little-endian), and the payload.

use super::Record;

/// The first bytes of a file.
pub(super) const MAGIC: &[u8; 8] = b"VGSPOOL1";
/// What a frame has beyond its payload.
pub(super) const FRAME_HEAD: usize = 12;

/// A record as it lies in a file.
pub(super) fn frame(payload: &[u8], samples: u32) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(FRAME_HEAD + payload.len());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&samples.to_le_bytes());
    bytes.extend_from_slice(&checksum(length, samples, payload).to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

fn checksum(length: u32, samples: u32, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(&samples.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

/// The complete records at the beginning of a file, and whether something that is none follows them.
pub(super) fn frames(bytes: &[u8], file: u64) -> (Vec<Record>, bool) {
    let mut records = Vec::new();
    let Some(mut rest) = bytes.strip_prefix(MAGIC) else {
        return (records, !bytes.is_empty());
    };
    while !rest.is_empty() {
        let Some((record, after)) = first_frame(rest, (file, records.len())) else {
            return (records, true);
        };
        records.push(record);
        rest = after;
    }
    (records, false)
}

fn first_frame(bytes: &[u8], place: (u64, usize)) -> Option<(Record, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (samples, rest) = rest.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let (length, samples) = (u32::from_le_bytes(*length), u32::from_le_bytes(*samples));
    let (payload, rest) = rest.split_at_checked(length as usize)?;
    let sound = checksum(length, samples, payload) == u32::from_le_bytes(*crc);
    sound.then(|| {
        let record = Record {
            payload: payload.to_owned(),
            samples,
            place,
        };
        (record, rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_can_be_opened(bytes in proptest::collection::vec(any::<u8>(), 0..200), magic in any::<bool>()) {
            let whole = if magic { [MAGIC.as_slice(), &bytes].concat() } else { bytes };
            frames(&whole, 1);
        }
    }
}
