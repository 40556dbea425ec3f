use super::*;
use crate::frame::HEAD_BYTES;
use proptest::prelude::*;

const PLENTY: u64 = 64 << 20;

fn open(folder: &Path) -> Journal {
    Journal::open(folder, PLENTY, WhenFull::DropOldest).unwrap()
}

/// Everything in the folder, read as a restart would.
fn payloads(folder: &Path) -> Vec<String> {
    files(folder)
        .iter()
        .flat_map(|path| scan(&fs::read(path).unwrap(), 0).records)
        .map(|record| String::from_utf8(record.payload).unwrap())
        .collect()
}

/// Takes one record after the other.
fn drained(journal: &mut Journal) -> Vec<String> {
    let mut payloads = Vec::new();
    loop {
        let records = journal.oldest(0, 0).unwrap();
        if records.is_empty() {
            return payloads;
        }
        journal.discard(&records).unwrap();
        payloads.extend(
            records
                .into_iter()
                .map(|record| String::from_utf8(record.payload).unwrap()),
        );
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    folder::numbers(folder)
        .unwrap()
        .into_iter()
        .map(|number| folder::path_of(folder, number))
        .collect()
}

#[test]
fn what_was_appended_is_there_after_a_restart_until_it_is_discarded() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path());
    journal.append(b"[1]", 1).unwrap();
    journal.append(b"[2,3]", 2).unwrap();
    drop(journal);

    let mut journal = open(folder.path());
    assert_eq!(journal.weight(), 3);
    journal.append(b"[4]", 1).unwrap();
    assert_eq!(payloads(folder.path()), ["[1]", "[2,3]", "[4]"]);
    let first = journal.oldest(3, u64::MAX).unwrap();
    assert_eq!(first.len(), 1);
    journal.discard(&first).unwrap();
    assert_eq!(drained(&mut journal), ["[2,3]", "[4]"]);
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
    journal.append(b"[5]", 1).unwrap();
    assert_eq!(drained(&mut journal), ["[5]"]);
    assert_eq!(journal.take_lost(), LostRecords::default());
}

#[test]
fn a_crash_at_any_byte_costs_only_the_torn_record() {
    let written = ["[1]", "[22,22]", "[]", "[333,333,333]"];
    let origin = tempfile::tempdir().unwrap();
    let mut journal = open(origin.path());
    let mut ends = vec![MAGIC.len()];
    for payload in written {
        journal.append(payload.as_bytes(), 1).unwrap();
        ends.push(ends.last().unwrap() + HEAD_BYTES + payload.len());
    }
    let whole = fs::read(&files(origin.path())[0]).unwrap();
    assert_eq!(whole.len(), *ends.last().unwrap());

    for cut in 0..=whole.len() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder::path_of(folder.path(), 7), &whole[..cut]).unwrap();
        let mut journal = open(folder.path());
        let complete = ends.iter().skip(1).filter(|end| **end <= cut).count();
        assert_eq!(journal.weight(), complete as u64, "cut at {cut}");
        let torn = u64::from(cut != 0 && !ends.contains(&cut));
        let lost = LostRecords {
            torn,
            ..LostRecords::default()
        };
        assert_eq!(journal.take_lost(), lost, "cut at {cut}");
        // The journal goes on, and nothing is written after the torn end.
        journal.append(b"[next]", 1).unwrap();
        drop(journal);
        let mut again = open(folder.path());
        let expected = [&written[..complete], &["[next]"]].concat();
        assert_eq!(drained(&mut again), expected, "cut at {cut}");
    }
}

#[test]
fn damage_costs_the_damaged_record_and_is_told_apart_from_a_torn_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path());
    for payload in ["one", "two", "three"] {
        journal.append(payload.as_bytes(), 1).unwrap();
    }
    let path = files(folder.path()).remove(0);
    let mut bytes = fs::read(&path).unwrap();
    bytes[MAGIC.len() + 2 * HEAD_BYTES + 3] ^= 1;
    fs::write(&path, &bytes).unwrap();
    // While it is open, and after a restart.
    assert_eq!(drained(&mut journal), ["one", "three"]);
    assert_eq!(
        journal.take_lost(),
        LostRecords {
            damaged: 1,
            ..LostRecords::default()
        }
    );
    drop(journal);
    fs::write(&path, &bytes).unwrap();
    let mut journal = open(folder.path());
    assert_eq!(
        journal.take_lost(),
        LostRecords {
            damaged: 1,
            ..LostRecords::default()
        }
    );
    assert_eq!(drained(&mut journal), ["one", "three"]);
}

#[test]
fn the_oldest_go_when_there_is_no_room_and_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), 0, WhenFull::DropOldest).unwrap();
    let payload = vec![b' '; 300 << 10];
    for _ in 0..12 {
        journal.append(&payload, 10).unwrap();
    }
    let lost = journal.take_lost();
    assert!(lost.dropped > 0);
    assert_eq!(lost.dropped + journal.weight(), 120);
    assert!(bytes_in(folder.path()) <= 2 * FILE_BYTES);
}

#[test]
fn what_was_promised_is_refused_when_there_is_no_room_and_never_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), 0, WhenFull::Refuse).unwrap();
    let payload = vec![b' '; 300 << 10];
    let mut kept = 0;
    let refused = loop {
        match journal.append(&payload, 10) {
            Ok(()) => kept += 10,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, JournalError::Full { bytes_max, .. } if bytes_max == 2 * FILE_BYTES));
    assert_eq!(
        (journal.weight(), journal.take_lost()),
        (kept, LostRecords::default())
    );
    assert!(bytes_in(folder.path()) <= 2 * FILE_BYTES);
    // Room that is given back is used again.
    let mut given_back = 0;
    while given_back < 4 {
        let oldest = journal.oldest(0, 0).unwrap();
        journal.discard(&oldest).unwrap();
        given_back += 1;
    }
    journal.append(&payload, 10).unwrap();
}

#[test]
fn a_record_larger_than_the_journal_costs_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), 0, WhenFull::DropOldest).unwrap();
    journal.append(b"kept", 1).unwrap();
    let refused = journal.append(&vec![0; 3 << 20], 1).unwrap_err();
    assert!(
        matches!(refused, JournalError::TooLarge { .. }),
        "{refused}"
    );
    assert_eq!(drained(&mut journal), ["kept"]);
}

#[test]
fn what_was_dropped_meanwhile_is_not_discarded_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), 0, WhenFull::DropOldest).unwrap();
    let payload = vec![b' '; 900 << 10];
    journal.append(&payload, 1).unwrap();
    let taken = journal.oldest(usize::MAX, u64::MAX).unwrap();
    journal.append(&payload, 2).unwrap();
    journal.append(&payload, 3).unwrap();
    journal.discard(&taken).unwrap();
    assert_eq!(journal.weight(), 5);
}

/// The number of its file was given to the next one, whose record was then taken for the one that had been sent.
#[test]
fn a_record_that_took_the_place_of_all_others_is_not_discarded_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), 0, WhenFull::DropOldest).unwrap();
    let payload = vec![b' '; 1200 << 10];
    journal.append(&payload, 1).unwrap();
    let taken = journal.oldest(usize::MAX, u64::MAX).unwrap();
    journal.append(&payload, 2).unwrap();
    assert_eq!(journal.take_lost().dropped, 1, "there is room for one");
    journal.discard(&taken).unwrap();
    assert_eq!(journal.weight(), 2);
    let kept = journal.oldest(usize::MAX, u64::MAX).unwrap();
    journal.discard(&kept).unwrap();
    assert_eq!(journal.weight(), 0);
}

#[test]
fn appends_that_fail_leave_no_files_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path());
    journal.append(b"before", 1).unwrap();
    // The newest file takes nothing: it is open to be read alone.
    let read_only = |folder: &Path| File::open(files(folder).pop().unwrap()).unwrap();
    journal.open = Some(read_only(folder.path()));
    assert!(journal.append(b"refused", 1).is_err());
    for _ in 0..5 {
        drop(journal.writable(10).unwrap());
        journal.open = Some(read_only(folder.path()));
        assert!(journal.append(b"refused", 1).is_err());
        assert_eq!(files(folder.path()).len(), 1, "the one with a record");
    }
    journal.append(b"after", 1).unwrap();
    assert_eq!(payloads(folder.path()), ["before", "after"]);
    assert_eq!(drained(&mut journal), ["before", "after"]);
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
}

#[test]
fn two_cannot_share_it() {
    let folder = tempfile::tempdir().unwrap();
    let _first = open(folder.path());
    let second = Journal::open(folder.path(), PLENTY, WhenFull::DropOldest);
    assert!(matches!(second, Err(JournalError::InUse { .. })));
}

#[test]
fn no_link_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    for name in ["lock", "00000000000000000007.journal"] {
        let link = folder.path().join(name);
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        let opened = Journal::open(folder.path(), PLENTY, WhenFull::DropOldest);
        assert!(matches!(opened, Err(JournalError::Io { .. })), "{name}");
        fs::remove_file(&link).unwrap();
    }
}

fn bytes_in(folder: &Path) -> u64 {
    files(folder)
        .iter()
        .map(|path| fs::metadata(path).unwrap().len())
        .sum()
}

#[derive(Debug, Clone)]
enum Step {
    Append(usize),
    Take {
        bytes: usize,
        discard: bool,
    },
    Restart,
    /// A crash during an append: the record is cut off at this share of its bytes.
    Crash {
        size: usize,
        percent: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_usize..2000).prop_map(Step::Append),
        3 => (0_usize..4000, any::<bool>()).prop_map(|(bytes, discard)| Step::Take { bytes, discard }),
        1 => Just(Step::Restart),
        1 => (0_usize..2000, 0_usize..100).prop_map(|(size, percent)| Step::Crash { size, percent }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// What was acknowledged and not given up comes out, in order, whatever happens in between; what was given up
    /// may come again after a restart, but only before what was not.
    #[test]
    fn what_was_acknowledged_comes_out_in_order(steps in proptest::collection::vec(step(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = open(folder.path());
        let mut waiting: VecDeque<u64> = VecDeque::new();
        let mut next = 0_u64;
        let payload = |number: u64, size: usize| {
            let mut bytes = number.to_le_bytes().to_vec();
            bytes.resize(8 + size, b'x');
            bytes
        };
        let numbers = |records: &[Record]| -> Vec<u64> {
            records.iter().map(|each| u64::from_le_bytes(*each.payload.first_chunk().unwrap())).collect()
        };
        for step in steps {
            match step {
                Step::Append(size) => {
                    journal.append(&payload(next, size), 1).unwrap();
                    waiting.push_back(next);
                    next += 1;
                }
                Step::Take { bytes, discard } => {
                    let records = journal.oldest(bytes, u64::MAX).unwrap();
                    let taken = numbers(&records);
                    // Those that come again were given up before.
                    let fresh: Vec<u64> = taken.iter().copied().filter(|each| waiting.contains(each)).collect();
                    prop_assert!(taken.ends_with(&fresh));
                    prop_assert!(waiting.iter().copied().take(fresh.len()).eq(fresh.iter().copied()));
                    prop_assert_eq!(taken.is_empty(), journal.weight() == 0);
                    if discard {
                        journal.discard(&records).unwrap();
                        waiting.drain(..fresh.len());
                    }
                }
                Step::Restart => {
                    drop(journal);
                    journal = open(folder.path());
                }
                Step::Crash { size, percent } => {
                    journal.append(&payload(u64::MAX, size), 1).unwrap();
                    drop(journal);
                    let newest = files(folder.path()).pop().unwrap();
                    let length = fs::metadata(&newest).unwrap().len();
                    let whole = (HEAD_BYTES + 8 + size) as u64;
                    let left = length - whole + whole * percent as u64 / 100;
                    File::options().write(true).open(&newest).unwrap().set_len(left).unwrap();
                    journal = open(folder.path());
                    prop_assert_eq!(journal.take_lost().damaged, 0);
                }
            }
        }
        let mut rest = Vec::new();
        loop {
            let records = journal.oldest(usize::MAX, u64::MAX).unwrap();
            if records.is_empty() {
                break;
            }
            rest.extend(numbers(&records));
            journal.discard(&records).unwrap();
        }
        prop_assert!(rest.ends_with(waiting.make_contiguous()));
        prop_assert_eq!(journal.take_lost().dropped, 0);
    }
}
