//! A thousand series of a day, a value each ten seconds: the columns are shared, so that a run holds them once.

use base::pattern::Pattern;
use base::store::StoreError;
use jiff::tz::TimeZone;
use query::series::{Tags, Values};
use query::source::{Event, Fetched, Path, Range, Source};
use query::window::Window;
use std::cell::Cell;

/// Series.
pub(crate) const SERIES: usize = 1000;
/// Values of each.
pub(crate) const POINTS: usize = 8640;
const STEP: i64 = 10;
/// 2026-11-23T00:00:00Z.
const MIDNIGHT: i64 = 1_795_392_000;

/// Series named `w.g<0-9>.s<00-99>.load`; `full` is the same without gaps; `many` the same ten times over.
pub(crate) struct World {
    columns: Vec<Values>,
    full: Vec<Values>,
    /// Values handed out.
    read: Cell<usize>,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut state = 7_u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / (1_u64 << 24) as f64
        };
        let mut full = Vec::with_capacity(SERIES);
        let mut columns = Vec::with_capacity(SERIES);
        for _ in 0..SERIES {
            let values: Vec<f64> = (0..POINTS)
                .map(|_| (random() * 100_000.0).round() / 100.0 + 0.01)
                .collect();
            // One value in 64 is missing.
            let gaps = values.iter().map(|value| {
                let is_there = random() >= 1.0 / 64.0;
                if is_there { *value } else { f64::NAN }
            });
            columns.push(gaps.collect::<Vec<_>>().into());
            full.push(values.into());
        }
        Self {
            columns,
            full,
            read: Cell::new(0),
        }
    }

    /// How many values were handed out since it was asked last.
    pub(crate) fn take_read(&self) -> usize {
        self.read.take()
    }

    /// The columns, for loops of our own.
    pub(crate) fn columns(&self) -> &[Values] {
        &self.columns
    }

    /// The day that all targets ask for.
    pub(crate) fn window() -> Window {
        let until = MIDNIGHT + STEP * POINTS as i64;
        Window::new(MIDNIGHT, until, until, TimeZone::UTC)
    }

    fn one(&self, name: String, column: &Values, range: Range) -> Fetched {
        let first = range.from.div_euclid(STEP) + 1;
        let slots = (range.until.div_euclid(STEP) - first + 1).max(1);
        let length = usize::try_from(slots).unwrap_or(0);
        let offset = usize::try_from((first - MIDNIGHT / STEP - 1).rem_euclid(POINTS as i64));
        let offset = offset.unwrap_or(0);
        // Each day is like the others; a day from midnight to midnight is the column itself.
        let values = if offset == 0 && length == POINTS {
            column.clone()
        } else {
            let days = column.iter().cycle().skip(offset);
            days.take(length).copied().collect::<Vec<_>>().into()
        };
        Fetched {
            tags: Tags::from([
                ("name".to_owned(), name.clone()),
                (
                    "dc".to_owned(),
                    name.get(..4).unwrap_or_default().to_owned(),
                ),
            ]),
            name,
            start: first * STEP,
            end: (first + slots) * STEP,
            step: STEP,
            values,
        }
    }

    fn found(&self, path: &Path, range: Range) -> Vec<Fetched> {
        let text = match path {
            Path::Glob(text) => text.as_str(),
            Path::Tags(_) => "w.*.*.load",
        };
        let (columns, copies) = match text.split('.').next() {
            Some("full") => (&self.full, 1),
            Some("many") => (&self.columns, 10),
            _ => (&self.columns, 1),
        };
        let root = text.split('.').next().unwrap_or("w");
        let Ok(pattern) = Pattern::parse(text) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for copy in 0..copies {
            for (place, column) in columns.iter().enumerate() {
                let group = copy * 10 + place / 100;
                let name = format!("{root}.g{group}.s{:02}.load", place % 100);
                if pattern.matches(&name) {
                    found.push(self.one(name, column, range));
                }
            }
        }
        found
    }
}

impl Source for World {
    fn fetch(&self, paths: &[Path], range: Range) -> Result<Vec<Vec<Fetched>>, StoreError> {
        let found: Vec<Vec<Fetched>> = paths.iter().map(|path| self.found(path, range)).collect();
        let read: usize = found
            .iter()
            .flatten()
            .map(|series| series.values.len())
            .sum();
        self.read.set(self.read.get() + read);
        Ok(found)
    }

    fn events(&self, _: &[String], _: Range) -> Result<Vec<Event>, StoreError> {
        Ok(Vec::new())
    }
}
