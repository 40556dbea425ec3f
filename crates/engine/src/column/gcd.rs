//! The greatest common divisor of a column's steps: page sizes, KiB counters and second-aligned timestamps shrink by it.

/// The greatest common divisor; `gcd(0, x)` is `x`.
pub(crate) const fn gcd(mut left: u64, mut right: u64) -> u64 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

/// The divisor of all `values`; 0 when all are 0. Stops looking once it is 1.
pub(crate) fn of(values: &[i64]) -> u64 {
    let mut divisor = 0;
    for value in values {
        divisor = gcd(divisor, value.unsigned_abs());
        if divisor == 1 {
            break;
        }
    }
    divisor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divisors() {
        assert_eq!(of(&[]), 0);
        assert_eq!(of(&[0, 0]), 0);
        assert_eq!(of(&[-8192, 4096, 0]), 4096);
        assert_eq!(of(&[6, 35]), 1);
        assert_eq!(of(&[i64::MIN]), 1 << 63);
    }
}
