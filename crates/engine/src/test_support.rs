//! A small store in memory, for the tests inside the crate: one tenant, all of which the caller may use, and one series.

use crate::config::EngineConfig;
use crate::core::Core;
use crate::delete::Deletion;
use crate::events::Silent;
use crate::recover;
use crate::storage::faulty::Faulty;
use base::context::Context;
use base::id::{AccountId, Guid, TenantId};
use base::name::SeriesName;
use base::principal::Principal;
use base::sample::Batch;
use base::scope::{Actions, Domain, Scope};
use base::selector::Selector;
use base::store::{DeleteQuery, Deleted, Durability, Unlimited};
use base::time::{ManualClock, Millis, TimeRange};
use std::ops::ControlFlow;
use std::sync::Arc;

/// The tenant of [`scope`].
pub(crate) const TENANT: TenantId = TenantId(1);

pub(crate) fn config() -> EngineConfig {
    EngineConfig::new("/samples")
}

/// The store that `storage` holds, by a clock that stands at `now`.
pub(crate) fn open_with(config: EngineConfig, storage: &Faulty, now: Millis) -> Core {
    let clock = Arc::new(ManualClock::at(now));
    let opened = recover::open(config, clock, Arc::new(storage.clone()), Arc::new(Silent));
    opened.unwrap().0
}

/// The same, with the defaults of its settings.
pub(crate) fn open_on(storage: &Faulty, now: Millis) -> Core {
    open_with(config(), storage, now)
}

/// A store without a series.
pub(crate) fn empty_store(now: Millis) -> Core {
    open_on(&Faulty::new(1), now)
}

/// A store with a single segment, which holds a sample of the series 0 at each of these instants, in milliseconds.
pub(crate) fn store_of_one_segment(now: Millis, instants: impl IntoIterator<Item = i64>) -> Core {
    let core = empty_store(now);
    send(&core, &samples(instants), Durability::Buffered);
    core.flush().unwrap();
    core
}

/// Every action in all that [`TENANT`] has.
#[expect(
    clippy::disallowed_methods,
    reason = "tests have no identity service to be granted a scope by"
)]
pub(crate) fn scope() -> Scope {
    let domain = Domain::Account(AccountId(Guid::from_random([1; 16])));
    Scope::granted(Principal::Server, TENANT, domain, Actions::ALL)
}

/// A sample of the series `a` at each of these instants, in milliseconds.
pub(crate) fn samples(instants: impl IntoIterator<Item = i64>) -> Batch {
    let name = SeriesName::parse("a").unwrap();
    let mut batch = Batch::default();
    for at in instants {
        batch.push(&name, Millis(at), 1.0);
    }
    batch
}

/// Appends a batch, all of which is stored.
pub(crate) fn send(core: &Core, batch: &Batch, durability: Durability) {
    let appended = core.append(&scope(), batch, durability, &Unlimited);
    assert_eq!(appended.unwrap().stored, batch.len() as u64);
}

/// Deletes the samples of all series in a range, or the series.
pub(crate) fn delete_all(core: &Core, range: Option<TimeRange>) -> Deleted {
    let query = DeleteQuery {
        selector: &Selector::all(),
        range,
        exact: false,
        dry_run: false,
        names: 0,
    };
    let deletion = Deletion {
        tenant: TENANT,
        owner: scope().owner(),
        query: &query,
        filter: None,
        hidden_before: None,
    };
    let mut begin = |_: &Deleted| ControlFlow::Continue(());
    let deleted = core.delete(&deletion, &Context::unlimited(), &mut begin);
    deleted.unwrap().unwrap()
}
