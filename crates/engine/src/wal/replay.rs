//! Reads the log back at a start. A torn end of the last file is cut off; damage anywhere else stops the start.

use super::TornTail;
use super::record::{self, DecodedRecord, FILE_HEADER_BYTES, FileHeader, Record};
use crate::error;
use crate::open_dir::sync_dir;
use crate::storage::Storage;
use crate::undecoded::Undecoded;
use base::store::StoreError;
use std::path::Path;

/// The result of a replay: where the log ended.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    pub(crate) files: u64,
    pub(crate) records: u64,
    /// The last record.
    pub(crate) last_sequence: u64,
    /// The highest number of a file that counts.
    pub(crate) file_number: u64,
    pub(crate) torn: Option<TornTail>,
}

/// Replays all files from `first_number` on, whose first record follows `sequence`; hands each record, with its sequence,
/// to `apply`, whose complaint is damage, too.
pub(crate) fn replay(
    storage: &dyn Storage,
    dir: &Path,
    first_number: u64,
    sequence: u64,
    mut apply: impl FnMut(u64, Record) -> Result<(), &'static str>,
) -> Result<Replayed, StoreError> {
    let names = storage.list(dir).map_err(error::io("list", dir))?;
    let mut numbers: Vec<u64> = names
        .iter()
        .filter_map(|name| super::file_number(name))
        .filter(|number| *number >= first_number)
        .collect();
    numbers.sort_unstable();
    let mut replayed = Replayed {
        last_sequence: sequence,
        file_number: first_number,
        ..Replayed::default()
    };
    if numbers.first() != Some(&first_number) {
        return Err(error::corrupt(
            &super::path(dir, first_number),
            0,
            "the manifest's log file is missing",
        ));
    }
    while drop_unbegun(storage, dir, &mut numbers, &mut replayed)? {}
    for (position, number) in numbers.iter().enumerate() {
        let path = super::path(dir, *number);
        let is_last = position + 1 == numbers.len();
        let bytes = storage.read(&path).map_err(error::io("read", &path))?;
        replayed.file_number = replayed.file_number.max(*number);
        let header =
            FileHeader::decode(&bytes).map_err(|undecoded| undecoded.into_error(&path, 0))?;
        if header.file_number != *number {
            return Err(misnamed(&path, &header));
        }
        if replayed.last_sequence.checked_add(1) != Some(header.first_sequence) {
            return Err(error::corrupt(
                &path,
                0,
                format!(
                    "the log skips from record {} to {}",
                    replayed.last_sequence, header.first_sequence
                ),
            ));
        }
        replayed.files += 1;
        let end = replay_file(&path, &bytes, is_last, &mut replayed, &mut apply)?;
        if end < bytes.len() {
            storage
                .truncate(&path, end as u64)
                .map_err(error::io("cut", &path))?;
            replayed.torn = Some(TornTail {
                file: path,
                bytes: (bytes.len() - end) as u64,
            });
        }
    }
    Ok(replayed)
}

/// The file is a log file, but another one.
fn misnamed(path: &Path, header: &FileHeader) -> StoreError {
    let what = format!(
        "it is a copy of log file {}, and does not belong here",
        header.file_number
    );
    error::corrupt(path, 0, what)
}

/// Removes a last file that has no whole header: the crash came while it was made, before all that belongs into the file
/// before it was on stable storage. Nothing can be in it, and its number is given again.
///
/// True where it was empty and its number does not follow that of the file before it, which may then be the one that the crash left.
fn drop_unbegun(
    storage: &dyn Storage,
    dir: &Path,
    numbers: &mut Vec<u64>,
    replayed: &mut Replayed,
) -> Result<bool, StoreError> {
    let [.., before, last] = *numbers.as_slice() else {
        return Ok(false);
    };
    let path = super::path(dir, last);
    let bytes = storage.read(&path).map_err(error::io("read", &path))?;
    match FileHeader::decode(&bytes) {
        Ok(header) if header.file_number == last => return Ok(false),
        // Said before the file before it is taken for one that is not the last.
        Ok(header) => return Err(misnamed(&path, &header)),
        Err(unknown @ Undecoded::Unknown(_)) => return Err(unknown.into_error(&path, 0)),
        Err(damaged) if bytes.len() > FILE_HEADER_BYTES => {
            return Err(damaged.into_error(&path, 0));
        }
        Err(Undecoded::Damaged(_)) => {}
    }
    storage.remove(&path).map_err(error::io("remove", &path))?;
    sync_dir(storage, dir)?;
    numbers.pop();
    // Without a byte nothing is torn, and there is nothing to tell.
    if !bytes.is_empty() {
        replayed.torn = Some(TornTail {
            file: path,
            bytes: bytes.len() as u64,
        });
    }
    Ok(bytes.is_empty() && before.checked_add(1) != Some(last))
}

/// Returns where the valid records end.
fn replay_file(
    path: &Path,
    bytes: &[u8],
    is_last: bool,
    replayed: &mut Replayed,
    apply: &mut impl FnMut(u64, Record) -> Result<(), &'static str>,
) -> Result<usize, StoreError> {
    let mut at = FILE_HEADER_BYTES;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let decoded = match record::decode(rest) {
            Ok(decoded) => decoded,
            Err(unknown @ Undecoded::Unknown(_)) => return Err(unknown.into_error(path, at as u64)),
            Err(damaged) if !is_last || record::holds_synced_record(rest) => {
                return Err(damaged.into_error(path, at as u64));
            }
            Err(Undecoded::Damaged(_)) => return Ok(at),
        };
        let DecodedRecord {
            sequence,
            record,
            length,
        } = decoded;
        let expected = if record == Record::Synced {
            replayed.last_sequence
        } else {
            replayed.last_sequence + 1
        };
        if sequence != expected {
            return Err(error::corrupt(
                path,
                at as u64,
                format!("record {sequence} where {expected} is due"),
            ));
        }
        if record != Record::Synced {
            apply(sequence, record).map_err(|what| error::corrupt(path, at as u64, what))?;
            replayed.last_sequence = sequence;
            replayed.records += 1;
        }
        at += length;
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series_ref::SeriesRef;
    use crate::storage::faulty::Faulty;
    use crate::wal::record::{Kind, Payload, encode, put_samples};
    use proptest::prelude::*;

    const DIR: &str = "/wal";

    /// A log file of `commits`, each of some samples, as the writer makes it; and where each record ends.
    fn log(commits: &[Vec<u32>]) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = FileHeader {
            file_number: 1,
            first_sequence: 1,
        }
        .encode();
        let mut ends = Vec::new();
        for (done, commit) in (0_u64..).zip(commits) {
            if done > 0 {
                encode(&mut bytes, done, &Payload::new(Kind::Synced, Vec::new()));
            }
            let samples: Vec<_> = commit.iter().map(|at| (SeriesRef(*at), 1, 2.0)).collect();
            encode(
                &mut bytes,
                done + 1,
                &Payload::new(Kind::Samples, put_samples(&samples)),
            );
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    fn replayed(bytes: &[u8]) -> Result<(u64, Replayed, usize), StoreError> {
        let storage = Faulty::new(1);
        let dir = Path::new(DIR);
        storage.create_dir(dir).unwrap();
        let path = crate::wal::path(dir, 1);
        storage.create(&path).unwrap().append(bytes).unwrap();
        let mut count = 0;
        let replayed = replay(&storage, dir, 1, 0, |sequence, _| {
            count += 1;
            assert_eq!(sequence, count);
            Ok(())
        })?;
        let kept_bytes = storage.read(&path).unwrap().len();
        Ok((count, replayed, kept_bytes))
    }

    fn offset(what: &str) -> u64 {
        let (offset, _) = what
            .strip_prefix("at offset ")
            .unwrap()
            .split_once(':')
            .unwrap();
        offset.parse().unwrap()
    }

    fn commits() -> impl Strategy<Value = Vec<Vec<u32>>> {
        prop::collection::vec(prop::collection::vec(any::<u32>(), 1..20), 1..8)
    }

    proptest! {
        #[test]
        fn a_cut_log_is_whole_up_to_the_cut(commits in commits(), cut in any::<prop::sample::Index>()) {
            let (bytes, ends) = log(&commits);
            let length = FILE_HEADER_BYTES + cut.index(bytes.len() + 1 - FILE_HEADER_BYTES);
            let (count, replayed, kept_bytes) = replayed(&bytes[..length]).unwrap();
            prop_assert_eq!(count, ends.iter().filter(|end| **end <= length).count() as u64);
            prop_assert_eq!(replayed.last_sequence, count);
            let torn = replayed.torn.map_or(0, |torn| usize::try_from(torn.bytes).unwrap());
            prop_assert_eq!(kept_bytes + torn, length);
        }

        #[test]
        fn a_changed_bit_loses_nothing_that_was_synced(
            commits in commits(),
            at in any::<prop::sample::Index>(),
            bit in 0_u32..8,
        ) {
            let (mut bytes, ends) = log(&commits);
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            // Only the last commit may pass for a torn write, and then all before it is there.
            let last_begins = ends.len().checked_sub(2).map_or(FILE_HEADER_BYTES, |before| ends[before]);
            match replayed(&bytes) {
                Err(StoreError::Damaged { what, .. }) => prop_assert!(offset(&what) <= at as u64),
                Err(other) => panic!("{other}"),
                Ok((count, replayed, _)) => {
                    prop_assert!(at >= last_begins && replayed.torn.is_some());
                    prop_assert_eq!(count, commits.len() as u64 - 1);
                }
            }
        }

        #[test]
        fn no_bytes_panic(tail: Vec<u8>) {
            let (mut bytes, _) = log(&[vec![1]]);
            bytes.extend(tail);
            let _ = replayed(&bytes);
        }
    }
}
