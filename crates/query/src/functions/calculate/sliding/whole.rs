//! Sums and means of short windows in rows in which no value is missing: what most rows are. Nothing has to be counted, and
//! each window is added up in its own order.

/// Windows that are worked on at once; they stay in the fastest cache.
const BLOCK: usize = 1024;

/// The sum of each window of `width` values, which is at least one and not more than there are; `None` where a value is missing.
pub(super) fn sums(values: &[f64], width: usize) -> Option<Vec<f64>> {
    if values.iter().any(|value| value.is_nan()) {
        return None;
    }
    let count = values.len().checked_sub(width)? + 1;
    let mut sums = vec![0.0; count];
    for (first, block) in (0..).step_by(BLOCK).zip(sums.chunks_mut(BLOCK)) {
        let length = block.len();
        let column = |index: usize| values.get(first + index..first + index + length);
        let mut index = 0;
        while index < width {
            // Four at a time, so that the sums are taken up and laid down less often.
            let four =
                [0, 1, 2, 3].map(|more| column(index + more).filter(|_| index + more < width));
            if let [Some(a), Some(b), Some(c), Some(d)] = four {
                let four = a.iter().zip(b).zip(c).zip(d);
                for (sum, (((a, b), c), d)) in block.iter_mut().zip(four) {
                    *sum = *sum + a + b + c + d;
                }
                index += 4;
            } else {
                for (sum, value) in block.iter_mut().zip(column(index).unwrap_or_default()) {
                    *sum += value;
                }
                index += 1;
            }
        }
    }
    Some(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_window_is_added_up_in_its_own_order() {
        let values: Vec<f64> = (0..2500_u32)
            .map(|number| f64::from(number * 7919 % 1000) / 7.0)
            .collect();
        for width in [1, 2, 4, 7, 10, 32] {
            let plain: Vec<f64> = values
                .windows(width)
                .map(|window| window.iter().fold(0.0, |sum, value| sum + value))
                .collect();
            assert_eq!(sums(&values, width), Some(plain), "{width}");
        }
        assert_eq!(sums(&[1.0, f64::NAN, 2.0], 2), None);
        assert_eq!(sums(&[1.0], 1), Some(vec![1.0]));
    }
}
