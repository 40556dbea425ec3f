//! Flush: the head is written to segments, and the log files before it are removed.
//!
//! 1. Without a lock: the log's next file is made.
//! 2. With all locks, for an instant: the head is frozen, and records from here on belong into that file.
//! 3. The log switches to the new file, once all records before it are on stable storage.
//! 4. At most eight segments are written (late samples of many days share one), and one name file, all synced.
//! 5. The manifest names them, and readers use them in place of the frozen head.
//! 6. Log files and name files that are not needed any more are removed.
//!
//! A failure poisons the store: the log still holds all records, and the next start reads them again. A lack of disk space or of file
//! descriptors is an exception: the files that were begun are removed, the frozen head stays in memory, and the next flush begins
//! with it.

use crate::core::Core;
use crate::day::Day;
use crate::error;
use crate::guard::PIECE;
use crate::head::series::HeadSeries;
use crate::index::names::Names;
use crate::layout::{NAMES, WAL};
use crate::open_dir::OpenDir;
use crate::pending_flush::PendingFlush;
use crate::publish::{Change, NewSegment};
use crate::registry::name_file::{CreatedSeries, NameFile};
use crate::segment::layout::Header;
use crate::series_ref::SeriesRef;
use crate::state::{FreezeOutcome, FrozenHead};
use crate::wal;
use base::id::TenantId;
use base::store::StoreError;
use base::time::TimeRange;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

/// Name files are rewritten as one when there would be more than this.
const NAME_FILES_MAX: usize = 16;

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

/// The files that step 4 of a flush has written. They are not part of the store until step 5 publishes them.
#[derive(Debug, Default)]
struct UnpublishedFiles {
    segments: Vec<NewSegment>,
    /// Relative to the samples folder.
    names: Option<String>,
}

/// A name file with every series there is.
fn all_of(names: &Names) -> NameFile {
    let mut created: Vec<CreatedSeries> = Vec::new();
    names.each(|tenant, name, series| created.push((tenant, Arc::clone(name), series)));
    NameFile {
        created,
        dropped: Vec::new(),
    }
}

/// A name file with the changes since the last one. Dropped series are read before created ones, so a series that was created and
/// dropped in between is left out.
fn since(mut created: Vec<CreatedSeries>, dropped: Vec<SeriesRef>) -> NameFile {
    let gone: HashSet<SeriesRef> = dropped.iter().copied().collect();
    created.retain(|(_, _, series)| !gone.contains(series));
    NameFile { created, dropped }
}

impl Core {
    pub(crate) fn flushing(&self) -> MutexGuard<'_, Option<PendingFlush>> {
        self.flushing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings everything to segments, and drops days past the retention. Also where the disk has no room for the head: to drop days
    /// takes a record and a manifest, and makes room.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        let flushed = self.flush_if(|| true);
        if flushed
            .as_ref()
            .is_err_and(|refused| !error::is_retryable(refused))
        {
            return flushed;
        }
        let expired = self.expire().map_err(self.poison_unless_retryable());
        let expired = expired.inspect_err(|refused| {
            if error::is_retryable(refused) {
                drop(self.flush_shortage.set(refused));
            }
        });
        flushed.and(expired)
    }

    /// Brings everything to segments, if that is wanted still once no other flush is under way. It drops nothing, so that whoever needs
    /// a flush does not wait for what expires.
    pub(crate) fn flush_if(&self, wanted: impl FnOnce() -> bool) -> Result<(), StoreError> {
        self.poison.check()?;
        let mut pending = self.flushing();
        if !wanted() {
            return Ok(());
        }
        let on_panic = self.poison.on_panic("flushed the head");
        let flushed = self.flush_all(&mut pending);
        on_panic.disarm();
        match &flushed {
            Ok(()) => self.flush_shortage.clear(),
            Err(refused) if error::is_retryable(refused) => {
                drop(self.flush_shortage.set(refused));
            }
            Err(_) => {}
        }
        flushed
    }

    fn flush_all(&self, pending: &mut Option<PendingFlush>) -> Result<(), StoreError> {
        self.flush_rest(pending)?;
        *pending = self.freeze().map_err(self.poison_unless_retryable())?;
        self.flush_rest(pending)
    }

    /// Steps 3 to 6 of what is frozen, if something is.
    pub(crate) fn flush_rest(&self, pending: &mut Option<PendingFlush>) -> Result<(), StoreError> {
        let Some(waiting) = pending.as_ref() else {
            return Ok(());
        };
        // Whoever has waited for one that panicked must not publish the same once more.
        self.poison.check()?;
        let on_panic = self.poison.on_panic("flushed the head");
        let flushed = self.flush_frozen(waiting);
        on_panic.disarm();
        flushed.map_err(self.poison_unless_retryable())?;
        // Freeing a head takes time, and nobody waits for it here but the next flush.
        *pending = None;
        self.counters.flushes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Steps 1 and 2. `None` when nothing has happened since the last flush.
    fn freeze(&self) -> Result<Option<PendingFlush>, StoreError> {
        // Most records that are not synced yet are synced here, before the locks are taken.
        self.wal.commit(self.wal.last_sequence())?;
        let (sequence, wal_first, name_files) = {
            let manifest = self.manifest();
            (manifest.sequence, manifest.wal_first, manifest.names.len())
        };
        // Every start begins a log file: even without records, a flush removes the old ones.
        if self.wal.last_sequence() == sequence && self.wal.file_number() == wal_first {
            return Ok(None);
        }
        let all_names = name_files >= NAME_FILES_MAX;
        let next = self.wal.make_next()?;
        let mut locked = self.state.lock_all();
        let on_panic = self.poison.on_panic("froze the head");
        let switch = self.wal.begin_switch(next);
        let taken = locked.freeze(switch.last_sequence);
        let everything = all_names.then(|| locked.catalog.registry.names().clone());
        on_panic.disarm();
        drop(locked);
        let FreezeOutcome {
            frozen,
            created,
            dropped,
            next_series,
            writers,
        } = taken;
        drop(writers);
        let names = match everything {
            Some(names) => all_of(&names),
            None => since(created, dropped.iter().map(SeriesRef).collect()),
        };
        let is_empty = names.created.is_empty() && names.dropped.is_empty();
        let names = (!is_empty).then(|| names.encode());
        Ok(Some(PendingFlush {
            frozen,
            wal_first: switch.file,
            next_series,
            names,
            all_names,
        }))
    }

    /// Steps 3 to 6.
    fn flush_frozen(&self, pending: &PendingFlush) -> Result<(), StoreError> {
        self.wal.switch_to(pending.wal_first)?;
        let mut written = UnpublishedFiles::default();
        let filled = self.write_files(pending, &mut written);
        if let Err(error) = filled {
            self.discard_written(&written);
            return Err(error);
        }
        // Samples in files do not say which batch they are of, so a batch that is not done yet could be read in part.
        self.state.batches.wait_through(pending.frozen.batch);
        let mut manifest = self.manifest();
        let mut discarded = self.logs_before(pending.wal_first);
        if pending.all_names {
            discarded.extend(manifest.names.iter().map(|file| self.dir().join(file)));
        }
        let change = Change {
            added: written.segments.clone(),
            flushed: true,
            ..Change::default()
        };
        let published = self.publish(&mut manifest, change, |next| {
            next.sequence = pending.frozen.sequence;
            next.wal_first = pending.wal_first;
            next.next_series = pending.next_series;
            if pending.all_names {
                next.names.clear();
            }
            next.names.extend(written.names.clone());
        });
        drop(manifest);
        if let Err(error) = published {
            if error::is_retryable(&error) {
                self.discard_written(&written);
            }
            return Err(error);
        }
        for file in discarded {
            self.discard(&file);
        }
        Ok(())
    }

    /// The log files with lower numbers, as listed in the folder, because numbers may be missing. Where it cannot be listed now, the
    /// next flush removes them.
    fn logs_before(&self, wal_first: u64) -> Vec<PathBuf> {
        let dir = self.dir().join(WAL);
        let names = self.storage.list(&dir).unwrap_or_default();
        names
            .iter()
            .filter_map(|name| wal::file_number(name))
            .filter(|number| *number < wal_first)
            .map(|number| wal::path(&dir, number))
            .collect()
    }

    /// Step 4.
    fn write_files(
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
    fn discard_written(&self, written: &UnpublishedFiles) {
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
