//! Merges segments of a day when there are too many, and all of them when they hold deleted samples: overwritten and
//! deleted samples and dead series are left out, so that their bytes go with the old files.

use super::{Purge, copy, run};
use crate::core::Core;
use crate::day::Day;
use crate::error;
use crate::guard::PIECE;
use crate::manifest::Manifest;
use crate::read::pace::Pace;
use crate::read::series::{SeriesReader, Sources};
use crate::read::spans;
use crate::segment::layout::Header;
use crate::segment::reader::Segment;
use crate::tombstone::Tombstone;
use base::context::Context;
use base::id::{SeriesRef, TenantId};
use base::store::StoreError;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

impl Core {
    /// Merges every day that asks for it.
    pub(crate) fn compact(&self, asked: Purge) -> Result<(), StoreError> {
        self.poison.check()?;
        let mut flushing = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        // What a flush has left frozen for lack of room comes before what is rewritten.
        self.flush_taken(&mut flushing)?;
        let manifest = &mut flushing.manifest;
        let now = self.clock.now();
        let (segments, tombstones, purge) = {
            let mut memory = self.write();
            let due = asked.is_due(now, memory.purged, memory.tombstones.len());
            let purge = memory.purge && due;
            memory.purge &= !purge;
            (
                Arc::clone(&memory.segments),
                Arc::clone(&memory.tombstones),
                purge,
            )
        };
        let days: BTreeSet<Day> = segments.iter().map(|own| own.day()).collect();
        drop(segments);
        let mut is_done = true;
        let mut outcome = Ok(());
        for day in days {
            // What waits for a flush has writers behind it, or the end of the process; the days that are left wait.
            let makes_way = self.flush_waits.load(Ordering::SeqCst) > 0 || self.wanted().stop;
            if asked == Purge::WhenWorthIt && makes_way {
                is_done = false;
                break;
            }
            // A damaged day costs the others nothing.
            let compacted = self.compact_day(manifest, day, &tombstones, purge);
            outcome = outcome.and(compacted);
            self.poison.check()?;
        }
        let mut memory = self.write();
        if outcome.is_err() || !is_done {
            memory.purge |= purge;
        }
        if purge && is_done {
            memory.purged = Some(now);
        }
        outcome
    }

    fn compact_day(
        &self,
        manifest: &mut Manifest,
        day: Day,
        tombstones: &[Tombstone],
        purge: bool,
    ) -> Result<(), StoreError> {
        let segments = Arc::clone(&self.read().segments);
        let mut own: Vec<Arc<Segment>> = segments
            .iter()
            .filter(|own| own.day() == day)
            .cloned()
            .collect();
        drop(segments);
        let crowded = own.len() > self.config.segments_per_day;
        let is_whole = purge && own.iter().any(|own| self.holds_deleted(own, tombstones));
        if !is_whole {
            if !crowded {
                return Ok(());
            }
            let sizes: Vec<u64> = own.iter().map(|own| own.bytes()).collect();
            own.drain(..run::start(&sizes));
        }
        self.merge(manifest, own, tombstones)?;
        self.counters.merges.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Whether a series in it is dead, or a deletion hides some of it.
    fn holds_deleted(&self, segment: &Segment, tombstones: &[Tombstone]) -> bool {
        let hiding: Vec<&Tombstone> = tombstones
            .iter()
            .filter(|own| own.sequence > segment.purged() && own.range.overlaps(&segment.range()))
            .collect();
        let is_hidden = |series: SeriesRef| hiding.iter().any(|own| own.series.contains(series.0));
        let mut rest = segment.series().map(|(_, series)| series);
        loop {
            let piece: Vec<SeriesRef> = rest.by_ref().take(PIECE).collect();
            if piece.is_empty() {
                return false;
            }
            if piece.iter().copied().any(is_hidden) {
                return true;
            }
            let memory = self.read();
            if piece.iter().any(|own| !memory.registry.contains(*own)) {
                return true;
            }
        }
    }

    /// Those of `series` that exist.
    fn alive(&self, series: BTreeSet<(TenantId, SeriesRef)>) -> Vec<(TenantId, SeriesRef)> {
        let all: Vec<(TenantId, SeriesRef)> = series.into_iter().collect();
        let mut alive = Vec::with_capacity(all.len());
        for piece in all.chunks(PIECE) {
            let memory = self.read();
            let own = piece.iter().copied();
            alive.extend(own.filter(|(_, series)| memory.registry.contains(*series)));
        }
        alive
    }

    /// Merges neighbours of one day: no other segment of it lies between them in sequence.
    fn merge(
        &self,
        manifest: &mut Manifest,
        run: Vec<Arc<Segment>>,
        tombstones: &[Tombstone],
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return Ok(());
        };
        let sequence = last.sequence();
        let purged = tombstones
            .last()
            .map_or(sequence, |own| own.sequence.max(sequence));
        let header = Header {
            day: first.day(),
            sequence,
            purged,
        };
        let is_old = |day: Day, sequence: u64| {
            day == header.day && run.iter().any(|own| own.sequence() == sequence)
        };
        let everything = self.alive(run.iter().flat_map(|segment| segment.series()).collect());
        // Nobody waits for it, and it reads one series at a time.
        let context = Context::unlimited();
        let mut pace = Pace::new(&context)?;
        // What a deletion leaves out here must stay deleted after a crash: its record comes first.
        self.wal.commit(self.wal.last())?;
        self.has_room_to_merge(&run)?;
        let mut next = manifest.clone();
        let mut writer = None;
        let mut emptied = Vec::new();
        for (tenant, series) in everything {
            let deletions = spans::deletions(tombstones, series);
            let reader = SeriesReader::new(Sources {
                tenant,
                series,
                range: header.day.range(),
                segments: &run,
                deletions: &deletions,
                frozen: None,
                head: None,
            });
            let any = copy::in_blocks(reader, &mut pace, |points| {
                let writer = match &mut writer {
                    Some(writer) => writer,
                    none => {
                        let begun = self.begin_segment(&mut next, header);
                        // Also where it fails: a number is never given twice.
                        manifest.next_file = next.next_file;
                        none.insert(begun.map_err(self.failed())?)
                    }
                };
                writer.push(tenant, series, points).map_err(self.failed())
            });
            // Damage found here, or no room, is no reason to refuse writes: the old segments stay as they are.
            let any = any.inspect_err(|_| writer.iter().for_each(|writer| self.abandon(writer)))?;
            if !any {
                emptied.push((tenant, series));
            }
        }
        next.segments
            .retain(|entry| !is_old(Day(entry.day), entry.sequence));
        let merged = writer
            .map(|writer| self.end_segment(&mut next, header, writer))
            .transpose();
        let before = Arc::clone(&self.read().segments);
        let mut segments: Vec<Arc<Segment>> = before
            .iter()
            .filter(|own| !is_old(own.day(), own.sequence()))
            .cloned()
            .collect();
        drop(before);
        let is_whole = segments.iter().all(|own| own.day() != header.day);
        segments.extend(merged.map_err(self.failed())?);
        self.publish(manifest, next, segments)
            .map_err(self.failed())?;
        if is_whole {
            for piece in emptied.chunks(PIECE) {
                self.write().settle(header.day, piece);
            }
        }
        self.discard_segments(run);
        Ok(())
    }

    /// A merge that would fill the disk is not begun: for a moment the new segment stands beside the old ones.
    fn has_room_to_merge(&self, run: &[Arc<Segment>]) -> Result<(), StoreError> {
        let free = self
            .storage
            .free_bytes(self.dir())
            .map_err(error::io("ask for the free space of", self.dir()))?;
        let bytes: u64 = run.iter().map(|segment| segment.bytes()).sum();
        if free >= bytes {
            return Ok(());
        }
        let reason =
            format!("merging segments of {bytes} bytes needs as many free, and {free} are");
        Err(StoreError::OutOfRoom { reason })
    }

    fn abandon(&self, writer: &crate::segment::writer::SegmentWriter) {
        self.discard(writer.path());
    }
}
