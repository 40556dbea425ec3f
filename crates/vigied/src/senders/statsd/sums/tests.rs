use super::*;
use base::id::{Guid, KeyId, SpaceId};
use base::scope::Domain;
use base::source::Source;
use base::time::Millis;

fn sums(bytes_in_all: usize) -> Sums {
    let bound = |limit, allowed| AggregatorLimit { limit, allowed };
    Sums {
        settings: StatsdSettings {
            sums: statsd::Settings::default(),
            sanitize: true,
        },
        bounds: AggregatorLimits {
            series: bound(limit::STATSD_SERIES, 1000),
            bytes: bound(limit::STATSD_BYTES, 1 << 20),
        },
        memory: SumMemory::new(bytes_in_all, Shares::of(50, 25, 75)),
        table: Mutex::default(),
        readers: AtomicUsize::new(0),
    }
}

fn account(number: u8) -> AccountId {
    AccountId(Guid::from_random([number; 16]))
}

fn owner(number: u8) -> Owner {
    Owner {
        domain: Domain::Space(SpaceId(Guid::from_random([number; 16]))),
        key: None,
    }
}

/// Empty sums were counted, but nobody asked whether there was room for them: with spaces enough, one account had all.
#[test]
fn empty_sums_of_many_spaces_leave_room_for_another_account() {
    let sums = sums(256 << 10);
    let share = sums.memory.remaining(account(1)).bytes;
    let first = sums.sum(owner(0), account(1)).unwrap();
    let reading = sums.read(&mut first.lock(), b"a:1|c");
    assert_eq!(reading.rejects, []);
    let (mut opened, mut refused) = (0, None);
    for space in 0..40 {
        match sums.sum(owner(space), account(1)) {
            Ok(_) => opened += 1,
            Err(SumError::Full(exceeded)) => refused = Some(exceeded),
            Err(SumError::Settings) => panic!("the settings are the default ones"),
        }
    }
    assert_eq!(sums.all().len(), opened);
    assert!(opened > 1 && opened * EMPTY_BYTES < share, "{opened}");
    assert!(sums.memory.remaining(account(1)).bytes < EMPTY_BYTES);
    // What is there goes on.
    let reading = sums.read(&mut first.lock(), b"a:1|c");
    assert_eq!(reading.rejects, []);
    // The refusal says why these values have no sums.
    let refused = refused.unwrap();
    assert_eq!(refused.limit.name, "account_share_percent");
    let reading = sums.refuse(b"a:1:2|c\nb:x|c", refused);
    let codes: Vec<_> = reading
        .rejects
        .iter()
        .map(|reject| (reject.reason.code(), reject.count))
        .collect();
    assert_eq!(codes, [("full", 2), ("value", 1)]);
    // Another has room as before.
    let other = sums.sum(owner(100), account(2)).unwrap();
    let reading = sums.read(&mut other.lock(), b"a:1|c\nb:1|ms");
    assert_eq!(reading.rejects, []);
    assert!(sums.memory.remaining(account(2)).bytes > 0);
    // All of it is given back.
    for (owner, sum) in sums.all() {
        assert!(sums.close(owner, &sum, &mut sum.lock()));
    }
    assert_eq!(sums.memory.remaining(account(1)).bytes, share);
}

fn credential() -> SenderCredential {
    SenderCredential::Source(KeyId(Guid::from_random([1; 16])))
}

fn sender() -> Sender {
    Sender {
        listener: "statsd.udp_listen",
        source: Source::client([127, 0, 0, 1].into()),
    }
}

/// A connection had the sums of its domain, and the one thread of the listener for all domains' datagrams waited for it.
#[test]
fn who_reads_for_all_waits_for_no_sums() {
    let sums = sums(1 << 20);
    let (busy, other) = (
        sums.sum(owner(1), account(1)).unwrap(),
        sums.sum(owner(2), account(2)).unwrap(),
    );
    let credential = credential();
    let datagram = |sum: &SharedSum, number, lines: &[u8]| {
        let outcome = sums.add(
            sum,
            account(number),
            (&credential, sender()),
            (lines, false),
        );
        let Some(LinesOutcome::Read(reading, waited)) = outcome else {
            panic!("{outcome:?}");
        };
        let waited = waited.iter();
        let waited = waited.map(|(_, reading)| (reading.received, reading.rejected()));
        (reading.received, waited.collect::<Vec<_>>())
    };
    let before = sums.memory.remaining(account(1)).bytes;
    // As a connection has them: waiting for them on this very thread would never end.
    let guard = busy.lock();
    assert_eq!(datagram(&busy, 1, b"heat:1|g\nbad"), (0, vec![]));
    assert_eq!(datagram(&busy, 1, b"heat:5|g"), (0, vec![]));
    assert_eq!(datagram(&other, 2, b"heat:9|g"), (1, vec![]));
    assert!(sums.memory.remaining(account(1)).bytes < before);
    drop(guard);
    // What waited comes before what follows it.
    assert_eq!(datagram(&busy, 1, b"heat:+2|g"), (1, vec![(2, 1), (1, 0)]));
    let batch = busy.lock().aggregator.flush(Millis(0));
    let values: Vec<_> = batch.iter().map(|sample| sample.value).collect();
    assert_eq!(values, [7.0]);
}

/// Datagrams that wait have a bound, are given back, and keep their sums from being forgotten.
#[test]
fn what_waits_for_sums_is_bounded_and_none_of_it_is_lost() {
    let sums = sums(1 << 20);
    let sum = sums.sum(owner(1), account(1)).unwrap();
    let before = sums.memory.remaining(account(1)).bytes;
    let credential = credential();
    let add = |lines: &[u8], waits: bool| {
        sums.add(&sum, account(1), (&credential, sender()), (lines, waits))
    };
    let packet = b"a:1|c\n".repeat(10_000);
    let mut held = sum.lock();
    let mut left = 0;
    while let Some(LinesOutcome::Read(..)) = add(&packet, false) {
        left += 1;
    }
    assert_eq!(left, 4);
    assert!(!sums.close(owner(1), &sum, &mut held));
    drop(held);
    // The thread that reads for all reads a part of it, and has to leave what comes after the rest.
    let Some(LinesOutcome::Read(reading, waited)) = add(b"a:1|c", false) else {
        panic!("it may wait");
    };
    assert_eq!((reading.received, waited.len()), (0, 2));
    // A connection reads all of it.
    let Some(LinesOutcome::Read(reading, waited)) = add(b"a:1|c", true) else {
        panic!("a connection waits");
    };
    assert_eq!((reading.received, waited.len()), (1, 3));
    let mut held = sum.lock();
    let batch = held.aggregator.flush(Millis(0));
    let values: Vec<_> = batch.iter().map(|sample| sample.value).collect();
    assert_eq!(values, [4000.2, 40_002.0]);
    assert!(sums.close(owner(1), &sum, &mut held));
    drop(held);
    assert!(add(b"a:1|c", false).is_none() && add(b"a:1|c", true).is_none());
    assert_eq!(
        sums.memory.remaining(account(1)).bytes,
        before + EMPTY_BYTES
    );
}
