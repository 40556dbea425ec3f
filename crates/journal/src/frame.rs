//! The format of a journal file.
//!
//! A file is `VGJRNL01` and then frames. A frame is a head of four little-endian numbers of 4 bytes (the payload's length,
//! its weight, the payload's CRC-32, and the CRC-32 of these three) and the payload.
//!
//! The head has its own checksum, so that a damaged payload costs only that record: the position of the next one is
//! still known. Nothing after a damaged head is searched, because a payload may contain what looks like a frame.

use crate::record::{Record, RecordPosition};

/// The first bytes of a file.
pub(crate) const MAGIC: &[u8; 8] = b"VGJRNL01";
/// The size of a frame without its payload.
pub(crate) const HEAD_BYTES: usize = 16;

/// The contents of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// The valid records.
    pub(crate) records: Vec<Record>,
    /// Whether the file ends with an interrupted append, which was never acknowledged.
    pub(crate) is_torn: bool,
    /// The number of damaged places that no interrupted append explains.
    pub(crate) damaged: u64,
}

/// A record as a frame; `None` when its length does not fit into the head.
pub(crate) fn frame(payload: &[u8], weight: u32) -> Option<Vec<u8>> {
    let length = u32::try_from(payload.len()).ok()?;
    let mut bytes = Vec::with_capacity(HEAD_BYTES + payload.len());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&weight.to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
    let head = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&head.to_le_bytes());
    bytes.extend_from_slice(payload);
    Some(bytes)
}

/// Reads the valid records of a file, and the state of the rest.
pub(crate) fn scan(bytes: &[u8], file: u64) -> Scan {
    let mut scan = Scan::default();
    let Some(mut rest) = bytes.strip_prefix(MAGIC) else {
        // A file is synced with its magic number before the first append returns, so a partial magic number means an
        // interrupted creation.
        scan.is_torn = !bytes.is_empty() && (MAGIC.starts_with(bytes) || is_unwritten(bytes));
        scan.damaged = u64::from(!bytes.is_empty() && !scan.is_torn);
        return scan;
    };
    let mut at = MAGIC.len() as u64;
    // Whether the last frame had a valid head and an invalid payload: damage, unless nothing follows it.
    let mut is_doubtful = false;
    while !rest.is_empty() {
        let Some(head) = Head::read(rest) else {
            scan.damaged += u64::from(is_doubtful);
            is_doubtful = false;
            scan.is_torn = rest.len() < HEAD_BYTES || is_unwritten(rest);
            scan.damaged += u64::from(!scan.is_torn);
            break;
        };
        scan.damaged += u64::from(is_doubtful);
        is_doubtful = false;
        let body = rest.get(HEAD_BYTES..).unwrap_or_default();
        let Some((payload, after)) = body.split_at_checked(head.length as usize) else {
            scan.is_torn = true;
            break;
        };
        let end = at + HEAD_BYTES as u64 + u64::from(head.length);
        if crc32fast::hash(payload) == head.payload_crc {
            scan.records.push(Record {
                payload: payload.to_owned(),
                weight: head.weight,
                position: RecordPosition {
                    file,
                    start: at,
                    end,
                },
            });
        } else {
            is_doubtful = true;
        }
        (rest, at) = (after, end);
    }
    scan.is_torn |= is_doubtful;
    scan
}

struct Head {
    length: u32,
    weight: u32,
    payload_crc: u32,
}

impl Head {
    /// The head at the beginning of `bytes`, if it is valid.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (fields, rest) = bytes.split_at_checked(HEAD_BYTES - 4)?;
        let own_crc = u32::from_le_bytes(*rest.first_chunk::<4>()?);
        if crc32fast::hash(fields) != own_crc {
            return None;
        }
        let (length, fields) = fields.split_first_chunk::<4>()?;
        let (weight, fields) = fields.split_first_chunk::<4>()?;
        let payload_crc = fields.first_chunk::<4>()?;
        Some(Self {
            length: u32::from_le_bytes(*length),
            weight: u32::from_le_bytes(*weight),
            payload_crc: u32::from_le_bytes(*payload_crc),
        })
    }
}

/// Some file systems extend a file before its bytes are written; a crash in between leaves zeros.
fn is_unwritten(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(payloads: &[&[u8]]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for payload in payloads {
            bytes.extend(frame(payload, 1).unwrap());
        }
        bytes
    }

    fn payloads(scan: &Scan) -> Vec<&[u8]> {
        scan.records.iter().map(|each| &*each.payload).collect()
    }

    #[test]
    fn a_flipped_bit_costs_one_record_and_is_damage_unless_it_may_be_a_torn_end() {
        let whole = file(&[b"one", b"two", b"three"]);
        let second = MAGIC.len() + HEAD_BYTES + 3;
        let third = second + HEAD_BYTES + 3;
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            let scan = scan(&bytes, 1);
            let (kept, is_torn): (&[&[u8]], bool) = if at < MAGIC.len() + HEAD_BYTES {
                (&[], false)
            } else if at < second {
                (&[b"two", b"three"], false)
            } else if at < second + HEAD_BYTES {
                (&[b"one"], false)
            } else if at < third {
                (&[b"one", b"three"], false)
            } else {
                (&[b"one", b"two"], at >= third + HEAD_BYTES)
            };
            assert_eq!(payloads(&scan), kept, "byte {at}");
            assert_eq!(
                (scan.is_torn, scan.damaged),
                (is_torn, u64::from(!is_torn)),
                "byte {at}"
            );
        }
    }

    #[test]
    fn what_a_crash_leaves_is_torn_and_no_damage() {
        let whole = file(&[b"one", b"two"]);
        let second = MAGIC.len() + HEAD_BYTES + 3;
        for cut in 0..whole.len() {
            let complete = usize::from(cut >= second);
            let is_torn = cut != 0 && cut != MAGIC.len() && cut != second;
            let found = scan(&whole[..cut], 1);
            assert_eq!(found.records.len(), complete, "cut at {cut}");
            assert_eq!((found.is_torn, found.damaged), (is_torn, 0), "cut at {cut}");
        }
        // A file that was extended before its bytes were written.
        let mut zeros = whole[..second].to_vec();
        zeros.resize(whole.len() + 4096, 0);
        let found = scan(&zeros, 1);
        assert_eq!(
            (payloads(&found), found.is_torn, found.damaged),
            (vec![b"one".as_slice()], true, 0)
        );
    }

    #[test]
    fn nothing_inside_a_payload_is_taken_for_a_record() {
        let inner = frame(b"forged", 9).unwrap();
        let mut bytes = file(&[&inner]);
        bytes[MAGIC.len()] ^= 1;
        let found = scan(&bytes, 1);
        assert_eq!((found.records.len(), found.damaged), (0, 1));
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_opened(bytes in proptest::collection::vec(any::<u8>(), 0..200), magic in any::<bool>()) {
            let whole = if magic { [MAGIC.as_slice(), &bytes].concat() } else { bytes };
            scan(&whole, 1);
        }
    }
}
