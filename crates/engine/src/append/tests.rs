use super::*;
use crate::config::EngineConfig;
use crate::events::Silent;
use crate::guard::LOCK_STEPS_MAX;
use crate::recover;
use crate::storage::faulty::Faulty;
use base::id::{AccountId, Guid};
use base::name::SeriesName;
use base::principal::Principal;
use base::scope::{Actions, Domain};
use base::time::ManualClock;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The shard was free before the store was poisoned, and whoever waited for it wrote after what was half done.
#[test]
fn a_panic_in_an_append_poisons_before_the_shard_is_free() {
    let config = EngineConfig::new("/samples");
    let clock = Arc::new(ManualClock::at(Millis(0)));
    let opened = recover::open(config, clock, Arc::new(Faulty::new(1)), Arc::new(Silent));
    let core = opened.unwrap().0;
    let group = ShardBatch {
        samples: vec![(SeriesRef(0), 0, 1.0)],
        ..ShardBatch::default()
    };
    let payload = Payload::new(Kind::Samples, put_samples(&group.samples));
    let sender = (TenantId(1), Owner::from(TenantId(1)));
    let terms = (sender, Stamp::before_all(), core.state.drop_count());
    let mut writer = core.state.shard(0).unwrap().write();
    guard::step(LOCK_STEPS_MAX);
    let written = AssertUnwindSafe(|| core.write_group(terms, &mut writer, &group, &payload));
    assert!(catch_unwind(written).is_err());
    assert!(core.poison.is_set());
}

/// The claim of a large batch counted whole beside what was written of it, so that others were refused early.
#[test]
fn while_a_batch_is_written_its_claim_shrinks() {
    let config = EngineConfig::new("/samples");
    let clock = Arc::new(ManualClock::at(Millis(0)));
    let opened = recover::open(config, clock, Arc::new(Faulty::new(1)), Arc::new(Silent));
    let core = opened.unwrap().0;
    let domain = Domain::Account(AccountId(Guid::from_random([1; 16])));
    #[expect(
        clippy::disallowed_methods,
        reason = "tests have no identity service to be granted a scope by"
    )]
    let scope = Scope::granted(Principal::Server, TenantId(1), domain, Actions::ALL);
    let name = SeriesName::parse("a").unwrap();
    // Who looks may not have its turn while one batch is written.
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        let mut batch = Batch::default();
        for at in 0..20 * APPEND_PIECE {
            batch.push(&name, Millis(at as i64), 1.0);
        }
        let is_done = AtomicBool::new(false);
        std::thread::scope(|threads| {
            let looker = threads.spawn(|| {
                let mut seen = BTreeSet::new();
                while !is_done.load(Ordering::Relaxed) {
                    seen.insert(core.reservations.now().all);
                }
                seen
            });
            let quota = SeriesQuota::UNLIMITED;
            let appended = core.append(&scope, &batch, Durability::Buffered, quota);
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
