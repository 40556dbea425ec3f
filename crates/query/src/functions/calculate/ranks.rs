//! Medians of windows: a tree that counts, over the ranks of the values.

use crate::error::Fault;
use crate::functions::support::Checkpoint;

/// Values between two checks of the deadline, each of which takes as many steps as its rank has digits.
const PART: usize = 1 << 13;

/// Values that are sorted without a check of the deadline.
const RUN: usize = 1 << 16;

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
    let sorted = sorted(values, checkpoint)?;
    let ranks = ranks(values, &sorted, checkpoint)?;
    let mut window = Counts::new(sorted.len());
    let mut results = Vec::with_capacity(values.len() - width + 1);
    for index in 0..values.len() {
        if index % PART == 0 {
            checkpoint(PART * 8)?;
        }
        if let Some(rank) = ranks.get(index).copied().flatten() {
            window.change(rank, 1);
        }
        let Some(first) = (index + 1).checked_sub(width) else {
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

/// The values that are there, ascending. A long series takes seconds, so runs of it are sorted and then merged, with a check
/// of the deadline before each: of two runs that are in order already the standard library's sort makes one in one pass.
fn sorted(values: &[f64], checkpoint: &mut Checkpoint<'_>) -> Result<Vec<f64>, Fault> {
    let mut sorted: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| !value.is_nan())
        .collect();
    for run in sorted.chunks_mut(RUN) {
        checkpoint(run.len())?;
        run.sort_unstable_by(f64::total_cmp);
    }
    let mut length = RUN;
    while length < sorted.len() {
        length *= 2;
        for pair in sorted.chunks_mut(length) {
            checkpoint(pair.len())?;
            pair.sort_by(f64::total_cmp);
        }
    }
    Ok(sorted)
}

/// The place that each value has among all, ascending, that of the first for equal ones; `None` for what is not there.
fn ranks(
    values: &[f64],
    sorted: &[f64],
    checkpoint: &mut Checkpoint<'_>,
) -> Result<Vec<Option<usize>>, Fault> {
    let mut ranks = Vec::with_capacity(values.len());
    for part in values.chunks(PART) {
        checkpoint(part.len())?;
        ranks.extend(part.iter().map(|value| {
            let rank = || sorted.partition_point(|other| other.total_cmp(value).is_lt());
            (!value.is_nan()).then(rank)
        }));
    }
    Ok(ranks)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A series of millions was sorted twice without a check: some seconds.
    #[test]
    fn a_long_series_is_sorted_in_runs() {
        let values: Vec<f64> = (0..5 * RUN + 7)
            .map(|index| match (index * 7919) % 100_003 {
                0 => f64::NAN,
                value => (value % 50_000) as f64,
            })
            .collect();
        let mut checks = 0;
        let check = &mut |points| {
            checks += 1;
            assert!(points <= 6 * RUN, "{points}");
            Ok(())
        };
        let found = sorted(&values, check).unwrap();
        let mut expected: Vec<f64> = values
            .iter()
            .copied()
            .filter(|value| !value.is_nan())
            .collect();
        expected.sort_by(f64::total_cmp);
        assert_eq!(found, expected);
        assert!(checks >= 6 + 3, "{checks}");
        let mut left = 2;
        let gone = sorted(&values, &mut |_| {
            left -= 1;
            if left > 0 {
                Ok(())
            } else {
                Err(Fault::argument("gone".to_owned()))
            }
        });
        assert!(gone.is_err() && left == 0);
    }

    #[test]
    fn equal_values_and_gaps_have_their_medians() {
        let nan = f64::NAN;
        let values = [2.0, 2.0, nan, 1.0, 2.0, 0.0, -0.0, nan, nan, 5.0];
        let found = medians(&values, 3, |count| count > 0.0, &mut |_| Ok(())).unwrap();
        let expected = [2.0, 1.5, 1.5, 1.0, 0.0, 0.0, -0.0, 5.0];
        assert_eq!(found.len(), expected.len());
        for (value, expected) in found.iter().zip(expected) {
            assert!((value - expected).abs() < f64::EPSILON, "{found:?}");
        }
    }
}
