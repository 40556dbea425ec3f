use super::*;
use http::Version;
use std::cell::Cell;
use std::task::{Context, Waker};
use std::time::Duration;

fn source(last: u8) -> Option<SourceKey> {
    Some(SourceKey::of([192, 0, 2, last].into()))
}

fn connect(slots: &Arc<ConnectionSlots>, from: u8) -> Option<ConnectionSlot> {
    slots.accept(source(from), &|_| {})
}

fn mark_authenticated(slot: &ConnectionSlot, account: u8) {
    let account = AccountId(base::id::Guid::from_random([account; 16]));
    slot.slots.keep(slot.state(), account);
}

/// Whether it still has its slot.
fn has_slot(slot: &ConnectionSlot) -> bool {
    let table = slot.slots.lock();
    let group = table.groups.get(&slot.at.0);
    group.is_some_and(|group| group.connections.contains_key(&slot.at.1))
}

#[test]
fn the_source_with_most_silent_connections_gives_way_and_the_proven_never() {
    let slots = ConnectionSlots::new(8, 8);
    let proven = connect(&slots, 1).unwrap();
    mark_authenticated(&proven, 1);
    let honest = connect(&slots, 2).unwrap();
    let silent: Vec<_> = (0..6).map(|_| connect(&slots, 3).unwrap()).collect();
    let new = connect(&slots, 4).unwrap();
    assert!(has_slot(&proven) && has_slot(&honest) && has_slot(&new));
    let held: Vec<bool> = silent.iter().map(has_slot).collect();
    assert_eq!(held, [false, true, true, true, true, true]);
    let open = || slots.open.load(Ordering::Relaxed);
    assert_eq!((open(), slots.lock().count), (9, 8));
    drop(silent);
    assert_eq!((open(), slots.lock().count), (3, 3));
}

fn is_descriptor_left(slots: &ConnectionSlots) -> bool {
    let mut left = std::pin::pin!(slots.descriptor_is_left());
    let polled = left.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    polled.is_ready()
}

/// A pause for each newcomer, however many of them had closed meanwhile, filled the queue of those that were not accepted yet.
#[tokio::test]
async fn a_newcomer_waits_for_one_closing_connection_and_no_longer() {
    let slots = ConnectionSlots::new(1, 1);
    let mut closing = Vec::new();
    while is_descriptor_left(&slots) {
        closing.push(connect(&slots, 1).unwrap());
    }
    assert_eq!(closing.len(), 1 + CLOSING_MAX);
    let mut left = std::pin::pin!(slots.descriptor_is_left());
    let mut context = Context::from_waker(Waker::noop());
    assert!(left.as_mut().poll(&mut context).is_pending());
    drop(closing.swap_remove(0));
    left.await;
    closing.push(connect(&slots, 1).unwrap());
    assert!(!is_descriptor_left(&slots));
}

#[test]
fn nobody_waits_for_those_that_one_source_has_above_its_bound() {
    let slots = ConnectionSlots::new(1024, 2);
    let evicted: Vec<_> = (0..4 * CLOSING_MAX)
        .map(|_| connect(&slots, 1).unwrap())
        .collect();
    assert_eq!(evicted.iter().filter(|slot| has_slot(slot)).count(), 2);
    assert!(is_descriptor_left(&slots));
}

#[test]
fn one_source_has_its_bound_and_its_own_silent_ones_give_way() {
    let slots = ConnectionSlots::new(100, 3);
    let proven = connect(&slots, 1).unwrap();
    mark_authenticated(&proven, 1);
    let silent: Vec<_> = (0..5).map(|_| connect(&slots, 1).unwrap()).collect();
    let held: Vec<bool> = silent.iter().map(has_slot).collect();
    assert_eq!(held, [false, false, false, true, true]);
    assert!(has_slot(&proven));
    let other = connect(&slots, 2).unwrap();
    assert!(has_slot(&other));
    assert_eq!(slots.lock().count, 4);
}

#[test]
fn a_new_connection_is_evicted_after_those_of_the_largest_source() {
    let slots = ConnectionSlots::with_new_times(3, 3, NewTimes::of(Duration::from_secs(3600)));
    let busy: Vec<_> = (0..2).map(|_| connect(&slots, 1).unwrap()).collect();
    let asked: Vec<_> = busy
        .iter()
        .map(|slot| slot.state().begin_request(Version::HTTP_11))
        .collect();
    let fresh = connect(&slots, 2).unwrap();
    let newer = connect(&slots, 3).unwrap();
    assert!(has_slot(&fresh) && has_slot(&newer));
    drop(asked);
}

#[test]
fn idle_connections_are_evicted_before_busy_ones() {
    let slots = ConnectionSlots::with_new_times(3, 3, NewTimes::of(Duration::ZERO));
    let busy: Vec<_> = (0..2).map(|_| connect(&slots, 1).unwrap()).collect();
    let asked: Vec<_> = busy
        .iter()
        .map(|slot| slot.state().begin_request(Version::HTTP_11))
        .collect();
    let idle = connect(&slots, 2).unwrap();
    let new = connect(&slots, 3).unwrap();
    assert!(!has_slot(&idle) && busy.iter().all(has_slot));
    let working = new.state().begin_request(Version::HTTP_11);
    let newer = connect(&slots, 4).unwrap();
    assert!(has_slot(&newer) && has_slot(&new));
    assert_eq!(busy.iter().filter(|slot| has_slot(slot)).count(), 1);
    drop((asked, working));
}

/// Of an honest client that opened eight connections at once, half lost theirs, their requests on the way, where strangers from as many
/// addresses as there are slots kept each one busy.
#[test]
fn few_new_connections_of_a_source_stay_beside_strangers_that_are_busy_for_long() {
    let new = NewTimes {
        idle: Duration::from_secs(3600),
        busy: Duration::ZERO,
    };
    let slots = ConnectionSlots::with_new_times(64, 64, new);
    let strangers: Vec<_> = (0..64).map(|from| connect(&slots, from).unwrap()).collect();
    let asked: Vec<_> = strangers
        .iter()
        .map(|slot| slot.state().begin_request(Version::HTTP_11))
        .collect();
    let honest: Vec<_> = (0..8).map(|_| connect(&slots, 200).unwrap()).collect();
    assert!(honest.iter().all(has_slot));
    let left: Vec<bool> = strangers.iter().map(has_slot).collect();
    assert_eq!((&left[..8], &left[8..]), (&[false; 8][..], &[true; 56][..]));
    // More than that are a crowd.
    let more: Vec<_> = (0..9).map(|_| connect(&slots, 200).unwrap()).collect();
    assert!(!has_slot(&honest[0]) && has_slot(&more[8]));
    drop((asked, more));
}

/// One of this many sources.
fn of_many(number: usize) -> Option<SourceKey> {
    let [.., high, low] = number.to_be_bytes();
    Some(SourceKey::of([192, 0, high, low].into()))
}

/// So many connections, each from an address of its own.
fn crowd(slots: &Arc<ConnectionSlots>, count: usize) -> Vec<ConnectionSlot> {
    let each = (0..count).map(|number| slots.accept(of_many(number), &|_| {}).unwrap());
    each.collect()
}

/// Each new connection cost two looks at every other one, with the lock that all of them need.
#[test]
fn new_connections_cost_few_looks_at_busy_ones() {
    let slots =
        ConnectionSlots::with_new_times(2000, 2000, NewTimes::of(Duration::from_secs(3600)));
    let busy = crowd(&slots, 2000);
    let asked: Vec<_> = busy
        .iter()
        .map(|slot| slot.state().begin_request(Version::HTTP_11))
        .collect();
    let looks_before = table::LOOKS.get();
    let new: Vec<_> = (0..100)
        .map(|_| {
            let slot = slots.accept(None, &|_| {}).unwrap();
            let request = slot.state().begin_request(Version::HTTP_11);
            (slot, request)
        })
        .collect();
    let looks = table::LOOKS.get() - looks_before;
    // A search finds eight, for a while; before each goes it is looked at once more.
    assert!(looks <= 100 * (500 + 1), "{looks} looks");
    assert_eq!(busy.iter().filter(|slot| has_slot(slot)).count(), 1900);
    drop((asked, new));
}

/// To look at all of them held up everybody who came behind; so did evicting as many at once as one search finds.
#[test]
fn a_search_looks_at_few_of_a_crowd_and_serves_many_newcomers() {
    let slots = ConnectionSlots::with_new_times(4096, 4096, NewTimes::of(Duration::ZERO));
    let crowd = crowd(&slots, 4096);
    let open = || crowd.iter().filter(|slot| has_slot(slot)).count();
    let looks_before = table::LOOKS.get();
    let first = connect(&slots, 1).unwrap();
    assert_eq!(open(), 4096 - 8);
    assert_eq!(table::LOOKS.get() - looks_before, 512 + 8);
    let others: Vec<_> = (1..64).map(|_| connect(&slots, 1).unwrap()).collect();
    assert_eq!(open(), 4096 - 64);
    // Not one more, but where a pause of the machine has let it be forgotten what was found.
    assert!(table::LOOKS.get() - looks_before <= 2 * (512 + 64));
    assert!(has_slot(&first) && others.iter().all(has_slot));
    drop(others);
}

/// Of thousands of sources with one connection each, those with the highest addresses lost it, however new it was.
#[test]
fn among_sources_that_are_alike_the_one_idle_longest_goes_whatever_its_address() {
    let slots = ConnectionSlots::with_new_times(2048, 2048, NewTimes::of(Duration::ZERO));
    let old = crowd(&slots, 2048 - 64);
    let newer: Vec<_> = (0..64)
        .map(|number| {
            let address = std::net::Ipv6Addr::from(0xffff_u128 << 112 | number << 64);
            let source = Some(SourceKey::of(address.into()));
            slots.accept(source, &|_| {}).unwrap()
        })
        .collect();
    let mut new = Vec::new();
    for number in 0..512 {
        new.extend(slots.accept(of_many(10_000 + number), &|_| {}));
    }
    assert!(newer.iter().all(has_slot));
    assert!(new.iter().all(has_slot));
    let old_left = old.iter().filter(|slot| has_slot(slot)).count();
    assert!(old_left <= 2048 - 64 - 512 + 8, "{old_left}");
}

/// Strangers that asked for something once a second were never idle for long: what an honest client had just begun went instead.
#[test]
fn an_answered_connection_is_idle_at_once_and_goes_before_what_is_in_use() {
    let slots = ConnectionSlots::with_new_times(64, 64, NewTimes::of(Duration::from_secs(3600)));
    let answered = crowd(&slots, 64);
    for slot in &answered {
        drop(slot.state().begin_request(Version::HTTP_11));
    }
    let honest: Vec<_> = (0..20).map(|_| connect(&slots, 1).unwrap()).collect();
    let asked: Vec<_> = honest[..10]
        .iter()
        .map(|slot| slot.state().begin_request(Version::HTTP_11))
        .collect();
    let more: Vec<_> = (0..20).map(|_| connect(&slots, 2).unwrap()).collect();
    assert!(honest.iter().chain(&more).all(has_slot));
    // The head of its next one is arriving.
    let last = answered.iter().rfind(|slot| has_slot(slot)).unwrap();
    last.state().record_read(1);
    let further: Vec<_> = (0..20).map(|_| connect(&slots, 3).unwrap()).collect();
    assert!(has_slot(last) && further.iter().all(has_slot));
    drop(asked);
}

/// An export of an account that keeps as many slots as it may was the first to go: it is busy longest.
#[test]
fn what_is_busy_for_long_with_a_credential_goes_after_what_is_without() {
    let new = NewTimes {
        idle: Duration::from_secs(3600),
        busy: Duration::ZERO,
    };
    let slots = ConnectionSlots::with_new_times(16, 16, new);
    let all = crowd(&slots, 16);
    let asked: Vec<_> = all
        .iter()
        .map(|slot| slot.state().begin_request(Version::HTTP_11))
        .collect();
    let account = AccountId(base::id::Guid::from_random([1; 16]));
    for slot in &all[..15] {
        slot.state().mark_authenticated(account);
    }
    assert!(!all[14].state().keeps_slot());
    let new = connect(&slots, 99).unwrap();
    assert!(!has_slot(&all[15]) && has_slot(&all[14]));
    let newer = connect(&slots, 100).unwrap();
    assert!(!has_slot(&all[14]) && has_slot(&new) && has_slot(&newer));
    drop(asked);
}

/// What a search has found may be needed before its turn to be evicted comes.
#[test]
fn what_was_found_idle_stays_if_it_is_used_meanwhile() {
    let slots = ConnectionSlots::with_new_times(1024, 1024, NewTimes::of(Duration::ZERO));
    let crowd: Vec<_> = (0..1024).map(|_| connect(&slots, 1).unwrap()).collect();
    let first = connect(&slots, 2).unwrap();
    // Every other one was looked at, and eight of these are evicted at once.
    let left = |from: usize| {
        let some = crowd[from..from + 16].iter().step_by(2);
        some.filter(|slot| has_slot(slot)).count()
    };
    assert_eq!((left(0), left(16)), (0, 8));
    let used = crowd[16].state().begin_request(Version::HTTP_11);
    mark_authenticated(&crowd[18], 1);
    let others: Vec<_> = (0..8).map(|_| connect(&slots, 2).unwrap()).collect();
    assert_eq!((left(16), left(32)), (2, 6));
    assert!(has_slot(&crowd[16]) && has_slot(&crowd[18]));
    drop((first, others, used));
}

/// One newcomer at a time would wait for a pause each.
#[test]
fn where_the_system_opens_no_more_many_give_way_at_once() {
    let slots = ConnectionSlots::with_new_times(1024, 1024, NewTimes::of(Duration::ZERO));
    let crowd: Vec<_> = (0..200).map(|_| connect(&slots, 1).unwrap()).collect();
    assert!(slots.make_room());
    assert_eq!(crowd.iter().filter(|slot| has_slot(slot)).count(), 175);
}

#[test]
fn no_room_is_left_only_where_it_is_one_place() {
    let hits = Cell::new(0);
    let on_limit = |limit: &'static Limit| {
        assert_eq!(limit.name, "connections");
        hits.set(hits.get() + 1);
    };
    let slots = ConnectionSlots::new(1, 1);
    let only = connect(&slots, 1).unwrap();
    mark_authenticated(&only, 1);
    assert!(slots.accept(source(1), &on_limit).is_none());
    assert_eq!(hits.get(), 1);
    // Among more, some slots are never kept.
    let slots = ConnectionSlots::new(16, 16);
    let many: Vec<_> = (0..16).map(|from| connect(&slots, from).unwrap()).collect();
    for slot in &many {
        mark_authenticated(slot, 1);
    }
    assert_eq!(slots.lock().kept.len(), 14);
    assert!(connect(&slots, 99).is_some());
    assert_eq!(many.iter().filter(|slot| has_slot(slot)).count(), 15);
}

#[test]
fn an_account_that_keeps_most_gives_up_for_one_that_keeps_fewer() {
    let slots = ConnectionSlots::new(16, 16);
    let many: Vec<_> = (0..14).map(|from| connect(&slots, from).unwrap()).collect();
    for slot in &many {
        mark_authenticated(slot, 1);
    }
    let other: Vec<_> = (20..22)
        .map(|from| connect(&slots, from).unwrap())
        .collect();
    for slot in &other {
        mark_authenticated(slot, 2);
        assert!(slot.state().keeps_slot());
    }
    let kept = many.iter().filter(|slot| slot.state().keeps_slot()).count();
    assert_eq!((kept, slots.lock().kept.len()), (12, 14));
    assert!(many.iter().all(has_slot));
    drop((many, other));
    assert!(slots.lock().kept.most().is_none());
}

#[test]
fn proxies_have_no_bound_of_their_own_and_give_way_last() {
    let slots = ConnectionSlots::new(4, 1);
    let proxied: Vec<_> = (0..3)
        .map(|_| slots.accept(None, &|_| {}).unwrap())
        .collect();
    let direct = connect(&slots, 1).unwrap();
    let mut new = slots.accept(None, &|_| {}).unwrap();
    assert!(!has_slot(&direct) && proxied.iter().all(has_slot));
    // Whose connection it is comes out by the PROXY header.
    assert!(new.move_to(source(7), &|_| {}));
    let newer = connect(&slots, 7).unwrap();
    assert!(!has_slot(&new) && has_slot(&newer));
    assert_eq!(slots.lock().count, 4);
}
