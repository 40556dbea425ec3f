//! Medians of windows: a tree that counts, over the ranks of the values.

use crate::error::Fault;
use crate::functions::support::Checkpoint;

/// Values between two looks at the clock, each of which takes as many steps as its rank has digits.
const PART: usize = 1 << 13;

/// The median of the values that are there in each window, where there are enough.
pub(super) fn medians(
    values: &[f64],
    width: usize,
    is_enough: impl Fn(f64) -> bool,
    checkpoint: &mut Checkpoint<'_>,
) -> Result<Vec<f64>, Fault> {
    if width == 0 || width > values.len() {
        return Ok(Vec::new());
    }
    let mut sorted: Vec<f64> = values.iter().copied().filter(|own| !own.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    checkpoint(values.len())?;
    let ranks = ranks(values);
    checkpoint(values.len())?;
    let mut window = Counts::new(sorted.len());
    let mut results = Vec::with_capacity(values.len() - width + 1);
    for place in 0..values.len() {
        if place % PART == 0 {
            checkpoint(PART * 8)?;
        }
        if let Some(rank) = ranks.get(place).copied().flatten() {
            window.change(rank, 1);
        }
        let Some(first) = (place + 1).checked_sub(width) else {
            continue;
        };
        let count = window.count;
        let at = |nth: usize| sorted.get(window.rank_of(nth)).copied().unwrap_or(f64::NAN);
        results.push(if !is_enough(count as f64) {
            f64::NAN
        } else if count.is_multiple_of(2) {
            (at(count / 2 - 1) + at(count / 2)) / 2.0
        } else {
            at(count / 2)
        });
        if let Some(rank) = ranks.get(first).copied().flatten() {
            window.change(rank, -1);
        }
    }
    Ok(results)
}

/// The place that each value has among all, ascending; `None` for what is not there.
fn ranks(values: &[f64]) -> Vec<Option<usize>> {
    let mut places: Vec<usize> = (0..values.len())
        .filter(|place| values.get(*place).is_some_and(|own| !own.is_nan()))
        .collect();
    let value = |place: &usize| values.get(*place).copied().unwrap_or(f64::NAN);
    places.sort_unstable_by(|a, b| value(a).total_cmp(&value(b)));
    let mut ranks = vec![None; values.len()];
    for (rank, place) in places.into_iter().enumerate() {
        if let Some(slot) = ranks.get_mut(place) {
            *slot = Some(rank);
        }
    }
    ranks
}

/// How many values of each rank there are (a Fenwick tree).
struct Counts {
    sums: Vec<i32>,
    count: usize,
}

impl Counts {
    fn new(ranks: usize) -> Self {
        Self {
            sums: vec![0; ranks + 1],
            count: 0,
        }
    }

    fn change(&mut self, rank: usize, by: i32) {
        self.count = self.count.saturating_add_signed(by as isize);
        let mut node = rank + 1;
        while let Some(sum) = self.sums.get_mut(node) {
            *sum += by;
            node += node & node.wrapping_neg();
        }
    }

    /// The rank of the nth value that is there, from 0 on.
    fn rank_of(&self, nth: usize) -> usize {
        let mut left = i32::try_from(nth).unwrap_or(i32::MAX);
        let mut node = 0;
        let mut reach = self.sums.len().next_power_of_two();
        while reach > 0 {
            if let Some(sum) = self.sums.get(node + reach).filter(|sum| **sum <= left) {
                left -= sum;
                node += reach;
            }
            reach /= 2;
        }
        node
    }
}
