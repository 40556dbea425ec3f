//! The rows of an answer, written as samples arrive: memory holds the points of a series, never all its samples.

use crate::query::answer::Answer;
use base::context::{Context, Resource, Stop};
use base::cursor::{Cursor, Piece};
use base::grid::{Fold, Parts, Window, at_most};
use base::store::StoreError;
use base::time::Millis;
use wire::render::Sink;
use wire::render::json::{OpenRow, Points, Row, write_row};

/// Bytes of a grid slot, with its share of the coarser grid.
const SLOT_BYTES: u64 = 16;

/// Bytes of a buffered sample.
const SAMPLE_BYTES: u64 = 24;

/// Samples of a series to buffer until their number is known; a longer series is read twice.
const KEPT: usize = 16 * 1024;

/// The result of a first pass over a series.
struct Seen {
    count: usize,
    first_and_last: Option<(Millis, Millis)>,
    /// All samples, if they are few.
    kept: Option<Vec<Piece>>,
}

/// Writes the rows of an answer.
pub(super) struct Rows<'a> {
    answer: &'a mut Answer,
    context: &'a Context,
    window: Option<Window>,
    points_max: Option<usize>,
    /// Whether there has been a row.
    any: bool,
}

impl<'a> Rows<'a> {
    /// Rows with the slots of `window`, or with raw samples; at most `points_max` points each.
    pub(super) const fn new(
        answer: &'a mut Answer,
        context: &'a Context,
        window: Option<Window>,
        points_max: Option<usize>,
    ) -> Self {
        Self {
            answer,
            context,
            window,
            points_max,
            any: false,
        }
    }

    /// Writes a row.
    pub(super) fn write(&mut self, series: &mut dyn Cursor) -> Result<(), StoreError> {
        self.answer.out.push(if self.any { b',' } else { b'[' });
        self.any = true;
        let samples_max = self.context.allowed(Resource::Samples);
        match (self.window, self.points_max) {
            (Some(window), _) => self.write_slots(series, window),
            (None, Some(most)) if (most as u64) < samples_max => self.write_fewer(series, most),
            (None, _) => self.write_all(series),
        }
    }

    /// Ends the list of rows.
    pub(super) fn end(self) {
        if !self.any {
            self.answer.out.push(b'[');
        }
        self.answer.out.push(b']');
    }

    fn write_all(&mut self, series: &mut dyn Cursor) -> Result<(), StoreError> {
        let mut row = OpenRow::begin(&mut self.answer.out, &series.key().graphite());
        while let Some(piece) = series.next()? {
            row.write(self.answer, piece.iter())?;
        }
        Ok(row.end(self.answer)?)
    }

    fn write_fewer(&mut self, series: &mut dyn Cursor, most: usize) -> Result<(), StoreError> {
        let mut held = 0;
        let written = self
            .look(series, &mut held)
            .and_then(|seen| self.write_seen(series, seen, most));
        self.context.release(held);
        written
    }

    /// Reads the series once; `held` counts the buffered bytes.
    fn look(&self, series: &mut dyn Cursor, held: &mut u64) -> Result<Seen, StoreError> {
        let mut seen = Seen {
            count: 0,
            first_and_last: None,
            kept: Some(Vec::new()),
        };
        while let Some(piece) = series.next()? {
            seen.count += piece.len();
            let ends = piece.timestamps.first().zip(piece.timestamps.last());
            if let Some((begin, end)) = ends {
                let first = seen.first_and_last.map_or(*begin, |(first, _)| first);
                seen.first_and_last = Some((first, *end));
            }
            if seen.count > KEPT {
                seen.kept = None;
                self.context.release(std::mem::take(held));
            } else if let Some(kept) = &mut seen.kept {
                let bytes = piece.len() as u64 * SAMPLE_BYTES;
                self.context.reserve(bytes)?;
                *held += bytes;
                kept.push(piece);
            }
        }
        Ok(seen)
    }

    fn write_seen(
        &mut self,
        series: &mut dyn Cursor,
        seen: Seen,
        most: usize,
    ) -> Result<(), StoreError> {
        let ends = seen.first_and_last.filter(|_| seen.count > most);
        let mut parts = ends.map(|(first, last)| Parts::new(first, last, most, Fold::Average));
        let mut row = OpenRow::begin(&mut self.answer.out, &series.key().graphite());
        let mut write = |piece: &Piece, parts: &mut Option<Parts>| match parts {
            Some(parts) => {
                let fewer = piece.iter().filter_map(|(at, value)| parts.add(at, value));
                row.write(self.answer, fewer)
            }
            None => row.write(self.answer, piece.iter()),
        };
        if let Some(kept) = seen.kept {
            for piece in &kept {
                write(piece, &mut parts)?;
            }
        } else {
            series.rewind()?;
            while let Some(piece) = series.next()? {
                write(&piece, &mut parts)?;
            }
        }
        let last = parts.and_then(|mut parts| parts.end());
        row.write(self.answer, last)?;
        Ok(row.end(self.answer)?)
    }

    fn write_slots(&mut self, series: &mut dyn Cursor, window: Window) -> Result<(), StoreError> {
        let bytes = (window.slots() as u64).saturating_mul(SLOT_BYTES);
        self.context.reserve(bytes)?;
        let written = self.fill_slots(series, window);
        self.context.release(bytes);
        written
    }

    fn fill_slots(&mut self, series: &mut dyn Cursor, window: Window) -> Result<(), StoreError> {
        let mut grid = window.empty();
        while let Some(piece) = series.next()? {
            window.put(&mut grid, piece.iter());
        }
        if let Some(most) = self.points_max {
            grid = at_most(&grid, most, Fold::Average);
        }
        let key = series.key();
        let row = Row {
            target: &key.graphite(),
            points: Points::Grid(&grid),
        };
        Ok(write_row(self.answer, &row)?)
    }
}

impl Sink for Answer {
    type Error = Stop;

    fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    fn step(&mut self) -> Result<(), Stop> {
        Self::step(self)
    }
}
