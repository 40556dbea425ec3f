//! Merges the segments of a day when there are too many, or when they hold deleted samples: overwritten and deleted
//! samples and dead series are left out, so that their bytes go with the old files.

use crate::core::Core;
use crate::manifest::Manifest;
use crate::read::fetch::read_day;
use crate::segment::layout::Header;
use crate::segment::reader::Segment;
use crate::tombstone::Tombstone;
use base::id::{SeriesRef, TenantId};
use base::store::StoreError;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

impl Core {
    /// Merges every day that asks for it.
    pub(crate) fn compact(&self) -> Result<(), StoreError> {
        self.poison.check()?;
        let mut manifest = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        let (segments, tombstones, purge) = {
            let mut memory = self.write();
            let purge = std::mem::take(&mut memory.purge);
            (
                Arc::clone(&memory.segments),
                Arc::clone(&memory.tombstones),
                purge,
            )
        };
        for day in segments.chunk_by(|left, right| left.day() == right.day()) {
            let crowded = day.len() > self.config.segments_per_day;
            if crowded
                || (purge
                    && day
                        .iter()
                        .any(|segment| self.holds_deleted(segment, &tombstones)))
            {
                self.merge_day(&mut manifest, day, &tombstones)
                    .inspect_err(|_| self.write().purge |= purge)?;
                self.counters.merges.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// Whether a series in it is dead, or a deletion hides some of it.
    fn holds_deleted(&self, segment: &Segment, tombstones: &[Tombstone]) -> bool {
        let memory = self.read();
        let hiding: Vec<&Tombstone> = tombstones
            .iter()
            .filter(|own| own.sequence > segment.purged() && own.range.overlaps(&segment.range()))
            .collect();
        segment.series().any(|(_, series)| {
            !memory.registry.contains(series)
                || hiding.iter().any(|own| own.series.contains(series.0))
        })
    }

    fn merge_day(
        &self,
        manifest: &mut Manifest,
        day: &[Arc<Segment>],
        tombstones: &[Tombstone],
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (day.first(), day.last()) else {
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
        let everything: BTreeSet<(TenantId, SeriesRef)> = {
            let memory = self.read();
            day.iter()
                .flat_map(|segment| segment.series())
                .filter(|(_, series)| memory.registry.contains(*series))
                .collect()
        };
        // What a deletion leaves out here must stay deleted after a crash: its record comes first.
        self.wal.commit(self.wal.last())?;
        let mut next = manifest.clone();
        let mut writer = None;
        let mut emptied = Vec::new();
        for (tenant, series) in everything {
            // Damage found here is no reason to refuse writes: the old segments stay as they are.
            let points = read_day(day, tenant, series, &header.day.range(), tombstones)
                .inspect_err(|_| writer.iter().for_each(|writer| self.abandon(writer)))?;
            if points.is_empty() {
                emptied.push((tenant, series));
                continue;
            }
            let writer = match &mut writer {
                Some(writer) => writer,
                none => none.insert(
                    self.begin_segment(&mut next, header)
                        .map_err(self.poisoned())?,
                ),
            };
            writer
                .push(tenant, series, &points)
                .map_err(self.poisoned())?;
        }
        let old: Vec<PathBuf> = next
            .segments
            .extract_if(.., |entry| entry.day == header.day.0)
            .map(|entry| self.dir().join(entry.file))
            .collect();
        let merged = writer
            .map(|writer| self.end_segment(&mut next, header, writer))
            .transpose();
        let mut segments: Vec<Arc<Segment>> =
            merged.map_err(self.poisoned())?.into_iter().collect();
        segments.extend(
            self.read()
                .segments
                .iter()
                .filter(|segment| segment.day() != header.day)
                .cloned(),
        );
        self.publish(manifest, next, segments)
            .map_err(self.poisoned())?;
        self.write().settle(header.day, &emptied);
        for file in old {
            self.discard_segment(&file);
        }
        Ok(())
    }

    fn abandon(&self, writer: &crate::segment::writer::SegmentWriter) {
        self.discard(writer.path());
    }
}
