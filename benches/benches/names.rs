//! Finding names among a million: patterns as dashboards send them.
//!
//! `cargo bench -p benches --bench names`, with `SERIES=100000` for fewer.

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

use base::context::{Context, Resource};
use base::id::{AccountId, Guid, TenantId};
use base::name::SeriesName;
use base::principal::Principal;
use base::sample::Batch;
use base::scope::{Action, Actions, Domain, Scope};
use base::selector::Selector;
use base::store::{Durability, FindQuery, SampleStore};
use base::time::{ManualClock, Millis};
use engine::storage::disk::Disk;
use engine::{Engine, EngineConfig};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// 2026-11-23T12:00:00Z.
const NOON: i64 = 1_795_435_200_000;
const BATCH: usize = 10_000;
/// Series of a host.
const LEAVES: usize = 100;
const TIMES: usize = 5;

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark has no identity service to be granted a scope by"
)]
fn scope() -> Scope {
    let domain = Domain::Account(AccountId(Guid::from_random([1; 16])));
    let actions = Actions::of(&Action::ALL);
    Scope::granted(Principal::Server, TenantId(1), domain, actions)
}

fn name(series: usize) -> String {
    let (host, leaf) = (series / LEAVES, series % LEAVES);
    format!("fleet.host-{host:05}.metric-{leaf:02}.value")
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given = std::env::var("SERIES").ok();
    let series = given
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let folder = tempfile::tempdir()?;
    let config = EngineConfig {
        series_per_tenant: u64::MAX,
        ..EngineConfig::new(folder.path())
    };
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let (engine, _) = Engine::open(config, clock, Arc::new(Disk))?;
    let names: Vec<String> = (0..series).map(name).collect();
    for names in names.chunks(BATCH) {
        let mut batch = Batch::default();
        for name in names {
            batch.push(&SeriesName::parse(name)?, Millis(NOON - 10_000), 1.0);
        }
        engine.append(&scope(), &batch, Durability::Buffered)?;
    }
    println!("| pattern | found | time | steps |\n|---|---|---|---|");
    for pattern in [
        "*",
        "fleet.*",
        "fleet.host-00007.*",
        "fleet.host-0000[0-9].*",
        "fleet.host-00{007,008,009}.metric-0*.value",
        "fleet.*7.metric-42.value",
        "fleet.*.metric-42.value",
        "fleet.*-?????.metric-4*.value",
        "fleet.**.value",
    ] {
        let selector = Selector::parse(pattern)?;
        let query = FindQuery {
            selector: &selector,
            range: None,
            labelled: true,
        };
        let (mut least, mut found, mut steps) = (Duration::MAX, 0, 0);
        for _ in 0..TIMES {
            let context = Context::unlimited();
            let begun = Instant::now();
            found = engine.find(&scope(), &query, &context)?.len();
            least = least.min(begun.elapsed());
            steps = context.spent(Resource::Steps);
        }
        println!("| `{pattern}` | {found} | {least:.2?} | {steps} |");
    }
    Ok(())
}
