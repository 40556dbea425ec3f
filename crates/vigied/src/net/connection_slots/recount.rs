//! After whatever has happened, the counts of the table are those of its connections.

use super::*;
use base::id::Guid;
use proptest::prelude::*;
use std::collections::HashMap;
use std::time::Duration;

/// What happens to the slots.
#[derive(Debug, Clone)]
enum Event {
    Connect(u8),
    Authenticate {
        connection: usize,
        account: u8,
    },
    /// The PROXY header says whose connection it is.
    Move {
        connection: usize,
        source: u8,
    },
    Close(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let connection = || 0_usize..24;
    prop_oneof![
        4 => (0_u8..4).prop_map(Event::Connect),
        4 => (connection(), 0_u8..3)
            .prop_map(|(connection, account)| Event::Authenticate { connection, account }),
        1 => (connection(), 0_u8..4)
            .prop_map(|(connection, source)| Event::Move { connection, source }),
        2 => connection().prop_map(Event::Close),
    ]
}

/// The first is that of a proxy.
fn source(number: u8) -> Option<SourceKey> {
    (number > 0).then(|| SourceKey::of([192, 0, 2, number].into()))
}

fn account(number: u8) -> AccountId {
    AccountId(Guid::from_random([number; 16]))
}

fn check(table: &ConnectionTable) -> Result<(), TestCaseError> {
    let (mut count, mut kept) = (0, 0);
    let mut by_account: HashMap<AccountId, Vec<ConnectionKey>> = HashMap::new();
    for (source, group) in &table.groups {
        let keepers = group.connections.iter();
        let keepers: Vec<(u64, AccountId)> = keepers
            .filter_map(|(id, entry)| Some((*id, entry.kept?)))
            .collect();
        prop_assert_eq!(group.kept, keepers.len());
        prop_assert!(!group.connections.is_empty());
        for (id, entry) in &group.connections {
            let is_evictable = table.evictable.contains(&(*source, *id));
            prop_assert_eq!(is_evictable, entry.kept.is_none());
        }
        count += group.connections.len();
        kept += keepers.len();
        for (id, account) in keepers {
            by_account.entry(account).or_default().push((*source, id));
        }
    }
    prop_assert_eq!((table.count, table.kept.len()), (count, kept));
    prop_assert_eq!(table.evictable.len(), count - kept);
    let most = by_account.values().map(Vec::len).max();
    prop_assert_eq!(table.kept.most().map(|(_, count)| count), most);
    for account in (0..3).map(account) {
        let mut keys = by_account.remove(&account).unwrap_or_default();
        keys.sort_unstable_by_key(|(_, id)| *id);
        prop_assert_eq!(table.kept.of(account), keys.len());
        prop_assert_eq!(table.kept.oldest(account).collect::<Vec<_>>(), keys);
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_counts_are_those_of_the_connections(
        events in prop::collection::vec(event(), 0..120),
        per_source in 1_usize..12,
        is_patient: bool,
    ) {
        let new = if is_patient { NewTimes::default() } else { NewTimes::of(Duration::ZERO) };
        let slots = ConnectionSlots::with_new_times(10, per_source, new);
        let mut open: Vec<ConnectionSlot> = Vec::new();
        for event in events {
            match event {
                Event::Connect(from) => open.extend(slots.accept(source(from), &|_| {})),
                Event::Authenticate { connection, account: number } => {
                    if let Some(slot) = open.get(connection) {
                        slots.keep(slot.state(), account(number));
                    }
                }
                Event::Move { connection, source: real } => {
                    if connection < open.len() {
                        let mut slot = open.swap_remove(connection);
                        if slot.move_to(source(real), &|_| {}) {
                            open.push(slot);
                        }
                    }
                }
                Event::Close(connection) => {
                    if connection < open.len() {
                        drop(open.swap_remove(connection));
                    }
                }
            }
            check(&slots.lock())?;
        }
        drop(open);
        let table = slots.lock();
        prop_assert!(table.groups.is_empty() && table.kept.most().is_none());
    }
}
