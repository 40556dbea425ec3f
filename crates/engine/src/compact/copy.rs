//! A series from old segments into a new one, a few blocks at a time: a day of a series can be larger than memory.

use crate::points::Points;
use crate::query_meter::QueryMeter;
use crate::read::series::SeriesReader;
use crate::segment::layout::BLOCK_SAMPLES;
use base::store::StoreError;

/// Blocks that are written at a time.
const BLOCKS: usize = 16;

/// Hands on all that `reader` has, in whole blocks but for the last; whether there was anything.
pub(super) fn in_blocks(
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
