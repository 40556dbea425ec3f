//! Step 4 of a flush ([`crate::flush`]): its files are written. The manifest does not name them yet, so where one of them fails, all of
//! them are removed again.

use crate::core::Core;
use crate::day::Day;
use crate::error::{self, FileAction};
use crate::flush_segments::{PlannedSegment, planned};
use crate::guard::PIECE;
use crate::head::mem_series::MemSeries;
use crate::head::series::HeadSeries;
use crate::layout::NAMES;
use crate::open_dir::OpenDir;
use crate::pending_flush::PendingFlush;
use crate::publish::NewSegment;
use crate::series_ref::SeriesRef;
use crate::state::FrozenHead;
use base::id::TenantId;
use base::store::StoreError;
use base::time::TimeRange;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

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
        if let Some(names) = &pending.names.file {
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
        let mut positions_by_day: BTreeMap<Day, Vec<usize>> = BTreeMap::new();
        for (position, (_, _, series)) in all.iter().enumerate() {
            for day in HeadSeries::all(Arc::clone(series)).days() {
                positions_by_day.entry(day).or_default().push(position);
            }
        }
        for segment in planned(positions_by_day, frozen.sequence) {
            written.segments.push(self.write_segment(&segment, &all)?);
        }
        self.sync_segments(&written.segments)
    }

    /// The samples of a frozen head whose series still exist. Where some were dropped meanwhile, the records that dropped them are
    /// synced before the manifest is written, so that they stay dropped after a crash.
    fn existing(
        &self,
        frozen: &FrozenHead,
    ) -> Result<Vec<(TenantId, SeriesRef, Arc<MemSeries>)>, StoreError> {
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

    /// Writes one segment of these samples.
    fn write_segment(
        &self,
        planned: &PlannedSegment,
        all: &[(TenantId, SeriesRef, Arc<MemSeries>)],
    ) -> Result<NewSegment, StoreError> {
        let header = planned.header;
        let mut writer = self.begin_segment(header)?;
        let range = TimeRange {
            from: header.day.range().from,
            until: header.last_day().range().until,
        };
        let series = planned.positions.iter();
        for (tenant, series, samples) in series.filter_map(|position| all.get(*position)) {
            let mut points = HeadSeries::all(Arc::clone(samples)).read(&range);
            if header.is_multi_day() {
                points.retain(|at| planned.days.contains(&Day::of(at)));
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
            .map_err(error::io(FileAction::Create, path))?;
        if let Err(source) = file.append(bytes) {
            self.discard(path);
            return Err(error::io(FileAction::Write, path)(source));
        }
        file.sync().map_err(error::io(FileAction::Sync, path))?;
        dir.sync()
    }
}
