//! What is kept between two flushes, and what becomes of it: for one domain. Its memory is bounded by the number of series and
//! by bytes; what has no room is refused, and costs nothing that is there.

use super::namespace::{self, Namespace};
use super::summary::Summaries;
use super::{Metric, Settings, SettingsError, Value};
use base::limit::Limit;
use base::name::SeriesName;
use base::sample::{Batch, RejectReason};
use base::time::Millis;
use std::collections::{HashMap, HashSet};

/// What a series takes beside its name: the entry of the table, and what the allocator adds.
const SERIES_BYTES: usize = 160;
/// What a value of a timer takes: its list may be half empty, and the sums of it are two more while they are made.
const VALUE_BYTES: usize = 32;
/// What a member of a set takes beside its text.
const MEMBER_BYTES: usize = 64;

/// A limit, and its value here.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// Which limit.
    pub limit: Limit,
    /// Its value.
    pub allowed: u64,
}

/// How much may be kept.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Counters, timers, gauges and sets together.
    pub series: Bound,
    /// Bytes of memory, about.
    pub bytes: Bound,
}

#[derive(Debug, Default)]
struct Timer {
    values: Vec<f64>,
    counted: f64,
}

#[derive(Debug)]
struct Gauge {
    value: f64,
    /// For how many more flushes it counts, where that is limited.
    flushes: u32,
}

/// Takes metrics and gives samples.
#[derive(Debug)]
pub struct Aggregator {
    settings: Settings,
    bounds: Bounds,
    names: Namespace,
    summaries: Summaries,
    counters: HashMap<Box<str>, f64>,
    timers: HashMap<Box<str>, Timer>,
    gauges: HashMap<Box<str>, Gauge>,
    sets: HashMap<Box<str>, HashSet<Box<str>>>,
    bytes: usize,
    text: String,
}

impl Aggregator {
    /// One that keeps nothing yet.
    ///
    /// # Errors
    /// [`SettingsError`]: the settings can not be worked with.
    pub fn new(settings: Settings, bounds: Bounds) -> Result<Self, SettingsError> {
        settings.check()?;
        let names = Namespace::new(&settings);
        Ok(Self {
            summaries: Summaries::new(&settings, &names),
            settings,
            bounds,
            names,
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
    pub const fn limit_bytes(&mut self, bound: Bound) {
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
            Value::Gauge(value) => self.gauge(name, |gauge| gauge.value = value),
            Value::GaugeChange(change) => self.gauge(name, |gauge| gauge.value += change),
            Value::Member(member) => self.member(name, member),
        }
    }

    fn count(&mut self, name: &str, count: f64) -> Result<(), RejectReason> {
        if let Some(sum) = self.counters.get_mut(name) {
            *sum += count;
            return Ok(());
        }
        let places = [&self.names.rate].into_iter().chain(&self.names.count);
        namespace::check(places, &mut self.text, name)?;
        self.make_room(name, 0)?;
        self.counters.insert(name.into(), count);
        Ok(())
    }

    fn time(&mut self, name: &str, time: f64, counted: f64) -> Result<(), RejectReason> {
        if self.timers.contains_key(name) {
            self.take(VALUE_BYTES)?;
        } else {
            namespace::check(self.summaries.places(name), &mut self.text, name)?;
            self.make_room(name, VALUE_BYTES)?;
            self.timers.insert(name.into(), Timer::default());
        }
        if let Some(timer) = self.timers.get_mut(name) {
            timer.values.push(time);
            timer.counted += counted;
        }
        Ok(())
    }

    fn gauge(&mut self, name: &str, set: impl FnOnce(&mut Gauge)) -> Result<(), RejectReason> {
        let flushes = self.settings.gauge_flushes.max(1);
        if let Some(gauge) = self.gauges.get_mut(name) {
            gauge.flushes = flushes;
            set(gauge);
            return Ok(());
        }
        namespace::check([&self.names.gauge], &mut self.text, name)?;
        self.make_room(name, 0)?;
        let mut gauge = Gauge {
            value: 0.0,
            flushes,
        };
        set(&mut gauge);
        self.gauges.insert(name.into(), gauge);
        Ok(())
    }

    fn member(&mut self, name: &str, member: &str) -> Result<(), RejectReason> {
        let bytes = MEMBER_BYTES + member.len();
        match self.sets.get(name) {
            Some(members) if members.contains(member) => return Ok(()),
            Some(_) => self.take(bytes)?,
            None => {
                namespace::check([&self.names.members], &mut self.text, name)?;
                self.make_room(name, bytes)?;
                self.sets.insert(name.into(), HashSet::new());
            }
        }
        if let Some(members) = self.sets.get_mut(name) {
            members.insert(member.into());
        }
        Ok(())
    }

    /// Room for a series, and for what comes with it.
    fn make_room(&mut self, name: &str, bytes: usize) -> Result<(), RejectReason> {
        if self.series() as u64 >= self.bounds.series.allowed {
            return Err(full(self.bounds.series));
        }
        self.take(series_bytes(name) + bytes)
    }

    fn take(&mut self, bytes: usize) -> Result<(), RejectReason> {
        let bytes = self.bytes + bytes;
        if bytes as u64 > self.bounds.bytes.allowed {
            return Err(full(self.bounds.bytes));
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Gives the samples of what was kept, all of them at `now` (to the second, as etsy's), ordered by name, and begins anew.
    pub fn flush(&mut self, now: Millis) -> Batch {
        let mut all = Batch::default();
        self.flush_in_portions(now, usize::MAX, |batch| all = batch);
        all
    }

    /// As [`Self::flush`], in batches of so many samples, the last one fewer: one timer may have hundreds of sums. Returns how many
    /// sums are left out, because they are no finite number.
    pub fn flush_in_portions(
        &mut self,
        now: Millis,
        samples: usize,
        mut give: impl FnMut(Batch),
    ) -> u64 {
        let at = flush_time(now);
        let mut batch = Batch::default();
        let mut text = std::mem::take(&mut self.text);
        let mut left_out = 0;
        let mut tell = |place: &namespace::Place, name: &str, value: f64| {
            if !value.is_finite() {
                left_out += 1;
                return;
            }
            place.write(&mut text, name);
            // Checked when the metric came.
            if let Ok(name) = SeriesName::parse(&text) {
                batch.push(&name, at, value);
            }
            if batch.len() >= samples {
                give(std::mem::take(&mut batch));
            }
        };
        #[expect(clippy::cast_precision_loss, reason = "an interval is short")]
        let seconds = self.settings.flush_interval_ms as f64 / 1000.0;
        for (name, count) in sorted(&mut self.counters) {
            tell(&self.names.rate, name, *count / seconds);
            if let Some(place) = &self.names.count {
                tell(place, name, *count);
            }
        }
        for (name, timer) in sorted(&mut self.timers) {
            let (values, counted) = (&mut timer.values, timer.counted);
            self.summaries.tell(name, values, counted, |place, value| {
                tell(place, name, value);
            });
        }
        for (name, gauge) in sorted(&mut self.gauges) {
            tell(&self.names.gauge, name, gauge.value);
        }
        for (name, members) in sorted(&mut self.sets) {
            #[expect(clippy::cast_precision_loss, reason = "far fewer members than 2^53")]
            tell(&self.names.members, name, members.len() as f64);
        }
        if !batch.is_empty() {
            give(batch);
        }
        self.text = text;
        self.begin_anew();
        left_out
    }

    /// What was seen since the last flush is remembered as not seen; what was not is forgotten where that is set.
    fn begin_anew(&mut self) {
        if self.settings.delete_counters {
            self.counters.clear();
        }
        self.counters.values_mut().for_each(|count| *count = 0.0);
        if self.settings.delete_timers {
            self.timers.clear();
        }
        self.timers
            .values_mut()
            .for_each(|timer| *timer = Timer::default());
        if self.settings.delete_gauges {
            self.gauges.retain(|_, gauge| {
                gauge.flushes -= 1;
                gauge.flushes > 0
            });
        }
        if self.settings.delete_sets {
            self.sets.clear();
        }
        self.sets
            .values_mut()
            .for_each(|members| *members = HashSet::new());
        let names = self.counters.keys().chain(self.timers.keys());
        let names = names.chain(self.gauges.keys()).chain(self.sets.keys());
        self.bytes = names.map(|name| series_bytes(name)).sum();
    }
}

/// The time of the samples of a flush: the nearest second, as etsy's.
#[must_use]
pub const fn flush_time(now: Millis) -> Millis {
    Millis((now.0 + 500).div_euclid(1000) * 1000)
}

fn series_bytes(name: &str) -> usize {
    SERIES_BYTES + name.len()
}

fn full(bound: Bound) -> RejectReason {
    RejectReason::Full {
        limit: bound.limit,
        allowed: bound.allowed,
    }
}

/// The entries of a table by name: what comes out does not depend on the order in which it came in.
fn sorted<T>(table: &mut HashMap<Box<str>, T>) -> Vec<(&str, &mut T)> {
    let mut entries: Vec<_> = table.iter_mut().map(|(name, own)| (&**name, own)).collect();
    entries.sort_unstable_by(|a, b| a.0.cmp(b.0));
    entries
}
