//! A restore whose time ends while it runs.

use super::{WEEK, settled};
use crate::world::{World, on_both_databases};
use base::scope::Domain;
use base::time::{Clock, ManualClock, Millis};
use iam::role::Role;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

on_both_databases!(a_restore_whose_time_ends_in_the_middle_is_whole_or_none);

/// A clock that jumps past the time of a deletion at one of its readings.
#[derive(Debug)]
struct Jumping {
    clock: Arc<ManualClock>,
    reads: AtomicI64,
}

impl Clock for Jumping {
    fn now(&self) -> Millis {
        if self.reads.fetch_sub(1, Ordering::SeqCst) == 0 {
            self.clock.advance(WEEK * 1000);
        }
        self.clock.now()
    }
}

async fn a_restore_whose_time_ends_in_the_middle_is_whole_or_none(world: World) {
    let clock = Arc::new(Jumping {
        clock: world.clock.clone(),
        reads: AtomicI64::new(-1),
    });
    let iam = &world.node_with(clock.clone()).await;
    let (mut whole, mut none) = (0, 0);
    for reads in 0..8 {
        for with_its_org in [false, true] {
            let owner = world.owner();
            let name = format!("org-{reads}-{with_its_org}");
            let org = iam.create_org(&owner, &name, None).await.unwrap().id;
            let space = iam.create_space(&owner, org, "prod").await.unwrap().id;
            let domain = Domain::Space(space);
            let restored = if with_its_org {
                iam.delete_org(&owner, org, true).await.unwrap();
                clock.reads.store(reads, Ordering::SeqCst);
                settled(iam.restore_org(&owner, org, None).await)
            } else {
                iam.delete_space(&owner, space).await.unwrap();
                clock.reads.store(reads, Ordering::SeqCst);
                settled(iam.restore_space(&owner, space, None).await)
            };
            clock.reads.store(-1, Ordering::SeqCst);
            world.wait(WEEK);
            let (directory, due) = (iam.directory(), iam.due());
            let goes = due.iter().any(|deleted| deleted.domain == domain);
            let is_there = iam.space(&world.owner(), space).await.is_ok();
            match restored {
                Ok(()) => {
                    whole += 1;
                    assert!(is_there && !goes, "reading {reads}: back, and yet it goes");
                    let role = Role::Developer;
                    assert!(
                        directory.has_role(owner.principal(), domain, role),
                        "reading {reads}"
                    );
                }
                Err(error) => {
                    none += 1;
                    assert!(error.refusal().is_some(), "{error}");
                    assert!(!is_there && goes, "reading {reads}: {error}");
                }
            }
            for deleted in due {
                iam.begin_removal(&deleted).await.unwrap();
                iam.forget_removed(&[deleted], usize::MAX).await.unwrap();
            }
        }
    }
    assert!(whole > 0 && none > 0, "{whole} whole, {none} none");
    iam.close().await;
}
