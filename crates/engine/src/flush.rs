//! Flush: the head becomes segments, and the log before it goes.
//!
//! 1. Under the lock: the log begins a new file, the head is frozen.
//! 2. Without it: one segment per day, one name file, all synced.
//! 3. The manifest names them; from there on they are the truth.
//! 4. Under the lock: readers see the segments in place of the frozen head.
//! 5. Files that no longer count are removed.
//!
//! Whatever fails on the way poisons: the log still holds all, and the next start ends what was begun. Only where a disk had
//! no room nothing is broken: the files that were begun are removed, what was frozen stays in memory, and the next flush
//! begins with it.

use crate::core::Core;
use crate::day::Day;
use crate::delete::pieces;
use crate::error;
use crate::guard::give_way;
use crate::index::names::Names;
use crate::manifest::{Manifest, SegmentEntry};
use crate::memory::{Frozen, Memory};
use crate::points::Points;
use crate::registry::file::{Birth, NameFile};
use crate::segment::layout::Header;
use crate::segment::reader::Segment;
use crate::segment::writer::SegmentWriter;
use crate::tombstone::Tombstone;
use crate::wal;
use base::id::{SeriesRef, TenantId};
use base::store::StoreError;
use base::time::Millis;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// Name files are written anew as one when there would be more than this.
const NAME_FILES_MAX: usize = 16;

pub(crate) const SEGMENTS: &str = "segments";
pub(crate) const NAMES: &str = "names";
pub(crate) const WAL: &str = "wal";

/// What flushes change, and what one of them has left undone for lack of room.
#[derive(Debug)]
pub(crate) struct Flushing {
    pub(crate) manifest: Manifest,
    taken: Option<Taken>,
}

impl Flushing {
    pub(crate) const fn new(manifest: Manifest) -> Self {
        Self {
            manifest,
            taken: None,
        }
    }
}

/// What step 1 took out of memory.
#[derive(Debug)]
struct Taken {
    frozen: Arc<Frozen>,
    wal_first: u64,
    next_series: u32,
    /// A name file; none where nothing was born and nothing has died.
    names: Option<Vec<u8>>,
    /// `names` holds all series, and replaces the files before it.
    all_names: bool,
}

/// A name file with every series there is.
fn all_of(names: &Names) -> NameFile {
    let mut births: Vec<Birth> = Vec::new();
    names.each(|tenant, name, series| births.push((tenant, Arc::clone(name), series)));
    NameFile {
        births,
        deaths: Vec::new(),
    }
}

/// A name file with what happened since the last. Deaths are read before births: what is born and dead is no birth.
fn since(mut births: Vec<Birth>, deaths: Vec<SeriesRef>) -> NameFile {
    let dead: HashSet<SeriesRef> = deaths.iter().copied().collect();
    births.retain(|(_, _, series)| !dead.contains(series));
    NameFile { births, deaths }
}

impl Core {
    /// Brings everything to segments, and drops days past the retention.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.flush_if(|_| true)
    }

    /// The same, if it is wanted still once no other flush is under way.
    pub(crate) fn flush_if(&self, wanted: impl FnOnce(&Memory) -> bool) -> Result<(), StoreError> {
        self.poison.check()?;
        self.flush_waits.fetch_add(1, Ordering::SeqCst);
        let locked = self.flushing.lock();
        self.flush_waits.fetch_sub(1, Ordering::SeqCst);
        let mut flushing = locked.unwrap_or_else(PoisonError::into_inner);
        if !wanted(&self.read()) {
            return Ok(());
        }
        let outcome = self.flush_all(&mut flushing);
        match &outcome {
            Ok(()) => self.flush_room.clear(),
            Err(refused) if error::is_lack_of_room(refused) => drop(self.flush_room.set(refused)),
            Err(_) => {}
        }
        outcome
    }

    fn flush_all(&self, flushing: &mut Flushing) -> Result<(), StoreError> {
        self.flush_taken(flushing)?;
        flushing.taken = self.freeze(&flushing.manifest).map_err(self.failed())?;
        self.flush_taken(flushing)?;
        self.expire(&mut flushing.manifest, self.oldest())
            .map_err(self.failed())
    }

    /// Steps 2 to 5 of what is frozen, if something is.
    pub(crate) fn flush_taken(&self, flushing: &mut Flushing) -> Result<(), StoreError> {
        let Some(taken) = flushing.taken.take() else {
            return Ok(());
        };
        let manifest = &mut flushing.manifest;
        if let Err(error) = self.flush_frozen(manifest, &taken, self.oldest()) {
            flushing.taken = Some(taken);
            return Err(self.failed()(error));
        }
        self.counters.flushes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Step 1. `None` when nothing has happened since the last flush.
    fn freeze(&self, manifest: &Manifest) -> Result<Option<Taken>, StoreError> {
        // Most of what waits to be synced is synced before the lock is taken, not under it.
        self.wal.commit(self.wal.last())?;
        let mut memory = self.write();
        // Every start begins a log file; without records, too, they must not pile up.
        if self.wal.last() == manifest.sequence && self.wal.number() == manifest.wal_first {
            return Ok(None);
        }
        let (wal_first, sequence) = self.wal.rotate()?;
        let frozen = Arc::new(Frozen {
            head: std::mem::take(&mut memory.head),
            sequence,
        });
        memory.frozen = Some(Arc::clone(&frozen));
        memory.frozen_through = sequence;
        let births = std::mem::take(&mut memory.births);
        let deaths = std::mem::take(&mut memory.deaths);
        let next_series = memory.registry.next();
        let all_names = manifest.names.len() >= NAME_FILES_MAX;
        let everything = all_names.then(|| memory.all_names());
        drop(memory);
        let names = match everything {
            Some(names) => all_of(&names),
            None => since(births, deaths),
        };
        let is_empty = names.births.is_empty() && names.deaths.is_empty();
        let names = (!is_empty).then(|| names.encode());
        Ok(Some(Taken {
            frozen,
            wal_first,
            next_series,
            names,
            all_names,
        }))
    }

    /// Steps 2 to 5.
    fn flush_frozen(
        &self,
        manifest: &mut Manifest,
        taken: &Taken,
        oldest: Millis,
    ) -> Result<(), StoreError> {
        let mut next = manifest.clone();
        let written = self.write_taken(&mut next, taken, oldest);
        // Also where it failed: a number is never given twice.
        manifest.next_file = next.next_file;
        let mut files = match written {
            Ok(files) => files,
            Err(error) => {
                self.discard_new(manifest, &next);
                return Err(error);
            }
        };
        let mut discarded = Vec::new();
        if taken.all_names {
            discarded.extend(manifest.names.iter().map(|file| self.dir().join(file)));
        }
        discarded.extend(
            (next.wal_first..taken.wal_first)
                .map(|number| wal::path(&self.dir().join(WAL), number)),
        );
        next.sequence = taken.frozen.sequence;
        next.wal_first = taken.wal_first;
        next.next_series = taken.next_series;
        let segments = Arc::clone(&self.read().segments);
        files.extend(segments.iter().cloned());
        self.publish(manifest, next, files)?;
        for file in discarded {
            self.discard(&file);
        }
        Ok(())
    }

    /// Step 2: returns the segments.
    fn write_taken(
        &self,
        next: &mut Manifest,
        taken: &Taken,
        oldest: Millis,
    ) -> Result<Vec<Arc<Segment>>, StoreError> {
        let segments = self.write_segments(next, &taken.frozen, oldest)?;
        if taken.all_names {
            next.names.clear();
        }
        if let Some(names) = &taken.names {
            let file = format!("{NAMES}/{:010}.names", next.take_file_number());
            self.write_file(&self.dir().join(&file), names)?;
            next.names.push(file);
        }
        Ok(segments)
    }

    /// Removes the files that `next` names and `manifest` does not: what is not finished must not fill the disk.
    fn discard_new(&self, manifest: &Manifest, next: &Manifest) {
        for entry in &next.segments {
            if !manifest.segments.contains(entry) {
                self.discard(&self.dir().join(&entry.file));
                // Fails where other segments are left.
                let day = day_dir(self.dir(), Day(entry.day));
                let _ = self.storage.remove_dir(&day);
            }
        }
        for file in &next.names {
            if !manifest.names.contains(file) {
                self.discard(&self.dir().join(file));
            }
        }
    }

    /// Steps 3 and 4, for a flush as for a merge.
    pub(crate) fn publish(
        &self,
        manifest: &mut Manifest,
        mut next: Manifest,
        mut segments: Vec<Arc<Segment>>,
    ) -> Result<(), StoreError> {
        segments.sort_by_key(|segment| (segment.day(), segment.sequence()));
        next.segments
            .sort_by_key(|entry| (entry.day, entry.sequence));
        // A deletion counts as long as a segment may hold what it hides.
        let needed = |own: &Tombstone| {
            segments.iter().any(|segment| {
                segment.purged() < own.sequence && own.range.overlaps(&segment.range())
            })
        };
        let (tombstones, stored) = {
            let memory = self.read();
            let stored = (Arc::clone(&memory.stored), Arc::clone(&memory.segments));
            (Arc::clone(&memory.tombstones), stored)
        };
        let stored = Arc::new(stored.0.changed(&stored.1, &segments));
        let (kept, dropped): (Vec<&Tombstone>, Vec<&Tombstone>) =
            tombstones.iter().partition(|own| needed(own));
        next.tombstones = kept
            .into_iter()
            .filter(|own| own.sequence <= next.sequence)
            .cloned()
            .collect();
        let dropped: HashSet<u64> = dropped.into_iter().map(|own| own.sequence).collect();
        if let Err(error) = next.store(self.storage.as_ref(), self.dir()) {
            if error::is_lack_of_room(&error) {
                self.discard_new(manifest, &next);
            }
            return Err(error);
        }
        *manifest = next;
        let segments = Arc::new(segments);
        let mut memory = self.write();
        // Deletions that came in meanwhile are among these; they are later than anything in a segment.
        if !dropped.is_empty() {
            Arc::make_mut(&mut memory.tombstones).retain(|own| !dropped.contains(&own.sequence));
        }
        memory.frozen = None;
        // The old lists go when the lock is free again.
        let old = std::mem::replace(&mut memory.segments, segments);
        let old_stored = std::mem::replace(&mut memory.stored, stored);
        drop(memory);
        drop((old, old_stored));
        Ok(())
    }

    fn write_segments(
        &self,
        next: &mut Manifest,
        frozen: &Frozen,
        oldest: Millis,
    ) -> Result<Vec<Arc<Segment>>, StoreError> {
        let mut days: BTreeMap<Day, Vec<(TenantId, SeriesRef, Points)>> = BTreeMap::new();
        for (tenant, series, points) in frozen.head.sorted() {
            let mut rest = points.timestamps.as_slice();
            while let Some(first) = rest.first() {
                let day = Day::of(Millis(*first));
                let own = points.within(&day.range());
                rest = rest.get(own.len().max(1)..).unwrap_or_default();
                days.entry(day).or_default().push((tenant, series, own));
            }
        }
        let mut segments = Vec::new();
        for (day, all) in days {
            if day.range().until < oldest {
                continue;
            }
            let header = Header {
                day,
                sequence: frozen.sequence,
                purged: frozen.sequence,
            };
            segments.push(self.write_segment(next, header, |writer| {
                all.iter()
                    .try_for_each(|(tenant, series, points)| writer.push(*tenant, *series, points))
            })?);
        }
        Ok(segments)
    }

    /// Writes one segment, and names it in `next`.
    fn write_segment(
        &self,
        next: &mut Manifest,
        header: Header,
        fill: impl FnOnce(&mut SegmentWriter) -> Result<(), StoreError>,
    ) -> Result<Arc<Segment>, StoreError> {
        let mut writer = self.begin_segment(next, header)?;
        fill(&mut writer).inspect_err(|_| self.discard(writer.path()))?;
        self.end_segment(next, header, writer)
    }

    pub(crate) fn begin_segment(
        &self,
        next: &mut Manifest,
        header: Header,
    ) -> Result<SegmentWriter, StoreError> {
        let dir = day_dir(self.dir(), header.day);
        self.storage
            .create_dir(&dir)
            .map_err(error::io("create", &dir))?;
        let path = dir.join(format!("{:010}.seg", next.take_file_number()));
        SegmentWriter::create(self.storage.as_ref(), &path, header)
    }

    pub(crate) fn end_segment(
        &self,
        next: &mut Manifest,
        header: Header,
        writer: SegmentWriter,
    ) -> Result<Arc<Segment>, StoreError> {
        let path = writer.path().to_owned();
        let written = writer.finish().inspect_err(|_| self.discard(&path))?;
        let dir = day_dir(self.dir(), header.day);
        self.storage
            .sync_dir(&dir)
            .map_err(error::io("sync", &dir))?;
        let segments = self.dir().join(SEGMENTS);
        self.storage
            .sync_dir(&segments)
            .map_err(error::io("sync", &segments))?;
        let file = path
            .strip_prefix(self.dir())
            .unwrap_or(&path)
            .display()
            .to_string();
        next.segments.push(SegmentEntry {
            file,
            day: header.day.0,
            sequence: header.sequence,
            samples: written.samples,
            series: written.series,
            bytes: written.bytes,
            from: written.from,
            until: written.until,
        });
        Segment::open(&self.files, &path).map(Arc::new)
    }

    fn write_file(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let mut file = self
            .storage
            .create(path)
            .map_err(error::io("create", path))?;
        if let Err(source) = file.append(bytes) {
            self.discard(path);
            return Err(error::io("write", path)(source));
        }
        file.sync().map_err(error::io("sync", path))?;
        let dir = path.parent().unwrap_or(path);
        self.storage.sync_dir(dir).map_err(error::io("sync", dir))
    }

    /// Drops the days that lie past the retention as a whole, and the series that had samples on no other.
    fn expire(&self, manifest: &mut Manifest, oldest: Millis) -> Result<(), StoreError> {
        let first = Day::of(oldest);
        let days = self.read().days.clone();
        let gone = days.expiring(first);
        let mut sequence = None;
        for mut piece in pieces(&gone) {
            let mut memory = self.write();
            memory.days.leave_out_newer(&mut piece, &days);
            let gone = (!piece.is_empty()).then(|| self.delete_series(&mut memory, &piece));
            drop(memory);
            sequence = gone.map(|(last, _)| last).or(sequence);
            give_way();
        }
        drop(days);
        self.write().days.forget(first);
        if let Some(sequence) = sequence {
            self.wal.commit(sequence)?;
        }
        let segments = Arc::clone(&self.read().segments);
        let (kept, expired): (Vec<_>, Vec<_>) = segments
            .iter()
            .cloned()
            .partition(|segment| segment.day() >= first);
        drop(segments);
        if expired.is_empty() {
            return Ok(());
        }
        let mut next = manifest.clone();
        next.segments.retain(|entry| Day(entry.day) >= first);
        self.publish(manifest, next, kept)?;
        self.discard_segments(expired);
        Ok(())
    }

    /// Gives up segments that the manifest names no more, and the folders of days that have no others.
    pub(crate) fn discard_segments(&self, segments: Vec<Arc<Segment>>) {
        let days: BTreeSet<Day> = segments.iter().map(|segment| segment.day()).collect();
        for segment in segments {
            segment.set_obsolete();
        }
        for day in days {
            // Fails where other segments are left, or readers of these.
            let _ = self.storage.remove_dir(&day_dir(self.dir(), day));
        }
    }
}

/// The folder of one day's segments.
pub(crate) fn day_dir(dir: &Path, day: Day) -> PathBuf {
    dir.join(SEGMENTS).join(day.to_string())
}
