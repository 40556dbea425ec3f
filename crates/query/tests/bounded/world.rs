//! Series of any size that every path finds, and a context that tells what it is asked.

use base::context::{MemoryReservation, Stop, TurnYield};
use base::limit;
use base::store::StoreError;
use jiff::tz::TimeZone;
use query::series::Values;
use query::source::{Event, Fetched, Path, Range, Source};
use query::window::Window;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub(crate) const MEBIBYTE: u64 = 1 << 20;

/// Each path finds as many series; their values are in memory before anybody asks.
pub(crate) struct World {
    count: usize,
    values: Values,
    /// Bytes of the first fetch since it was set to none.
    pub(crate) fetched: AtomicU64,
}

impl World {
    pub(crate) fn of(count: usize, points: usize) -> Self {
        let value = |place: usize| ((place * 7919) % 1000) as f64;
        Self {
            count,
            values: (0..points).map(value).collect::<Vec<_>>().into(),
            fetched: AtomicU64::new(0),
        }
    }

    /// As many seconds as there are points, which end in 2020.
    pub(crate) fn window(&self) -> Window {
        let until = 1_577_836_800;
        let from = until - i64::try_from(self.values.len()).unwrap();
        Window::new(from, until, until, TimeZone::UTC)
    }
}

impl Source for World {
    fn fetch(&self, paths: &[Path], range: Range) -> Result<Vec<Vec<Fetched>>, StoreError> {
        let bytes = (paths.len() * self.count * self.values.len() * 8) as u64;
        let _ = self
            .fetched
            .compare_exchange(0, bytes, Ordering::Relaxed, Ordering::Relaxed);
        let series = |number: usize| {
            let name = format!("servers.web{number}.cpu.total.load");
            Fetched {
                tags: query::series::tags_of(&name).unwrap(),
                name,
                start: range.from + 1,
                end: range.from + 1 + i64::try_from(self.values.len()).unwrap(),
                step: 1,
                values: self.values.clone(),
            }
        };
        Ok(paths
            .iter()
            .map(|_| (0..self.count).map(series).collect())
            .collect())
    }

    fn events(&self, _: &[String], _: Range) -> Result<Vec<Event>, StoreError> {
        Ok(Vec::new())
    }
}

/// Memory of which there is so much.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) allowed: u64,
    pub(crate) used: AtomicU64,
    pub(crate) peak: AtomicU64,
}

impl Share {
    pub(crate) fn of(allowed: u64) -> Self {
        Self {
            allowed,
            used: AtomicU64::new(0),
            peak: AtomicU64::new(0),
        }
    }
}

impl MemoryReservation for Share {
    fn reserve(&self, bytes: u64) -> Result<(), Stop> {
        let used = self.used.load(Ordering::Relaxed).saturating_add(bytes);
        if used > self.allowed {
            return Err(Stop::Budget {
                limit: &limit::QUERIES_IN_FLIGHT_BYTES,
                needed: used,
                allowed: self.allowed,
            });
        }
        self.used.store(used, Ordering::Relaxed);
        self.peak.fetch_max(used, Ordering::Relaxed);
        Ok(())
    }

    fn release(&self, bytes: u64) {
        let used = self.used.load(Ordering::Relaxed);
        self.used
            .store(used.checked_sub(bytes).unwrap(), Ordering::Relaxed);
    }
}

/// Counts how often work checks whether it may go on, and may cancel it at one of these checks.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    all: AtomicU64,
    last: Option<(u64, Arc<AtomicBool>)>,
}

impl Checks {
    pub(crate) fn until(last: u64, flag: Arc<AtomicBool>) -> Self {
        Self {
            all: AtomicU64::new(0),
            last: Some((last, flag)),
        }
    }

    pub(crate) fn all(&self) -> u64 {
        self.all.load(Ordering::Relaxed)
    }
}

impl TurnYield for Checks {
    fn yield_turn(&self, _: Instant) -> Result<Duration, Stop> {
        let index = self.all.fetch_add(1, Ordering::Relaxed);
        if let Some((last, flag)) = &self.last
            && index >= *last
        {
            flag.store(true, Ordering::Relaxed);
        }
        Ok(Duration::ZERO)
    }
}
