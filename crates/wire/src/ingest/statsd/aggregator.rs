//! The sums between two flushes, for one domain. Their memory is bounded by the number of series and by bytes; what has no room is
//! refused, and costs nothing that is there. What nothing came of for too long is forgotten.

use super::flush::{Flush, Members, Timer};
use super::namespace::{self, Namespace};
use super::summary::Summaries;
use super::{Metric, Settings, SettingsError, Value};
use base::limit::Limit;
use base::sample::{Batch, RejectReason};
use base::time::Millis;
use std::collections::HashMap;
use std::sync::Arc;

/// Bytes of a series beside its name: the entry of the table, its place in a flush, and the allocator's overhead.
const SERIES_BYTES: usize = 208;
/// Bytes of a timer's value: its list may be half empty, and two more are needed while its sums are made.
const VALUE_BYTES: usize = 32;
/// Bytes of a set's member beside its text.
const MEMBER_BYTES: usize = 64;

/// A limit and its value.
#[derive(Debug, Clone, Copy)]
pub struct AggregatorLimit {
    /// Which limit.
    pub limit: Limit,
    /// Its value.
    pub allowed: u64,
}

/// The limits of an aggregator.
#[derive(Debug, Clone, Copy)]
pub struct AggregatorLimits {
    /// Counters, timers, gauges and sets together.
    pub series: AggregatorLimit,
    /// Bytes of memory, about.
    pub bytes: AggregatorLimit,
}

/// The entry of a series.
#[derive(Debug, Default)]
struct SeriesEntry<T> {
    value: T,
    /// How many flushes have sent it since something came of it.
    idle_flushes: u32,
}

/// By name.
type Table<T> = HashMap<Arc<str>, SeriesEntry<T>>;

/// Aggregates metrics, and gives samples at a flush.
#[derive(Debug)]
pub struct Aggregator {
    settings: Settings,
    bounds: AggregatorLimits,
    names: Arc<Namespace>,
    summaries: Arc<Summaries>,
    counters: Table<f64>,
    timers: Table<Timer>,
    gauges: Table<f64>,
    sets: Table<Members>,
    bytes: usize,
    text: String,
}

impl Aggregator {
    /// One that keeps nothing yet.
    ///
    /// # Errors
    /// [`SettingsError`]: the settings cannot be worked with.
    pub fn new(settings: Settings, bounds: AggregatorLimits) -> Result<Self, SettingsError> {
        settings.check()?;
        let names = Namespace::new(&settings);
        Ok(Self {
            summaries: Arc::new(Summaries::new(&settings, &names)),
            settings,
            bounds,
            names: Arc::new(names),
            counters: HashMap::new(),
            timers: HashMap::new(),
            gauges: HashMap::new(),
            sets: HashMap::new(),
            bytes: 0,
            text: String::new(),
        })
    }

    /// How it sums up.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How many series it keeps.
    #[must_use]
    pub fn series(&self) -> usize {
        self.counters.len() + self.timers.len() + self.gauges.len() + self.sets.len()
    }

    /// About how many bytes of memory it keeps.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// From now on it keeps no more bytes than this; what it keeps already stays.
    pub const fn limit_bytes(&mut self, bound: AggregatorLimit) {
        self.bounds.bytes = bound;
    }

    /// Takes a metric.
    ///
    /// # Errors
    /// There is no room for it ([`RejectReason::Full`]), or its sums would have no names.
    pub fn add(&mut self, metric: &Metric<'_>) -> Result<(), RejectReason> {
        let name = metric.name.as_ref();
        match metric.value {
            Value::Count(count) => self.count(name, count / metric.rate),
            Value::Timer(time) => self.time(name, time, 1.0 / metric.rate),
            Value::Gauge(value) => self.gauge(name, |gauge| *gauge = value),
            Value::GaugeChange(change) => self.gauge(name, |gauge| *gauge += change),
            Value::Member(member) => self.member(name, member),
        }
    }

    fn count(&mut self, name: &str, count: f64) -> Result<(), RejectReason> {
        if let Some(sum) = touched(&mut self.counters, name) {
            *sum += count;
            return Ok(());
        }
        self.check_room(name, 0)?;
        let places = [&self.names.rate].into_iter().chain(&self.names.count);
        namespace::check(places, &mut self.text, name)?;
        self.make_room(name, 0)?;
        self.counters.insert(
            name.into(),
            SeriesEntry {
                value: count,
                idle_flushes: 0,
            },
        );
        Ok(())
    }

    fn time(&mut self, name: &str, time: f64, counted: f64) -> Result<(), RejectReason> {
        if self.timers.contains_key(name) {
            self.take(VALUE_BYTES)?;
        } else {
            self.check_room(name, VALUE_BYTES)?;
            namespace::check(self.summaries.places(name), &mut self.text, name)?;
            self.make_room(name, VALUE_BYTES)?;
            self.timers.insert(name.into(), SeriesEntry::default());
        }
        if let Some(timer) = touched(&mut self.timers, name) {
            timer.values.push(time);
            timer.counted += counted;
        }
        Ok(())
    }

    fn gauge(&mut self, name: &str, set: impl FnOnce(&mut f64)) -> Result<(), RejectReason> {
        if let Some(gauge) = touched(&mut self.gauges, name) {
            set(gauge);
            return Ok(());
        }
        self.check_room(name, 0)?;
        namespace::check([&self.names.gauge], &mut self.text, name)?;
        self.make_room(name, 0)?;
        let mut gauge = SeriesEntry::default();
        set(&mut gauge.value);
        self.gauges.insert(name.into(), gauge);
        Ok(())
    }

    fn member(&mut self, name: &str, member: &str) -> Result<(), RejectReason> {
        let bytes = MEMBER_BYTES + member.len();
        match touched(&mut self.sets, name) {
            Some(members) if members.contains(member) => return Ok(()),
            Some(_) => self.take(bytes)?,
            None => {
                self.check_room(name, bytes)?;
                namespace::check([&self.names.members], &mut self.text, name)?;
                self.make_room(name, bytes)?;
                self.sets.insert(name.into(), SeriesEntry::default());
            }
        }
        if let Some(members) = touched(&mut self.sets, name) {
            members.insert(member.into());
        }
        Ok(())
    }

    /// Whether there is room for a series, and for what comes with it. It is asked before the names of its sums are looked at,
    /// which costs far more: whoever has no room left could send value after value for which the names were made in vain.
    fn check_room(&self, name: &str, bytes: usize) -> Result<(), RejectReason> {
        if self.series() as u64 >= self.bounds.series.allowed {
            return Err(full(self.bounds.series));
        }
        self.bytes_with(series_bytes(name) + bytes).map(drop)
    }

    /// Room for a series, and for what comes with it.
    fn make_room(&mut self, name: &str, bytes: usize) -> Result<(), RejectReason> {
        self.check_room(name, bytes)?;
        self.take(series_bytes(name) + bytes)
    }

    fn take(&mut self, bytes: usize) -> Result<(), RejectReason> {
        self.bytes = self.bytes_with(bytes)?;
        Ok(())
    }

    /// How many bytes would be kept with so many more.
    fn bytes_with(&self, more: usize) -> Result<usize, RejectReason> {
        let bytes = self.bytes + more;
        if bytes as u64 > self.bounds.bytes.allowed {
            return Err(full(self.bounds.bytes));
        }
        Ok(bytes)
    }

    /// Gives the samples of what was kept, as [`Flush::emit`] does, all of them at once, and begins anew.
    pub fn flush(&mut self, now: Millis) -> Batch {
        let mut all = Batch::default();
        self.take_out().emit(now, usize::MAX, |batch| all = batch);
        all
    }

    /// Takes out what was kept, and begins anew: what was seen since the last flush is remembered as not seen. What was not for too
    /// long is forgotten, earlier where that is set. This takes no longer than there are series; samples are made of it later.
    pub fn take_out(&mut self) -> Flush {
        let before = self.bytes;
        let settings = &self.settings;
        let keeping = |is_deleted: bool, flushes: u32| IdleFlushes {
            idle: settings.idle_flushes.max(1),
            deleted: is_deleted.then_some(flushes.max(1)),
        };
        let mut forgotten = 0;
        let counters = keeping(settings.delete_counters, 1);
        let counters = counters.take_out(&mut self.counters, &mut forgotten, std::mem::take);
        let timers = keeping(settings.delete_timers, 1);
        let timers = timers.take_out(&mut self.timers, &mut forgotten, std::mem::take);
        let gauges = keeping(settings.delete_gauges, settings.gauge_flushes);
        let gauges = gauges.take_out(&mut self.gauges, &mut forgotten, |gauge| *gauge);
        let sets = keeping(settings.delete_sets, 1);
        let sets = sets.take_out(&mut self.sets, &mut forgotten, std::mem::take);
        let names = self.counters.keys().chain(self.timers.keys());
        let names = names.chain(self.gauges.keys()).chain(self.sets.keys());
        self.bytes = names.map(|name| series_bytes(name)).sum();
        #[expect(clippy::cast_precision_loss, reason = "an interval is short")]
        let seconds = settings.flush_interval_ms as f64 / 1000.0;
        Flush {
            names: Arc::clone(&self.names),
            summaries: Arc::clone(&self.summaries),
            seconds,
            counters,
            timers,
            gauges,
            sets,
            bytes: before.saturating_sub(self.bytes),
            forgotten,
        }
    }
}

/// The sum of a series, marked as used just now.
fn touched<'t, T>(table: &'t mut Table<T>, name: &str) -> Option<&'t mut T> {
    let sum = table.get_mut(name)?;
    sum.idle_flushes = 0;
    Some(&mut sum.value)
}

/// For how many flushes series without new values are kept.
#[derive(Debug, Clone, Copy)]
struct IdleFlushes {
    /// Whatever is set.
    idle: u32,
    /// Where it is set that they are forgotten.
    deleted: Option<u32>,
}

impl IdleFlushes {
    /// Takes the values out of a table, and forgets series; those that nobody has set to be are counted.
    fn take_out<T, V>(
        self,
        table: &mut Table<T>,
        forgotten: &mut u64,
        mut value: impl FnMut(&mut T) -> V,
    ) -> Vec<(Arc<str>, V)> {
        let flushes = self.deleted.unwrap_or(self.idle).min(self.idle);
        let mut taken = Vec::with_capacity(table.len());
        table.retain(|name, sum| {
            taken.push((Arc::clone(name), value(&mut sum.value)));
            sum.idle_flushes = sum.idle_flushes.saturating_add(1);
            sum.idle_flushes < flushes
        });
        if self.deleted.is_none() {
            *forgotten += (taken.len() - table.len()) as u64;
        }
        // Else it would keep the most that it ever held.
        if table.len() < table.capacity() / 8 {
            table.shrink_to(table.len() * 2);
        }
        taken
    }
}

fn series_bytes(name: &str) -> usize {
    SERIES_BYTES + name.len()
}

fn full(bound: AggregatorLimit) -> RejectReason {
    RejectReason::Full {
        limit: bound.limit,
        allowed: bound.allowed,
    }
}
