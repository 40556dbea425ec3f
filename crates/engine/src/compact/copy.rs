//! Copies what remains of a run into a new segment, series by series, a few blocks at a time: a day of a series can be larger than memory.

use super::merge_plan::MergePlan;
use super::series_union::Key;
use super::unpublished_file::UnpublishedFile;
use crate::core::Core;
use crate::points::Points;
use crate::query_meter::QueryMeter;
use crate::read::series::{SeriesReader, Sources};
use crate::read::spans;
use crate::segment::layout::BLOCK_SAMPLES;
use crate::segment::writer::SegmentWriter;
use base::store::StoreError;

/// Blocks that are written at a time.
const BLOCKS: usize = 16;

/// The copy of a run into a new segment, in progress.
pub(super) struct RunCopy<'a> {
    core: &'a Core,
    plan: &'a MergePlan<'a>,
    file: &'a UnpublishedFile<'a>,
    meter: QueryMeter<'a>,
    copied: Copied,
}

/// The result of copying a run.
#[derive(Default)]
pub(super) struct Copied {
    /// The new file, begun with the first sample: a run without remaining samples has none.
    pub(super) writer: Option<SegmentWriter>,
    /// The series of the run that exist and have no samples left in it.
    pub(super) emptied: Vec<Key>,
}

impl<'a> RunCopy<'a> {
    pub(super) fn new(
        core: &'a Core,
        plan: &'a MergePlan<'a>,
        file: &'a UnpublishedFile<'a>,
        meter: QueryMeter<'a>,
    ) -> Self {
        Self {
            core,
            plan,
            file,
            meter,
            copied: Copied::default(),
        }
    }

    /// Copies these series, as far as they exist.
    pub(super) fn copy_series(&mut self, mut piece: Vec<Key>) -> Result<(), StoreError> {
        self.retain_existing(&mut piece);
        let plan = self.plan;
        for (tenant, series) in piece {
            let deletions = spans::deletions(plan.deletions.tombstones.of_tenant(tenant), series);
            let reader = SeriesReader::new(Sources {
                tenant,
                series,
                range: plan.range,
                segments: &plan.run,
                deletions: &deletions,
                frozen: None,
                head: None,
            })?;
            let (core, file, writer) = (self.core, self.file, &mut self.copied.writer);
            let any = copy_in_blocks(reader, &mut self.meter, |points| {
                let writer = match &mut *writer {
                    Some(writer) => writer,
                    none => {
                        let begun = core
                            .begin_segment(plan.header)
                            .map_err(core.poison_unless_retryable())?;
                        file.begin(begun.path());
                        none.insert(begun)
                    }
                };
                writer
                    .push(tenant, series, points)
                    .map_err(core.poison_unless_retryable())
            })?;
            if !any {
                self.copied.emptied.push((tenant, series));
            }
        }
        Ok(())
    }

    /// All that was copied.
    pub(super) fn into_copied(self) -> Copied {
        self.copied
    }

    fn retain_existing(&self, piece: &mut Vec<Key>) {
        let catalog = self.core.state.catalog().read();
        piece.retain(|(_, series)| catalog.registry.contains(*series));
    }
}

/// Hands on all that `reader` has, in whole blocks but for the last; whether there was anything.
fn copy_in_blocks(
    mut reader: SeriesReader<'_>,
    meter: &mut QueryMeter<'_>,
    mut write: impl FnMut(&Points) -> Result<(), StoreError>,
) -> Result<bool, StoreError> {
    let mut points = Points::default();
    let mut any = false;
    loop {
        let more = reader.next(meter)?;
        if more.is_empty() {
            break;
        }
        any = true;
        points.extend(more);
        if points.len() >= BLOCKS * BLOCK_SAMPLES {
            let rest = points.split_off(points.len() - points.len() % BLOCK_SAMPLES);
            write(&points)?;
            points = rest;
        }
    }
    if !points.is_empty() {
        write(&points)?;
    }
    Ok(any)
}
