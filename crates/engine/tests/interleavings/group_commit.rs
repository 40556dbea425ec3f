//! The log's group commit: what is acknowledged is on stable storage, once and in order, whoever has written it; whoever waits is
//! woken, by success, by a failure or by a panic; records for which there was no disk space are written later; and each record is
//! in its file.
//!
//! A thread that is never woken ends a run as a deadlock, which fails it.

use crate::chunks::Chunks;
use crate::error::{self, FileAction};
use crate::group::{GroupCommit, LogSink};
use crate::in_every_order;
use crate::poison::Poison;
use crate::resource_shortage::ResourceShortage;
use base::store::{Outage, StoreError};
use loom::sync::Mutex as Lock;
use loom::thread::{self, JoinHandle};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The outcome of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Works,
    FailsToSync,
    FindsNoRoom,
    Panics,
}

/// The records on stable storage: file and record.
type Stored = Arc<Mutex<Vec<(u64, u64)>>>;

/// A file whose writes and turns meet their fates, one after the other, and then work.
#[derive(Debug)]
struct Disk {
    fates: Vec<Fate>,
    number: u64,
    stored: Stored,
}

impl Disk {
    fn meet_fate(&mut self) -> Result<(), StoreError> {
        let fate = match self.fates.is_empty() {
            true => Fate::Works,
            false => self.fates.remove(0),
        };
        let (action, kind) = match fate {
            Fate::Works => return Ok(()),
            Fate::FailsToSync => (FileAction::Sync, io::ErrorKind::Other),
            Fate::FindsNoRoom => (FileAction::Write, io::ErrorKind::StorageFull),
            Fate::Panics => panic!("on purpose"),
        };
        Err(error::io(action, Path::new("1.wal"))(io::Error::from(kind)))
    }
}

impl LogSink for Disk {
    type Next = u64;

    fn write(&mut self, durable: u64, records: &Chunks) -> Result<(), StoreError> {
        // Others may gather records now.
        thread::yield_now();
        self.meet_fate()?;
        let mut stored = self.stored.lock().unwrap();
        let last = stored.last().map_or(0, |(_, record)| *record);
        assert!(
            durable <= last,
            "{durable} is not there, {last} is the last"
        );
        let records: Vec<u8> = records.iter().flatten().copied().collect();
        for record in records.chunks(8) {
            let record = u64::from_le_bytes(record.try_into().unwrap());
            stored.push((self.number, record));
        }
        Ok(())
    }

    fn switch_to(&mut self, next: &mut u64, last: u64) -> Result<(), StoreError> {
        self.meet_fate()?;
        let stored = self.stored.lock().unwrap();
        let written = stored.last().map_or(0, |(_, record)| *record);
        assert_eq!(written, last, "the file before is not whole");
        self.number = *next;
        Ok(())
    }

    fn file_number(next: &u64) -> u64 {
        *next
    }

    fn panicked(&self) -> StoreError {
        error::unavailable(Outage::Stuck, "the log broke off")
    }
}

/// A log, and what is on stable storage of it.
struct Log {
    group: GroupCommit<Disk>,
    stored: Stored,
    poison: Arc<Poison>,
    /// The lock that keeps others from adding records while the log switches files.
    stop: Lock<()>,
}

impl Log {
    fn new(fates: &[Fate]) -> Arc<Self> {
        let stored = Stored::default();
        let disk = Disk {
            fates: fates.to_vec(),
            number: 1,
            stored: Arc::clone(&stored),
        };
        let poison = Arc::new(Poison::default());
        let group = GroupCommit::new(disk, 1, 0, Arc::clone(&poison), ResourceShortage::new(0));
        Arc::new(Self {
            group,
            stored,
            poison,
            stop: Lock::new(()),
        })
    }

    fn push(&self) -> u64 {
        let _going = self.stop.lock().unwrap();
        let encode = |out: &mut Vec<u8>, record: u64| out.extend_from_slice(&record.to_le_bytes());
        self.group.push(8, encode)
    }

    /// Commits a record; what was acknowledged is there.
    fn commit(&self, record: u64) -> Result<(), StoreError> {
        self.group.commit(record)?;
        let stored = self.stored.lock().unwrap();
        assert!(
            stored.iter().any(|(_, candidate)| *candidate == record),
            "{record} was acknowledged, and is not there"
        );
        Ok(())
    }

    fn append(&self) -> Result<(), StoreError> {
        self.commit(self.push())
    }

    fn sender(self: &Arc<Self>) -> JoinHandle<Result<(), StoreError>> {
        let this = Arc::clone(self);
        thread::spawn(move || this.append())
    }

    fn records(&self) -> Vec<u64> {
        let stored = self.stored.lock().unwrap();
        stored.iter().map(|(_, record)| *record).collect()
    }
}

fn is_poison(outcome: &Result<(), StoreError>) -> bool {
    matches!(outcome, Err(error) if error.outage() == Some(Outage::ReadOnly))
}

#[test]
fn what_is_acknowledged_is_there_once_and_in_order_and_all_who_wait_are_woken() {
    in_every_order(3, || {
        let log = Log::new(&[]);
        let senders = [log.sender(), log.sender()];
        log.append().unwrap();
        for sender in senders {
            sender.join().unwrap().unwrap();
        }
        assert_eq!(log.records(), [1, 2, 3]);
        assert_eq!(log.group.waiting(), 0);
        assert!(log.group.leader_since().is_none());
    });
}

#[test]
fn a_failed_sync_poisons_whoever_is_not_done() {
    in_every_order(2, || {
        let log = Log::new(&[Fate::Works, Fate::FailsToSync]);
        let senders = [log.sender(), log.sender()];
        let mut outcomes = vec![log.append()];
        outcomes.extend(senders.map(|sender| sender.join().unwrap()));
        let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(done, log.records().len(), "{outcomes:?}");
        assert!(
            done > 0
                && outcomes
                    .iter()
                    .all(|outcome| outcome.is_ok() || is_poison(outcome))
        );
        // All in one write, and nothing is left to fail.
        assert_eq!(log.poison.is_set(), done < 3);
    });
}

#[test]
fn a_panic_of_the_leader_wakes_and_poisons_all() {
    in_every_order(2, || {
        let log = Log::new(&[Fate::Panics]);
        let senders = [(); 2].map(|()| {
            let appender = Arc::clone(&log);
            thread::spawn(move || catch_unwind(AssertUnwindSafe(|| appender.append())))
        });
        let mut outcomes = vec![catch_unwind(AssertUnwindSafe(|| log.append()))];
        outcomes.extend(senders.map(|sender| sender.join().unwrap()));
        let panicked = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        assert_eq!(panicked, 1);
        assert!(outcomes.iter().flatten().all(is_poison), "{outcomes:?}");
        assert!(log.records().is_empty());
    });
}

#[test]
fn what_finds_no_room_comes_again_before_all_that_has_come_since() {
    in_every_order(2, || {
        let log = Log::new(&[Fate::FindsNoRoom, Fate::Works, Fate::FindsNoRoom]);
        let senders = [log.sender(), log.sender()];
        let mut outcomes = vec![log.append()];
        outcomes.extend(senders.map(|sender| sender.join().unwrap()));
        for outcome in outcomes {
            match outcome {
                Ok(()) => {}
                Err(error) if error.outage() == Some(Outage::DiskFull) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        // A second try that finds no disk space is the last such.
        let last = log.group.last_sequence();
        let _ = log.commit(last);
        let _ = log.commit(last);
        log.commit(last).unwrap();
        assert_eq!(log.records(), [1, 2, 3]);
        assert_eq!(log.group.waiting(), 0);
        assert!(!log.group.shortage().is_present());
    });
}

/// A flush switches files while others write: nothing of before is in the new file, and nothing of after in the old.
fn switched(fates: &'static [Fate]) {
    in_every_order(3, move || {
        let log = Log::new(fates);
        let sender = {
            let appender = Arc::clone(&log);
            thread::spawn(move || {
                let _ = appender.append();
                let _ = appender.append();
            })
        };
        let switch = {
            let _stopped = log.stop.lock().unwrap();
            log.group.begin_switch(2)
        };
        assert_eq!(switch.file, 2);
        while log.group.switch_to(switch.file).is_err() {}
        assert_eq!(log.group.file_number(), 2);
        sender.join().unwrap();
        while log.group.commit(log.group.last_sequence()).is_err() {}
        let stored = log.stored.lock().unwrap();
        let expected: Vec<_> = (1..=2)
            .map(|record| (if record <= switch.last_sequence { 1 } else { 2 }, record))
            .collect();
        assert_eq!(*stored, expected);
    });
}

#[test]
fn a_switch_leaves_each_record_in_its_file() {
    switched(&[]);
}

#[test]
fn a_switch_without_room_leaves_each_record_in_its_file() {
    switched(&[Fate::FindsNoRoom, Fate::FindsNoRoom]);
    switched(&[Fate::Works, Fate::FindsNoRoom, Fate::FindsNoRoom]);
}
