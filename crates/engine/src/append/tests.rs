use super::*;
use crate::guard::LOCK_STEPS_MAX;
use crate::storage::faulty::Faulty;
use crate::test_support::{TENANT, empty_store, open_on, samples, scope, send};
use base::store::Unlimited;
use base::time::TimeRange;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;

/// The shard was free before the store was poisoned, and whoever waited for it wrote after what was half done.
#[test]
fn a_panic_in_an_append_poisons_before_the_shard_is_free() {
    let core = empty_store(Millis(0));
    let group = ShardGroup {
        samples: vec![(SeriesRef(0), 0, 1.0)],
        ..ShardGroup::default()
    };
    let payload = Payload::new(Kind::Samples, put_samples(&group.samples));
    let terms = GroupTerms {
        tenant: TENANT,
        owner: Owner::from(TENANT),
        stamp: Stamp::before_all(),
        drops: core.state.drop_generation(TENANT),
    };
    let mut writer = core.state.shard(0).unwrap().write();
    guard::step(LOCK_STEPS_MAX);
    let written = AssertUnwindSafe(|| core.write_group(terms, &mut writer, &group, &payload));
    assert!(catch_unwind(written).is_err());
    assert!(core.poison.is_set());
}

/// The reservation of a large batch counted whole beside what was written of it, so that others were refused early.
#[test]
fn while_a_batch_is_written_its_claim_shrinks() {
    let core = empty_store(Millis(0));
    // Who looks may not have its turn while one batch is written.
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        let batch = samples(0..20 * APPEND_PIECE as i64);
        let is_done = AtomicBool::new(false);
        std::thread::scope(|threads| {
            let looker = threads.spawn(|| {
                let mut seen = BTreeSet::new();
                while !is_done.load(Ordering::Relaxed) {
                    seen.insert(core.reservations.lock().all);
                }
                seen
            });
            let appended = core.append(&scope(), &batch, Durability::Buffered, &Unlimited);
            is_done.store(true, Ordering::Relaxed);
            assert_eq!(appended.unwrap().stored, batch.len() as u64);
            seen.append(&mut looker.join().unwrap());
        });
        // All of it, nothing, and something between.
        if seen.len() > 2 {
            return;
        }
    }
    panic!("{seen:?}");
}

/// Limits that refuse nothing.
fn unlimited() -> AppendLimits<'static> {
    AppendLimits {
        tenant: TENANT,
        owner: TENANT.into(),
        retention_days: 1,
        oldest: Millis(i64::MIN),
        newest: Millis(i64::MAX),
        allowance: &Unlimited,
    }
}

/// Whatever anybody deleted, all batches under way looked their series up again, and hardly any came to an end beside a long
/// deletion.
#[test]
fn what_another_tenant_deletes_costs_a_batch_no_second_look() {
    let core = empty_store(Millis(0));
    let (sender, other) = (TENANT, TenantId(2));
    let create = |tenant, name| {
        let mut catalog = core.state.catalog().write();
        catalog.registry.create(tenant, name).unwrap()
    };
    for name in ["a", "b"] {
        create(sender, name);
    }
    let accepted = unlimited();
    let due: Vec<PendingSample<'_>> = ["a", "b"]
        .into_iter()
        .enumerate()
        .map(|(position, name)| PendingSample {
            position,
            name,
            at: Millis(0),
            value: 1.0,
        })
        .collect();
    let refused_after = |deletion: &dyn Fn()| {
        let mut progress = Progress::default();
        let mut resolved = core.begin_resolving(&accepted, due.len());
        core.resolve(&accepted, due.iter().copied(), &mut resolved, &mut progress);
        deletion();
        let stamp = Stamp::before_all();
        let refused = core.write(&accepted, stamp, resolved, &mut progress);
        assert_eq!(refused.len() as u64 + progress.written, due.len() as u64);
        refused
    };
    let delete_series = |tenant| {
        let ended = create(tenant, "ended");
        let series = [ended.0].into_iter().collect();
        let mut locked = core.state.lock_all();
        drop(locked.delete_series(&series));
    };
    let drop_tenant = |tenant| {
        let mut locked = core.state.lock_all();
        let below = SeriesRef(locked.catalog.registry.next());
        drop(locked.drop_tenant(tenant, below, RoaringBitmap::new()));
    };
    assert!(refused_after(&|| delete_series(other)).is_empty());
    assert!(refused_after(&|| drop_tenant(other)).is_empty());
    assert_eq!(refused_after(&|| delete_series(sender)), [0, 1]);
    assert_eq!(refused_after(&|| drop_tenant(sender)), [0, 1]);
}

/// Between two of its writes another batch may mark the series.
#[test]
fn refused_samples_are_written_in_parts_and_those_of_one_instant_are_counted() {
    let core = empty_store(Millis(0));
    let limits = unlimited();
    let due: Vec<PendingSample<'_>> = [("a", 0), ("b", 0), ("a", 0), ("a", 1), ("c", 0)]
        .into_iter()
        .enumerate()
        .map(|(position, (name, at))| PendingSample {
            position,
            name,
            at: Millis(at),
            value: position as f64,
        })
        .collect();
    let mut progress = Progress::default();
    let batch = core.state.batches.begin();
    core.append_refused(&limits, batch.stamp(), due, &mut progress);
    drop(batch);
    assert_eq!((progress.written, progress.sum.again), (5, true));
    assert_eq!(progress.appended.created, 3);
    assert_eq!(duplicates::count(&mut progress.places.into_vec()), 1);
    let head = &core.state.version().head;
    let of = |number| {
        head.all_of(TENANT, SeriesRef(number))
            .unwrap()
            .read(&TimeRange::ALL)
    };
    assert_eq!(of(0).iter().collect::<Vec<_>>(), [(0, 2.0), (1, 3.0)]);
    assert_eq!(of(1).iter().collect::<Vec<_>>(), [(0, 1.0)]);
    assert_eq!(of(2).iter().collect::<Vec<_>>(), [(0, 4.0)]);
}

/// What was due could be dropped with nothing to show it, and late samples would grow without end.
#[test]
fn late_samples_of_a_long_series_are_folded_in_when_their_batch_is_done() {
    let storage = Faulty::new(1);
    let core = open_on(&storage, Millis(0));
    send(
        &core,
        &samples((0..20_000).map(|at| 2 * at)),
        Durability::Buffered,
    );
    send(
        &core,
        &samples((0..3000).map(|at| 2 * at + 1)),
        Durability::Buffered,
    );
    let view = core.state.version().head.all_of(TENANT, SeriesRef(0));
    let view = view.unwrap();
    assert_eq!((view.len(), view.late_len()), (23_000, 0));
    // The start folds as well, and with no lock held either.
    core.commit_all().unwrap();
    let after_crash = open_on(&storage.crash(), Millis(0));
    let view = after_crash
        .state
        .version()
        .head
        .all_of(TENANT, SeriesRef(0));
    let view = view.unwrap();
    assert_eq!((view.len(), view.late_len()), (23_000, 0));
}
