//! The aggregate of every window of a row of values, in a constant number of steps for each.
//!
//! The values are cut into blocks as long as the window. A window is the end of one block and the beginning of the next:
//! its aggregate is one of the running aggregates from behind of the one and of those from the front of the other. Nothing is
//! ever subtracted, so nothing that has left the window leaves an error behind.

use super::ranks::medians;
use crate::functions::support::Aggregation;

/// What is known about some values that stand side by side.
#[derive(Debug, Clone, Copy)]
struct Part {
    count: f64,
    sum: f64,
    /// The sum of squares of the distances to their mean.
    spread: f64,
    least: f64,
    most: f64,
    product: f64,
    first: f64,
    last: f64,
}

const EMPTY: Part = Part {
    count: 0.0,
    sum: 0.0,
    spread: 0.0,
    least: f64::INFINITY,
    most: f64::NEG_INFINITY,
    product: 1.0,
    first: f64::NAN,
    last: f64::NAN,
};

impl Part {
    const fn one(value: f64) -> Self {
        if value.is_nan() {
            return EMPTY;
        }
        Self {
            count: 1.0,
            sum: value,
            spread: 0.0,
            least: value,
            most: value,
            product: value,
            first: value,
            last: value,
        }
    }

    /// Both, this one being the earlier.
    fn and(self, later: Self) -> Self {
        if self.count == 0.0 {
            return later;
        }
        if later.count == 0.0 {
            return self;
        }
        let count = self.count + later.count;
        let distance = later.sum / later.count - self.sum / self.count;
        Self {
            count,
            sum: self.sum + later.sum,
            spread: self.spread
                + later.spread
                + distance * distance * (self.count * later.count / count),
            least: self.least.min(later.least),
            most: self.most.max(later.most),
            product: self.product * later.product,
            first: self.first,
            last: later.last,
        }
    }

    fn aggregate(self, aggregation: Aggregation) -> f64 {
        match aggregation {
            Aggregation::Average | Aggregation::AverageZero => self.sum / self.count,
            Aggregation::Sum => self.sum,
            Aggregation::Min => self.least,
            Aggregation::Max => self.most,
            Aggregation::Range => self.most - self.least,
            Aggregation::Multiply => self.product,
            Aggregation::Count => self.count,
            Aggregation::Diff => self.first - (self.sum - self.first),
            Aggregation::StandardDeviation => (self.spread / self.count).sqrt(),
            Aggregation::Last => self.last,
            Aggregation::Median => f64::NAN,
        }
    }
}

/// The aggregate of the values that are there in each window of `width` values: as many results as windows fit, none of them
/// where fewer than `share` of a window are there.
pub(super) fn windows(
    values: &[f64],
    width: usize,
    aggregation: Aggregation,
    share: f64,
) -> Vec<f64> {
    let is_enough = |count: f64| count > 0.0 && count / width as f64 >= share;
    if aggregation == Aggregation::Median {
        return medians(values, width, is_enough);
    }
    let result = |part: Part| {
        if is_enough(part.count) {
            part.aggregate(aggregation)
        } else {
            f64::NAN
        }
    };
    if width == 0 || width > values.len() {
        return Vec::new();
    }
    let mut results = Vec::with_capacity(values.len() - width + 1);
    // For each place of the block: the aggregate from there to the block's end.
    let mut ends = vec![EMPTY; width];
    for (number, block) in values.chunks(width).enumerate() {
        let mut begin = EMPTY;
        for (place, value) in block.iter().enumerate() {
            begin = begin.and(Part::one(*value));
            if place + 1 == width {
                results.push(result(begin));
            } else if number > 0 {
                let end = ends.get(place + 1).copied().unwrap_or(EMPTY);
                results.push(result(end.and(begin)));
            }
        }
        let mut end = EMPTY;
        for (slot, value) in ends.iter_mut().zip(block).rev() {
            end = Part::one(*value).and(end);
            *slot = end;
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(values: &[f64], width: usize, aggregation: Aggregation, share: f64) -> Vec<f64> {
        let one = |window: &[f64]| {
            let present: Vec<f64> = window.iter().copied().filter(|own| !own.is_nan()).collect();
            if present.is_empty() || (present.len() as f64 / width as f64) < share {
                f64::NAN
            } else {
                aggregation.of(&present)
            }
        };
        values.windows(width).map(one).collect()
    }

    const ALL: &[Aggregation] = &[
        Aggregation::Average,
        Aggregation::AverageZero,
        Aggregation::Median,
        Aggregation::Sum,
        Aggregation::Min,
        Aggregation::Max,
        Aggregation::Diff,
        Aggregation::StandardDeviation,
        Aggregation::Count,
        Aggregation::Range,
        Aggregation::Multiply,
        Aggregation::Last,
    ];

    proptest! {
        #[test]
        fn windows_are_what_each_alone_would_be(
            values in prop::collection::vec(
                prop_oneof![Just(f64::NAN), -100.0..100.0_f64, Just(5.0)], 0..60),
            width in 1_usize..20,
            share in 0.0..1.0_f64,
        ) {
            for aggregation in ALL {
                let found = windows(&values, width, *aggregation, share);
                let expected = naive(&values, width, *aggregation, share);
                prop_assert_eq!(found.len(), expected.len());
                for (own, other) in found.iter().zip(&expected) {
                    let is_near = own.is_nan() && other.is_nan()
                        || (own - other).abs() <= 1e-9 * own.abs().max(other.abs()).max(1.0);
                    prop_assert!(is_near, "{:?}: {} {}", aggregation, own, other);
                }
            }
        }
    }

    #[test]
    fn what_has_left_leaves_no_error() {
        let values = [1e18, 1.0, 2.0, 3.0, 4.0];
        let found = windows(&values, 2, Aggregation::Sum, 0.0);
        assert_eq!(found, [1e18, 3.0, 5.0, 7.0]);
        let found = windows(&values, 2, Aggregation::StandardDeviation, 0.0);
        assert_eq!(found.get(1..), Some(&[0.5, 0.5, 0.5][..]));
    }
}
