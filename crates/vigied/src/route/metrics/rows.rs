//! The rows of an answer, written as samples arrive: memory holds the points of a series, never all its samples.

use crate::query::answer::Answer;
use base::context::{Context, Resource, Stop};
use base::cursor::{Cursor, Piece};
use base::grid::{Fold, Parts, Window, at_most};
use base::store::{Shape, StoreError};
use base::time::Millis;
use query::series::Series;
use wire::render::Sink;
use wire::render::json::OpenRow;

/// Bytes of a grid slot, with its share of the coarser grid.
const SLOT_BYTES: u64 = 16;

/// Bytes of a buffered sample.
const SAMPLE_BYTES: u64 = 24;

/// Samples of a series to buffer until their number is known; a longer series is read twice.
const KEPT: usize = 16 * 1024;

/// The result of a first pass over a series.
struct FirstPass {
    count: usize,
    first_and_last: Option<(Millis, Millis)>,
    /// All samples, if they are few.
    kept: Option<Vec<Piece>>,
}

/// The options of a reader.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowOptions {
    /// The most points of a series.
    pub(super) points_max: Option<usize>,
    /// Whether points without a value are shown, and series without any.
    pub(super) has_nulls: bool,
}

/// Writes the rows of an answer.
pub(super) struct Rows<'a> {
    answer: &'a mut Answer,
    pub(super) context: &'a Context,
    /// The shape of rows that are read while they are written.
    pub(super) shape: Shape,
    form: RowOptions,
    /// Whether there has been a row.
    any: bool,
}

impl<'a> Rows<'a> {
    /// Rows with the slots of a grid, or with raw samples.
    pub(super) fn new(
        answer: &'a mut Answer,
        context: &'a Context,
        shape: Shape,
        form: RowOptions,
    ) -> Self {
        context.set_slots_per_series(match shape {
            Shape::Grid { window, .. } => window.slots() as u64,
            Shape::Raw(_) => 0,
        });
        Self {
            answer,
            context,
            shape,
            form,
            any: false,
        }
    }

    /// Writes a row.
    pub(super) fn write(&mut self, series: &mut dyn Cursor) -> Result<(), StoreError> {
        let samples_max = self.context.allowed(Resource::Samples);
        match (self.shape, self.form.points_max) {
            (Shape::Grid { window, .. }, _) => self.write_slots(series, window),
            (_, Some(points_max)) if (points_max as u64) < samples_max => {
                self.write_fewer(series, points_max)
            }
            _ => self.write_all(series),
        }
    }

    /// Writes a series in the view of the rules.
    pub(super) fn write_view(&mut self, series: &Series) -> Result<(), StoreError> {
        let values = series.points();
        let per_point = i64::try_from(series.values_per_point).unwrap_or(i64::MAX);
        let distance = series.step.saturating_mul(per_point);
        let instants =
            (0_i64..).map(|index| series.start.saturating_add(distance.saturating_mul(index)));
        let has_nulls = self.form.has_nulls;
        let points = instants
            .zip(values.iter().copied())
            .take_while(|(at, _)| *at <= series.end)
            .filter(|(_, value)| has_nulls || !value.is_nan())
            .map(|(at, value)| (Millis::from_secs(at), value));
        let mut points = points.peekable();
        if !has_nulls && points.peek().is_none() {
            return Ok(());
        }
        let mut row = self.begin(&series.name);
        row.write(self.answer, points)?;
        Ok(row.end(self.answer)?)
    }

    /// Ends the list of rows.
    pub(super) fn end(self) {
        if !self.any {
            self.answer.out.push(b'[');
        }
        self.answer.out.push(b']');
    }

    fn begin(&mut self, name: &str) -> OpenRow {
        self.answer.out.push(if self.any { b',' } else { b'[' });
        self.any = true;
        OpenRow::begin(&mut self.answer.out, name)
    }

    fn write_all(&mut self, series: &mut dyn Cursor) -> Result<(), StoreError> {
        let mut row = None;
        if self.form.has_nulls {
            row = Some(self.begin(&series.key().graphite()));
        }
        while let Some(piece) = series.next()? {
            let open = match &mut row {
                Some(open) => open,
                None => row.insert(self.begin(&series.key().graphite())),
            };
            open.write(self.answer, piece.iter())?;
        }
        if let Some(row) = row {
            row.end(self.answer)?;
        }
        Ok(())
    }

    fn write_fewer(
        &mut self,
        series: &mut dyn Cursor,
        points_max: usize,
    ) -> Result<(), StoreError> {
        let mut buffered_bytes = 0;
        let written = self
            .first_pass(series, &mut buffered_bytes)
            .and_then(|pass| self.write_seen(series, pass, points_max));
        self.context.release(buffered_bytes);
        written
    }

    /// Reads the series once; what it buffers is added to `buffered_bytes`.
    fn first_pass(
        &self,
        series: &mut dyn Cursor,
        buffered_bytes: &mut u64,
    ) -> Result<FirstPass, StoreError> {
        let mut pass = FirstPass {
            count: 0,
            first_and_last: None,
            kept: Some(Vec::new()),
        };
        while let Some(piece) = series.next()? {
            pass.count += piece.len();
            let ends = piece.timestamps.first().zip(piece.timestamps.last());
            if let Some((begin, end)) = ends {
                let first = pass.first_and_last.map_or(*begin, |(first, _)| first);
                pass.first_and_last = Some((first, *end));
            }
            if pass.count > KEPT {
                pass.kept = None;
                self.context.release(std::mem::take(buffered_bytes));
            } else if let Some(kept) = &mut pass.kept {
                let bytes = piece.len() as u64 * SAMPLE_BYTES;
                self.context.reserve(bytes)?;
                *buffered_bytes += bytes;
                kept.push(piece);
            }
        }
        Ok(pass)
    }

    fn write_seen(
        &mut self,
        series: &mut dyn Cursor,
        pass: FirstPass,
        points_max: usize,
    ) -> Result<(), StoreError> {
        let ends = pass.first_and_last.filter(|_| pass.count > points_max);
        let mut parts =
            ends.map(|(first, last)| Parts::new(first, last, points_max, Fold::Average));
        if pass.count == 0 && !self.form.has_nulls {
            return Ok(());
        }
        let mut row = self.begin(&series.key().graphite());
        let mut write = |piece: &Piece, parts: &mut Option<Parts>| match parts {
            Some(parts) => {
                let fewer = piece.iter().filter_map(|(at, value)| parts.add(at, value));
                row.write(self.answer, fewer)
            }
            None => row.write(self.answer, piece.iter()),
        };
        if let Some(kept) = pass.kept {
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
        if let Some(points_max) = self.form.points_max {
            grid = at_most(&grid, points_max, Fold::Average);
        }
        let has_nulls = self.form.has_nulls;
        if !has_nulls && grid.values.iter().all(|value| value.is_nan()) {
            return Ok(());
        }
        let slots = (0_i64..).map(|slot| grid.start.plus(grid.step.millis().saturating_mul(slot)));
        let points = slots.zip(grid.values.iter().copied());
        let points = points.filter(|(_, value)| has_nulls || !value.is_nan());
        let mut row = self.begin(&series.key().graphite());
        row.write(self.answer, points)?;
        Ok(row.end(self.answer)?)
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
