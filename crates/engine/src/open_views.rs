//! What the queries that are open have of the heads. A view keeps its head in memory as a whole, so a slow reader of one series would
//! keep gigabytes that no budget counts. Once a head is flushed, its views are therefore copied, and so is what a query begins to read:
//! a copy takes no more than is reserved for its series.

use crate::head::series::HeadSeries;
use crate::sync::lock;
use arc_swap::ArcSwapOption;
use base::time::TimeRange;
use std::sync::{Arc, Mutex, Weak};

/// What one query has of the heads, by series.
#[derive(Debug)]
pub(crate) struct OpenViews {
    /// No other samples are read.
    range: TimeRange,
    series: Vec<SeriesViews>,
}

/// The views of one series.
#[derive(Debug)]
pub(crate) struct SeriesViews {
    frozen: ArcSwapOption<HeadSeries>,
    head: ArcSwapOption<HeadSeries>,
}

/// What a reader has of the heads for one series: it keeps none of them in memory.
#[derive(Debug)]
pub(crate) struct CopiedViews {
    pub(crate) frozen: Option<Arc<HeadSeries>>,
    pub(crate) head: Option<Arc<HeadSeries>>,
}

impl SeriesViews {
    pub(crate) fn new(frozen: Option<Arc<HeadSeries>>, head: Option<Arc<HeadSeries>>) -> Self {
        Self {
            frozen: ArcSwapOption::new(frozen),
            head: ArcSwapOption::new(head),
        }
    }

    /// The frozen head's view, and the head's.
    pub(crate) fn each(&self) -> impl Iterator<Item = Arc<HeadSeries>> {
        [&self.frozen, &self.head]
            .into_iter()
            .filter_map(ArcSwapOption::load_full)
    }

    pub(crate) fn head(&self) -> Option<Arc<HeadSeries>> {
        self.head.load_full()
    }
}

impl OpenViews {
    pub(crate) const fn new(range: TimeRange, series: Vec<SeriesViews>) -> Self {
        Self { range, series }
    }

    pub(crate) fn series(&self) -> &[SeriesViews] {
        &self.series
    }

    /// The views of the series at this place, to be read.
    pub(crate) fn copied(&self, place: usize) -> CopiedViews {
        let views = self.series.get(place);
        let copied = |view: &ArcSwapOption<HeadSeries>| {
            self.copy_where(view, HeadSeries::is_in_head);
            view.load_full()
        };
        CopiedViews {
            frozen: views.and_then(|views| copied(&views.frozen)),
            head: views.and_then(|views| copied(&views.head)),
        }
    }

    /// The series at this place has been read: what was copied of it is no longer reserved.
    pub(crate) fn clear(&self, place: usize) {
        if let Some(SeriesViews { frozen, head }) = self.series.get(place) {
            frozen.store(None);
            head.store(None);
        }
    }

    /// Lets go of the heads that were flushed.
    fn copy_flushed(&self) {
        for SeriesViews { frozen, head } in &self.series {
            for view in [frozen, head] {
                self.copy_where(view, HeadSeries::is_in_flushed_head);
            }
        }
    }

    fn copy_where(&self, view: &ArcSwapOption<HeadSeries>, is_due: impl Fn(&HeadSeries) -> bool) {
        let found = view.load_full();
        if let Some(view_found) = found.as_ref().filter(|found| is_due(found)) {
            let copy = Arc::new(view_found.copied(&self.range));
            // Not where somebody else has copied it meanwhile, or it has been read and dropped.
            view.compare_and_swap(&found, Some(copy));
        }
    }
}

/// The queries that are open.
#[derive(Debug, Default)]
pub(crate) struct OpenQueries(Mutex<Vec<Weak<OpenViews>>>);

impl OpenQueries {
    /// Registers a query until its views are dropped.
    pub(crate) fn add(&self, views: &Arc<OpenViews>) {
        let mut open = lock(&self.0);
        // Where most are still open, room for as many more is made, so that none is looked at again for each of a few that have ended.
        if open.len() == open.capacity() {
            open.retain(|views| views.strong_count() > 0);
            if open.len() > open.capacity() / 2 {
                let more = open.capacity();
                open.reserve(more);
            }
        }
        open.push(Arc::downgrade(views));
        drop(open);
        // Its heads may have been flushed since it took them.
        views.copy_flushed();
    }

    /// A head was flushed, and is retired: nobody is to keep it.
    pub(crate) fn copy_flushed(&self) {
        let open: Vec<_> = lock(&self.0).iter().filter_map(Weak::upgrade).collect();
        open.iter().for_each(|views| views.copy_flushed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Core;
    use crate::series_ref::SeriesRef;
    use crate::test_support::{TENANT, empty_store, samples, send};
    use base::store::Durability;
    use base::time::Millis;

    const NOON: i64 = 1_795_435_200_000;

    fn range(from: i64, until: i64) -> TimeRange {
        TimeRange {
            from: Millis(NOON + from),
            until: Millis(NOON + until),
        }
    }

    /// A store with 100 samples in its head, every other one late, and what a query for some of them has.
    fn store() -> (Core, Arc<OpenViews>) {
        let core = empty_store(Millis(NOON + 1000));
        let instants = (0..100).map(|number| NOON + (number * 7) % 100);
        send(&core, &samples(instants), Durability::Buffered);
        let view = core.state.version().head.all_of(TENANT, SeriesRef(0));
        let views = OpenViews::new(range(20, 29), vec![SeriesViews::new(None, view)]);
        (core, Arc::new(views))
    }

    fn read(views: &OpenViews) -> Vec<i64> {
        let view = views.copied(0).head.unwrap();
        let read = view.read(&TimeRange::ALL);
        read.iter().map(|(at, _)| at - NOON).collect()
    }

    /// One view of one series kept all blocks of a flushed head, for as long as a slow client took for its answer.
    #[test]
    fn a_query_that_is_open_keeps_no_flushed_head_in_memory_and_reads_the_same() {
        let (core, views) = store();
        core.open_queries.add(&views);
        let is_in_memory = core.state.version().head.memory();
        assert!(views.series()[0].head().unwrap().is_in_head());
        core.flush().unwrap();
        assert!(!is_in_memory());
        assert_eq!(read(&views), (20..30).collect::<Vec<_>>());
    }

    #[test]
    fn nor_one_that_took_its_views_before_the_flush_and_is_registered_after_it() {
        let (core, views) = store();
        let is_in_memory = core.state.version().head.memory();
        core.flush().unwrap();
        assert!(is_in_memory());
        core.open_queries.add(&views);
        assert!(!is_in_memory());
        assert_eq!(read(&views), (20..30).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_being_read_is_a_copy_already() {
        let (core, views) = store();
        let first = views.copied(0).head.unwrap();
        assert!(!first.is_in_head());
        assert_eq!(first.len(), 10);
        assert!(Arc::ptr_eq(&first, &views.copied(0).head.unwrap()), "once");
        drop(core);
        assert_eq!(read(&views), (20..30).collect::<Vec<_>>());
    }

    /// Copies of series that had been read stayed until the last series was, without their reservations.
    #[test]
    fn a_series_that_was_read_leaves_no_copy_and_none_comes_back() {
        let (core, views) = store();
        let copy = Arc::downgrade(&views.copied(0).head.unwrap());
        views.clear(0);
        assert!(copy.upgrade().is_none());
        views.copy_flushed();
        assert!(views.copied(0).head.is_none());
        drop(core);
    }

    #[test]
    fn queries_that_have_ended_are_forgotten() {
        let open = OpenQueries::default();
        for _ in 0..1000 {
            open.add(&Arc::new(OpenViews::new(TimeRange::ALL, Vec::new())));
        }
        assert!(lock(&open.0).capacity() < 10);
    }
}
