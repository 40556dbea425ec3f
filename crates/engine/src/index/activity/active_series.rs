//! The series with samples on any day of a range, found only for the series that a query asks about: a query for a few series does
//! not pay for all the others in the store.

use super::chunk::{Chunk, Chunks, part};
use crate::query_meter::QueryMeter;
use crate::series_ref::SeriesRef;
use base::context::Stop;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;

/// Which series a query concerns by when they have samples.
#[derive(Debug)]
pub(crate) enum ActivityFilter {
    /// All of them, with samples or without.
    Every,
    Active(ActiveSeries),
}

/// The series with samples on any of some days.
///
/// Of each part of the series that is asked about, the days are united one by one, the latest first, until the series is among
/// them: mostly after the first.
#[derive(Debug)]
pub(crate) struct ActiveSeries {
    /// Ascending.
    days: Vec<Chunks>,
    unions: BTreeMap<Chunk, ChunkUnion>,
}

/// The series of one part with samples on the latest days.
#[derive(Debug)]
struct ChunkUnion {
    series: RoaringBitmap,
    /// How many days, from the first on, are not in it yet.
    days_left: usize,
}

impl ActivityFilter {
    pub(crate) const fn is_every(&self) -> bool {
        matches!(self, Self::Every)
    }

    /// Whether the query concerns the series.
    pub(crate) fn includes(
        &mut self,
        series: SeriesRef,
        meter: &mut QueryMeter<'_>,
    ) -> Result<bool, Stop> {
        match self {
            Self::Every => Ok(true),
            Self::Active(active) => active.contains(series, meter),
        }
    }
}

impl ActiveSeries {
    /// `days`: ascending.
    pub(super) const fn new(days: Vec<Chunks>) -> Self {
        Self {
            days,
            unions: BTreeMap::new(),
        }
    }

    /// Whether the series has samples on any of the days.
    pub(crate) fn contains(
        &mut self,
        SeriesRef(number): SeriesRef,
        meter: &mut QueryMeter<'_>,
    ) -> Result<bool, Stop> {
        let part = part(number);
        let union = self.unions.entry(part).or_insert_with(|| ChunkUnion {
            series: RoaringBitmap::new(),
            days_left: self.days.len(),
        });
        while !union.series.contains(number) {
            let Some(next) = union.days_left.checked_sub(1) else {
                return Ok(false);
            };
            // Eight kilobytes at the most.
            meter.steps(1)?;
            union.days_left = next;
            if let Some(chunk) = self.days.get(next).and_then(|chunks| chunks.get(&part)) {
                union.series |= chunk.as_ref();
            }
        }
        Ok(true)
    }

    /// Those of `candidates` that have samples on any of the days.
    pub(crate) fn among(
        &mut self,
        candidates: &RoaringBitmap,
        meter: &mut QueryMeter<'_>,
    ) -> Result<RoaringBitmap, Stop> {
        let mut active = RoaringBitmap::new();
        for number in candidates {
            if self.contains(SeriesRef(number), meter)? {
                active.insert(number);
            }
        }
        Ok(active)
    }
}

#[cfg(test)]
mod tests {
    use crate::day::Day;
    use crate::index::activity::{ActivityIndex, NewlyActive};
    use crate::query_meter::QueryMeter;
    use crate::series_ref::SeriesRef;
    use base::context::{Context, Resource};
    use base::time::TimeRange;
    use proptest::prelude::*;
    use roaring::RoaringBitmap;

    fn days(from: i32, until: i32) -> TimeRange {
        TimeRange {
            from: Day(from).range().from,
            until: Day(until).range().until,
        }
    }

    /// All series of all tenants were united for each day of the range.
    #[test]
    fn a_question_about_ten_series_costs_nothing_for_those_of_others() {
        const DAYS: u16 = 100;
        const PARTS: u32 = 16;
        let mut activity = ActivityIndex::default();
        for day in (0..DAYS).map(i32::from) {
            let others = (0..PARTS * 8).map(|number| SeriesRef(number << 13));
            let all: Vec<_> = others.map(|series| (Day(day), series)).collect();
            activity.set(NewlyActive::of(&all));
        }
        let sent_to: RoaringBitmap = (1..=10).collect();
        let newest = Day(i32::from(DAYS) - 1);
        let sent: Vec<_> = sent_to
            .iter()
            .map(|series| (newest, SeriesRef(series)))
            .collect();
        activity.set(NewlyActive::of(&sent));
        let context = Context::unlimited();
        let mut meter = QueryMeter::new(&context).unwrap();
        let mut active = activity.active(&TimeRange::ALL, &mut meter).unwrap();
        assert_eq!(active.among(&sent_to, &mut meter), Ok(sent_to));
        // The list of the days, and of the one part the newest day.
        assert_eq!(context.spent(Resource::Steps), u64::from(DAYS) + 1);
        assert_eq!(active.contains(SeriesRef(11), &mut meter), Ok(false));
        assert_eq!(active.contains(SeriesRef(12), &mut meter), Ok(false));
        // Each day of a part once, however many series of it are asked about.
        assert_eq!(context.spent(Resource::Steps), 2 * u64::from(DAYS));
    }

    proptest! {
        #[test]
        fn it_is_what_any_of_the_days_has(
            sent in prop::collection::vec((0_i32..8, 0_u32..6), 0..60),
            (from, until) in (0_i32..8, 0_i32..8),
            asked in prop::collection::vec(0_u32..6, 0..12),
        ) {
            // Neighbours, and series of other parts.
            let series = |number: u32| SeriesRef((number % 3) * 70_000 + number);
            let sent: Vec<_> = sent.into_iter().map(|(day, number)| (Day(day), series(number))).collect();
            let mut activity = ActivityIndex::default();
            activity.set(NewlyActive::of(&sent));
            let context = Context::unlimited();
            let mut meter = QueryMeter::new(&context).unwrap();
            let mut active = activity.active(&days(from, until), &mut meter).unwrap();
            for number in asked {
                let expected = (from..=until).any(|day| activity.has(Day(day), series(number)));
                prop_assert_eq!(active.contains(series(number), &mut meter), Ok(expected));
            }
        }
    }
}
