//! Merges segments of a day when there are too many, and all of them when they hold deleted samples: overwritten and
//! deleted samples and dropped series are left out, so that their bytes go with the old files.

use super::run::Place;
use super::series_union::{Key, SeriesUnion};
use super::unwinding::OnUnwind;
use super::{Purge, copy, run};
use crate::core::Core;
use crate::day::Day;
use crate::error;
use crate::guard::PIECE;
use crate::publish::Change;
use crate::query_meter::QueryMeter;
use crate::read::series::{SeriesReader, Sources};
use crate::read::spans;
use crate::segment::layout::Header;
use crate::segment::reader::Segment;
use crate::segment::writer::SegmentWriter;
use crate::series_ref::SeriesRef;
use crate::tombstone::Tombstone;
use base::context::Context;
use base::store::StoreError;
use base::time::TimeRange;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// What is merged with its like: the segments of one day, or (`None`) those with samples of many.
type Group = Option<Day>;

fn group(own: &Segment) -> Group {
    (!own.is_late()).then_some(own.day())
}

impl Core {
    /// Merges every day that asks for it. Flushes go on meanwhile. What nobody waits for ends when the engine does, also in
    /// the middle of a day.
    pub(crate) fn compact(&self, asked: Purge) -> Result<(), StoreError> {
        self.poison.check()?;
        let compacting = self.compacting.lock();
        let compacting = compacting.unwrap_or_else(PoisonError::into_inner);
        // What a flush has left frozen for lack of room comes before what is rewritten.
        self.flush_rest(&mut self.flushing())?;
        let now = self.clock.now();
        let version = self.state.version();
        let last = *self.purged();
        let due = asked.is_due(now, last, version.tombstones.len());
        let purge = due && self.state.purge.swap(false, Ordering::SeqCst);
        let unwinding = OnUnwind::new(|| {
            if purge {
                self.state.purge.store(true, Ordering::SeqCst);
            }
        });
        let groups: BTreeSet<Group> = version.segments.iter().map(|own| group(own)).collect();
        drop(version);
        let context = match asked {
            Purge::Now => Context::unlimited(),
            Purge::WhenWorthIt => Context::unlimited().cancelled_by(Arc::clone(&self.stopping)),
        };
        let mut outcome = Ok(());
        for group in groups {
            // A damaged day costs the others nothing.
            let compacted = self.compact_group(group, purge, &context);
            let is_over = matches!(compacted, Err(StoreError::Stopped(_)));
            outcome = outcome.and(compacted);
            if is_over {
                break;
            }
            self.poison.check()?;
        }
        if outcome.is_err() && purge {
            self.state.purge.store(true, Ordering::SeqCst);
        } else if purge {
            *self.purged() = Some(now);
        }
        drop(unwinding);
        drop(compacting);
        match outcome {
            // The engine ends: what is left undone is done after the next start.
            Err(StoreError::Stopped(_)) if asked == Purge::WhenWorthIt => Ok(()),
            outcome => outcome,
        }
    }

    fn compact_group(&self, of: Group, purge: bool, context: &Context) -> Result<(), StoreError> {
        // Segments and deletions of one moment: what is merged counts as purged of all deletions up to its last record.
        let version = self.state.version();
        let tombstones = Arc::clone(&version.tombstones);
        let all = version.segments.iter().cloned();
        let (mut own, others): (Vec<Arc<Segment>>, Vec<Arc<Segment>>) =
            all.partition(|own| group(own) == of);
        drop(version);
        own.sort_by_key(|own| own.sequence());
        let places = |all: &[Arc<Segment>]| -> Vec<Place> {
            let place = |own: &Arc<Segment>| (own.sequence(), (own.day(), own.last_day()));
            all.iter().map(place).collect()
        };
        let parts = run::parts(&places(&own), &places(&others));
        drop(others);
        let mut outcome = Ok(());
        for begin in parts.into_iter().rev().chain([0]) {
            // Not kept alive here: a merged file is removed with its last reader.
            let part = own.split_off(begin);
            let merged = self.compact_part(part, &tombstones, purge, context);
            let is_over = merged.is_err();
            outcome = outcome.and(merged);
            if is_over {
                break;
            }
        }
        outcome
    }

    /// Merges the part of an uninterrupted run that is worth merging.
    fn compact_part(
        &self,
        mut own: Vec<Arc<Segment>>,
        tombstones: &[Tombstone],
        purge: bool,
        context: &Context,
    ) -> Result<(), StoreError> {
        let crowded = own.len() > self.config.segments_per_day;
        let mut is_whole = false;
        for segment in own.iter().filter(|_| purge) {
            is_whole = self.holds_expired(segment) || self.holds_deleted(segment, tombstones)?;
            if is_whole {
                break;
            }
        }
        if !is_whole {
            if !crowded {
                return Ok(());
            }
            let sizes: Vec<u64> = own.iter().map(|own| own.bytes()).collect();
            own.drain(..run::start(&sizes));
        }
        if self.merge(own, tombstones, context)? {
            self.counters.merges.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The first day that is kept, as far as retention has come.
    fn first_kept(&self) -> Day {
        Day(self.state.retention_start.load(Ordering::SeqCst))
    }

    /// Whether some of its days lie past the retention and others do not.
    fn holds_expired(&self, segment: &Segment) -> bool {
        segment.is_late() && Day::of(segment.range().from) < self.first_kept()
    }

    /// Whether a series in it was dropped, or a deletion hides some of it.
    fn holds_deleted(
        &self,
        segment: &Segment,
        tombstones: &[Tombstone],
    ) -> Result<bool, StoreError> {
        let hiding: Vec<&Tombstone> = tombstones
            .iter()
            .filter(|own| own.sequence > segment.purged() && own.range.overlaps(&segment.range()))
            .collect();
        let is_hidden = |series: SeriesRef| hiding.iter().any(|own| own.series.contains(series.0));
        let mut rest = segment.series().map(|own| own.map(|(_, series)| series));
        loop {
            let piece: Vec<SeriesRef> = rest.by_ref().take(PIECE).collect::<Result<_, _>>()?;
            if piece.is_empty() {
                return Ok(false);
            }
            if piece.iter().copied().any(is_hidden) {
                return Ok(true);
            }
            let catalog = self.state.catalog().read();
            if piece.iter().any(|own| !catalog.registry.contains(*own)) {
                return Ok(true);
            }
        }
    }

    /// Those of these series that exist, at most [`PIECE`] of them.
    fn alive(&self, mut piece: Vec<Key>) -> Vec<Key> {
        let catalog = self.state.catalog().read();
        piece.retain(|(_, series)| catalog.registry.contains(*series));
        piece
    }

    /// Merges neighbours of one day: no other segment of it lies between them in sequence. False when they were dropped
    /// meanwhile.
    fn merge(
        &self,
        run: Vec<Arc<Segment>>,
        tombstones: &[Tombstone],
        context: &Context,
    ) -> Result<bool, StoreError> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return Ok(false);
        };
        let sequence = last.sequence();
        let purged = tombstones
            .last()
            .map_or(sequence, |own| own.sequence.max(sequence));
        let is_late = first.is_late();
        let first_day = run.iter().map(|own| own.day()).min().unwrap_or(first.day());
        let last_day = run.iter().map(|own| own.last_day()).max();
        let last_day = last_day.unwrap_or(first_day);
        let Ok(more_days) = u16::try_from(last_day.0.abs_diff(first_day.0)) else {
            // More than 65 535 days apart: they stay as they are.
            return Ok(false);
        };
        let header = Header {
            day: first_day,
            more_days,
            sequence,
            purged,
        };
        // Of late segments, days past the retention are left out.
        let kept_from = if is_late {
            self.first_kept()
        } else {
            first_day
        };
        let range = TimeRange {
            from: kept_from.max(first_day).range().from,
            until: last_day.range().until,
        };
        let mut union = SeriesUnion::of(run.iter().map(|segment| segment.series()))?;
        let mut meter = QueryMeter::new(context)?;
        self.has_room_to_merge(&run)?;
        let mut writer = None;
        let begun_file = OnceCell::<PathBuf>::new();
        let unwinding = OnUnwind::new(|| {
            if let Some(path) = begun_file.get() {
                self.discard(path);
            }
        });
        let mut emptied = Vec::new();
        let mut copy_piece = |piece: Vec<Key>, writer: &mut Option<SegmentWriter>| {
            for (tenant, series) in self.alive(piece) {
                let deletions = spans::deletions(tombstones, series);
                let reader = SeriesReader::new(Sources {
                    tenant,
                    series,
                    range,
                    segments: &run,
                    deletions: &deletions,
                    frozen: None,
                    head: None,
                })?;
                let any = copy::in_blocks(reader, &mut meter, |points| {
                    let writer = match &mut *writer {
                        Some(writer) => writer,
                        none => {
                            let begun = self.begin_segment(header).map_err(self.failed())?;
                            begun_file.get_or_init(|| begun.path().to_owned());
                            none.insert(begun)
                        }
                    };
                    writer.push(tenant, series, points).map_err(self.failed())
                })?;
                if !any {
                    emptied.push((tenant, series));
                }
            }
            Ok(())
        };
        loop {
            let piece = union.next_piece(PIECE);
            if piece.as_ref().is_ok_and(Vec::is_empty) {
                break;
            }
            // Damage found here, no room, or the end is no reason to refuse writes: the old segments stay as they are.
            piece
                .and_then(|piece| copy_piece(piece, &mut writer))
                .inspect_err(|_| writer.iter().for_each(|writer| self.abandon(writer)))?;
        }
        drop(union);
        // What a deletion leaves out here must stay deleted after a crash: its record comes before the manifest.
        let committed = self.wal.commit(self.wal.last());
        committed.inspect_err(|_| writer.iter().for_each(|writer| self.abandon(writer)))?;
        let merged = writer
            .map(|writer| self.end_segment(header, writer))
            .transpose();
        let added = Vec::from_iter(merged.map_err(self.failed())?);
        self.sync_segments(&added).map_err(self.failed())?;
        let path = added.first().map(|own| own.segment.path().to_owned());
        // From here on the file may be the one that counts.
        drop(unwinding);
        let change = Change {
            added,
            removed: run.clone(),
            flushed: false,
        };
        let mut manifest = self.manifest();
        let published = self.publish(&mut manifest, change, |_| {});
        let give_up = || path.iter().for_each(|path| self.discard(path));
        match published {
            Err(refused) => {
                if error::is_lack_of_room(&refused) {
                    give_up();
                }
                return Err(self.failed()(refused));
            }
            Ok(false) => {
                give_up();
                return Ok(false);
            }
            Ok(true) => {}
        }
        let version = self.state.version();
        let holds_day =
            |own: &&Arc<Segment>| own.day() <= header.day && header.day <= own.last_day();
        let mut others = version.segments.iter().filter(holds_day);
        if !is_late && others.all(|own| path.as_deref() == Some(own.path())) {
            self.state.clear_emptied(header.day, &emptied);
        }
        drop(manifest);
        self.discard_segments(run);
        Ok(true)
    }

    /// A merge that would fill the disk is not begun: for a moment the new segment stands beside the old ones.
    fn has_room_to_merge(&self, run: &[Arc<Segment>]) -> Result<(), StoreError> {
        let free = self
            .storage
            .free_bytes(self.dir())
            .map_err(error::io("ask for the free space of", self.dir()))?;
        // While it is written its block directory may lie in a file of its own as well.
        let needed = run.iter().map(|own| own.bytes() + own.directory_bytes());
        let needed: u64 = needed.sum();
        if free >= needed {
            return Ok(());
        }
        let reason = format!("merging these segments takes {needed} bytes, and {free} are free");
        Err(error::out_of_room(&reason))
    }

    fn abandon(&self, writer: &SegmentWriter) {
        self.discard(writer.path());
    }
}
