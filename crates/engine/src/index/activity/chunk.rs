//! The parts in which the series of a day are kept.

use crate::index::tree::Tree;
use roaring::RoaringBitmap;
use std::sync::Arc;

#[cfg(test)]
thread_local! {
    /// How many parts this thread has looked at for some series.
    pub(super) static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// The series of a part: 65 536 neighbours, whose bits take eight kilobytes at the most.
pub(super) type Chunk = u16;

/// The series of one day, in parts.
pub(super) type Chunks = Tree<Chunk, Arc<RoaringBitmap>>;

/// The part that the series is in.
pub(super) const fn part(series: u32) -> Chunk {
    (series >> Chunk::BITS) as Chunk
}

/// Some series, in the parts that they are in: of a day no other part needs to be looked at.
#[derive(Debug)]
pub(crate) struct PartedSeries(Vec<(Chunk, RoaringBitmap)>);

impl PartedSeries {
    pub(crate) fn of(series: &RoaringBitmap) -> Self {
        let mut parts: Vec<(Chunk, RoaringBitmap)> = Vec::new();
        for number in series {
            match parts.last_mut() {
                Some((last, series)) if *last == part(number) => drop(series.insert(number)),
                _ => parts.push((part(number), RoaringBitmap::from([number]))),
            }
        }
        Self(parts)
    }

    /// How many parts they are in.
    pub(crate) const fn parts(&self) -> usize {
        self.0.len()
    }

    /// The parts of a day that may have some of them, each with those that it may have.
    pub(super) fn of_day<'a>(
        &'a self,
        chunks: &'a Chunks,
    ) -> impl Iterator<Item = (Chunk, &'a RoaringBitmap, &'a RoaringBitmap)> {
        self.0.iter().filter_map(|(part, series)| {
            let chunk = chunks.get(part)?;
            #[cfg(test)]
            LOOKED_AT.with(|parts| parts.set(parts.get() + 1));
            Some((*part, chunk.as_ref(), series))
        })
    }
}
