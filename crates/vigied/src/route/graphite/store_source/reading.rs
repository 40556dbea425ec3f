//! The values of series, slot by slot: each block is folded when it is decoded.

use super::path_selector::{PathSelector, tags_of};
use crate::query::spread::PartReader;
use base::context::Reservation;
use base::context::{Context, Resource, Stop};
use base::cursor::Cursor;
use base::grid::{Filling, Window};
use base::store::StoreError;
use base::time::{Millis, Step, TimeRange};
use query::schema::Rules;
use query::series::{Consolidation, Tags};
use query::source::{Fetched, Range};
use std::time::Instant;

/// Bytes that a slot takes.
pub(super) const SLOT_BYTES: u64 = 8;

/// Folds the series of one request into slots.
pub(super) struct SlotReading<'s> {
    pub(super) selectors: &'s [(usize, PathSelector)],
    pub(super) rules: &'s Rules,
    /// No longer than until now.
    pub(super) range: Range,
    pub(super) now: i64,
    /// The context of the whole request.
    pub(super) whole: &'s Context,
}

/// Series that were read.
pub(super) struct SlotsRead<'s> {
    /// Each with the place of its path.
    pub(super) found: Vec<(usize, Fetched)>,
    pub(super) held: Reservation<'s>,
}

impl<'s> PartReader for SlotReading<'s> {
    type Out = SlotsRead<'s>;

    fn begin(&self) -> SlotsRead<'s> {
        SlotsRead {
            found: Vec::new(),
            held: Reservation::new(self.whole),
        }
    }

    fn series(
        &self,
        context: &Context,
        cursor: &mut dyn Cursor,
        out: &mut SlotsRead<'s>,
    ) -> Result<(), StoreError> {
        let Some((place, selector)) = self.selectors.get(cursor.query()) else {
            return Ok(());
        };
        let text = cursor.key().graphite().into_owned();
        let tags = tags_of(&cursor.key());
        if selector.matches(&text, &tags, context)? {
            let series = self.slots(context, cursor, (text, tags), &mut out.held)?;
            out.found.push((*place, series));
        }
        Ok(())
    }
}

impl SlotReading<'_> {
    fn slots(
        &self,
        context: &Context,
        cursor: &mut dyn Cursor,
        (name, tags): (String, Tags),
        held: &mut Reservation<'_>,
    ) -> Result<Fetched, StoreError> {
        let age = self.now.saturating_sub(self.range.from);
        let view = self
            .rules
            .view_checked(&name, age, &mut |cost| check_cost(context, cost))?;
        let step = Step::new(view.step.saturating_mul(1000))
            .ok_or(StoreError::Unsupported("have steps of no length"))?;
        let range = TimeRange {
            from: Millis::from_secs(self.range.from),
            until: Millis::from_secs(self.range.until),
        };
        let window = Window::of(range, step).map_err(|_| too_many_slots(range, view.step))?;
        let slots = window.slots() as u64;
        context.spend(Resource::Samples, slots)?;
        held.grow(slots.saturating_mul(SLOT_BYTES))?;
        let mut filling = Filling::new(window, fold(view.method));
        cursor.fill(&mut filling)?;
        let grid = filling.end();
        let start = grid.start.secs();
        let length = i64::try_from(grid.values.len()).unwrap_or(i64::MAX);
        Ok(Fetched {
            name,
            tags,
            start,
            end: start.saturating_add(length.saturating_mul(view.step)),
            step: view.step,
            values: grid.values.into(),
        })
    }
}

/// The cost of one step of the budget.
const COST_PER_STEP: u64 = 1 << 14;

/// Cheaper work does not check whether the query is over: that reads the clock.
const CLOCK_CHECK_COST_MIN: u64 = 1 << 20;

/// Spends the steps of a comparison of a name with a part of the rules, before it is done; `cost`: bytes of patterns times bytes of
/// the name.
fn check_cost(context: &Context, cost: u64) -> Result<(), Stop> {
    context.spend(Resource::Steps, cost / COST_PER_STEP)?;
    match cost < CLOCK_CHECK_COST_MIN {
        true => Ok(()),
        false => context.check(Instant::now()),
    }
}

fn too_many_slots(range: TimeRange, step: i64) -> StoreError {
    let span = range.until.secs().saturating_sub(range.from.secs());
    StoreError::Stopped(Stop::Budget {
        limit: &base::limit::SLOTS_PER_SERIES,
        needed: u64::try_from(span / step.max(1)).unwrap_or(u64::MAX),
        allowed: base::limit::SLOTS_PER_SERIES.default,
    })
}

fn fold(method: Consolidation) -> base::grid::Fold {
    match method {
        // Rules have no unknown method.
        Consolidation::Average | Consolidation::AverageZero | Consolidation::Unknown => {
            base::grid::Fold::Average
        }
        Consolidation::Sum => base::grid::Fold::Sum,
        Consolidation::Min => base::grid::Fold::Min,
        Consolidation::Max => base::grid::Fold::Max,
        Consolidation::First => base::grid::Fold::First,
        Consolidation::Last => base::grid::Fold::Last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::context::Budget;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    /// A comparison of a large file of rules with a long name was one step, and did not check whether the query was over.
    #[test]
    fn a_comparison_with_rules_costs_steps_and_ends_when_the_query_is_over() {
        let over = Arc::new(AtomicBool::new(true));
        let context = Context::new(Budget {
            steps: 100,
            ..Budget::UNLIMITED
        });
        let context = context.with_cancel_flag(over);
        assert_eq!(
            check_cost(&context, CLOCK_CHECK_COST_MIN),
            Err(Stop::Cancelled)
        );
        assert_eq!(check_cost(&context, 4096 * 50), Ok(()));
        let stop = check_cost(&context, 1 << 28).unwrap_err();
        assert!(
            matches!(stop, Stop::Budget { needed: 16_460, .. }),
            "{stop}"
        );
    }
}
