//! The value below which a share of the values lies.

/// Of values that are there, ascending: the one at the rank of `share` percent, rounded up. `Ok(None)` where there are none.
///
/// # Errors
/// When the rank lies outside the values. A rank below them counts from the end, as Python's does.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> Result<Option<f64>, ()> {
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else {
        return Ok(None);
    };
    let rank = (share / 100.0) * (sorted.len() as f64 + 1.0);
    if !rank.is_finite() {
        return Err(());
    }
    let whole = rank.trunc();
    let rank = whole + (rank - whole).ceil();
    let count = sorted.len() as f64;
    if rank == 0.0 {
        return Ok(Some(*first));
    }
    if rank == count + 1.0 {
        return Ok(Some(*last));
    }
    let place = if rank > 0.0 {
        rank - 1.0
    } else {
        count + rank - 1.0
    };
    if place < 0.0 || place >= count {
        return Err(());
    }
    sorted.get(place as usize).map(|own| Some(*own)).ok_or(())
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn the_rank_is_rounded_up() {
        let values = [1.0, 2.0, 3.0, 4.0];
        for (share, expected) in [
            (10.0, Ok(Some(1.0))),
            (20.0, Ok(Some(1.0))),
            (21.0, Ok(Some(2.0))),
            (50.0, Ok(Some(3.0))),
            (100.0, Ok(Some(4.0))),
            (-10.0, Ok(Some(1.0))),
            (-20.0, Ok(Some(3.0))),
            (-200.0, Err(())),
            (150.0, Err(())),
            (f64::INFINITY, Err(())),
        ] {
            assert_eq!(percentile(&values, share), expected, "{share}");
        }
        assert_eq!(percentile(&[], 50.0), Ok(None));
    }
}
