//! The files of a flush: the samples of a frozen head in segments of their days, and the names of its series.

use crate::core::Core;
use crate::day::Day;
use crate::error;
use crate::guard::PIECE;
use crate::head::series::HeadSeries;
use crate::layout::NAMES;
use crate::open_dir::OpenDir;
use crate::pending_flush::PendingFlush;
use crate::publish::NewSegment;
use crate::segment::layout::Header;
use crate::series_ref::SeriesRef;
use crate::state::FrozenHead;
use base::id::TenantId;
use base::store::StoreError;
use base::time::TimeRange;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Segments that a flush writes at most. Where the head has samples of more days, those of the smallest days share one segment, so
/// that a flush writes few files however many days it covers.
const DAYS_MAX: usize = 8;

/// The days that share a segment where there are more than [`DAYS_MAX`]: those on which the fewest series have samples.
fn late_days(days: &BTreeMap<Day, Vec<usize>>) -> BTreeSet<Day> {
    if days.len() <= DAYS_MAX {
        return BTreeSet::new();
    }
    let mut by_size: Vec<(usize, Day)> = days
        .iter()
        .map(|(day, series)| (series.len(), *day))
        .collect();
    by_size.sort_unstable();
    let late = by_size.len().saturating_sub(DAYS_MAX - 1);
    by_size.truncate(late);
    by_size.into_iter().map(|(_, day)| day).collect()
}

/// Files that a flush has written. They are not part of the store until the flush publishes them.
#[derive(Debug, Default)]
pub(crate) struct UnpublishedFiles {
    pub(crate) segments: Vec<NewSegment>,
    /// Relative to the samples folder.
    pub(crate) names: Option<String>,
}

impl Core {
    /// Writes what is frozen. Files that were written are listed in `written` also where one after them fails.
    pub(crate) fn write_files(
        &self,
        pending: &PendingFlush,
        written: &mut UnpublishedFiles,
    ) -> Result<(), StoreError> {
        self.write_segments(&pending.frozen, written)?;
        if let Some(names) = &pending.names {
            let file = format!("{NAMES}/{:010}.names", self.take_file_number());
            self.write_file(&self.dir().join(&file), names)?;
            written.names = Some(file);
        }
        Ok(())
    }

    /// Removes files that were not published, so that they do not fill the disk.
    pub(crate) fn discard_written(&self, written: &UnpublishedFiles) {
        for segment in &written.segments {
            self.discard(segment.segment.path());
        }
        let segments = written.segments.iter();
        self.remove_dirs(&self.day_dirs(segments.map(|written| &written.segment)));
        if let Some(file) = &written.names {
            self.discard(&self.dir().join(file));
        }
    }

    /// Writes samples of all days, also of those past the retention: the expiry drops these, and checks first whether the clock can be
    /// believed.
    fn write_segments(
        &self,
        frozen: &FrozenHead,
        written: &mut UnpublishedFiles,
    ) -> Result<(), StoreError> {
        let all = self.existing(frozen)?;
        let mut days: BTreeMap<Day, Vec<usize>> = BTreeMap::new();
        for (position, (_, _, series)) in all.iter().enumerate() {
            for day in series.days() {
                days.entry(day).or_default().push(position);
            }
        }
        let late = late_days(&days);
        let of = |day: Day, more_days: u16| Header {
            day,
            more_days,
            sequence: frozen.sequence,
            purged: frozen.sequence,
        };
        for (day, positions) in &days {
            if !late.contains(day) {
                let range = |at: &Day| *at == *day;
                let segment = self.write_segment(of(*day, 0), positions, &all, range)?;
                written.segments.push(segment);
            }
        }
        // A segment's days are counted in sixteen bits.
        let mut rest: Vec<Day> = late.into_iter().collect();
        while let Some(first) = rest.first().copied() {
            let fits = |day: &Day| day.0.abs_diff(first.0) <= u32::from(u16::MAX);
            let covered: BTreeSet<Day> = rest.iter().copied().filter(fits).collect();
            rest.retain(|day| !covered.contains(day));
            let more = covered.last().map_or(0, |last| last.0.abs_diff(first.0));
            // One day alone is in no late segment.
            let header = of(first, u16::try_from(more).unwrap_or(u16::MAX));
            let of_days = covered.iter().filter_map(|day| days.get(day)).flatten();
            let positions: BTreeSet<usize> = of_days.copied().collect();
            let positions: Vec<usize> = positions.into_iter().collect();
            let segment =
                self.write_segment(header, &positions, &all, |day| covered.contains(day))?;
            written.segments.push(segment);
        }
        self.sync_segments(&written.segments)
    }

    /// The samples of a frozen head whose series still exist. Where some were dropped meanwhile, the records that dropped them are
    /// synced before the manifest is written, so that they stay dropped after a crash.
    fn existing(
        &self,
        frozen: &FrozenHead,
    ) -> Result<Vec<(TenantId, SeriesRef, HeadSeries)>, StoreError> {
        let mut all = frozen.head.sorted();
        let mut exist = Vec::with_capacity(all.len());
        for piece in all.chunks(PIECE) {
            let catalog = self.state.catalog().read();
            let series = piece.iter().map(|(_, series, _)| *series);
            exist.extend(series.map(|series| catalog.registry.contains(series)));
        }
        if exist.contains(&false) {
            self.wal.commit(self.wal.last_sequence())?;
            let mut exist = exist.into_iter();
            all.retain(|_| exist.next().unwrap_or(true));
        }
        Ok(all)
    }

    /// Writes the samples of these series on the days that `holds` accepts as one segment.
    fn write_segment(
        &self,
        header: Header,
        positions: &[usize],
        all: &[(TenantId, SeriesRef, HeadSeries)],
        holds: impl Fn(&Day) -> bool,
    ) -> Result<NewSegment, StoreError> {
        let mut writer = self.begin_segment(header)?;
        let range = TimeRange {
            from: header.day.range().from,
            until: header.last_day().range().until,
        };
        for (tenant, series, samples) in positions.iter().filter_map(|position| all.get(*position))
        {
            let mut points = samples.read(&range);
            if header.is_late() {
                points.retain(|at| holds(&Day::of(at)));
            }
            let pushed = writer.push(*tenant, *series, &points);
            pushed.inspect_err(|_| self.discard(writer.path()))?;
        }
        self.end_segment(header, writer)
    }

    fn write_file(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let dir = OpenDir::open(self.storage.as_ref(), path.parent().unwrap_or(path))?;
        let mut file = self
            .storage
            .create(path)
            .map_err(error::io("create", path))?;
        if let Err(source) = file.append(bytes) {
            self.discard(path);
            return Err(error::io("write", path)(source));
        }
        file.sync().map_err(error::io("sync", path))?;
        dir.sync()
    }
}
