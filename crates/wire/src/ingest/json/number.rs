//! A number as JSON writes it, read where it stands.

/// What a number can be divided by with one rounding: 10 to the power of the position.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Every whole number up to here is a double.
const EXACT_MAX: u64 = 1 << 53;

/// As many digits always fit in a `u64`.
const DIGITS_MAX: usize = 19;

/// A number that stands in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number<'a> {
    /// As it is written.
    pub(super) text: &'a str,
    is_negative: bool,
    /// All its digits, and how many of them are decimals; `None` where they are too many, or it has an exponent.
    digits: Option<(u64, usize)>,
}

impl<'a> Number<'a> {
    /// The number that `text` begins with; `None` if it begins with none, or with one that JSON does not allow.
    pub(super) fn at_start(text: &'a str) -> Option<Self> {
        let bytes = text.as_bytes();
        let is_negative = bytes.first() == Some(&b'-');
        let begins = usize::from(is_negative);
        let mut mantissa = 0;
        let point = digits(bytes, begins, &mut mantissa);
        if point == begins || (bytes.get(begins) == Some(&b'0') && point > begins + 1) {
            return None;
        }
        let (mut end, mut decimals) = (point, 0);
        if bytes.get(point) == Some(&b'.') {
            end = digits(bytes, point + 1, &mut mantissa);
            decimals = end - point - 1;
            if decimals == 0 {
                return None;
            }
        }
        let mut is_short = point - begins + decimals <= DIGITS_MAX;
        if let Some(b'e' | b'E') = bytes.get(end) {
            let sign = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
            let exponent = end + 1 + usize::from(sign);
            end = digits(bytes, exponent, &mut 0);
            if end == exponent {
                return None;
            }
            is_short = false;
        }
        Some(Self {
            text: text.get(..end)?,
            is_negative,
            digits: is_short.then_some((mantissa, decimals)),
        })
    }

    /// Its value, correctly rounded, where that takes one division of two exact numbers.
    pub(super) fn short(&self) -> Option<f64> {
        let (mantissa, decimals) = self.digits?;
        let power = POWERS.get(decimals)?;
        if mantissa > EXACT_MAX {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "none is lost up to 2^53")]
        let value = mantissa as f64 / power;
        Some(if self.is_negative { -value } else { value })
    }

    /// Its value, where it is whole and not negative.
    pub(super) fn whole(&self) -> Option<u64> {
        match self.digits {
            Some((mantissa, 0)) if !self.is_negative => Some(mantissa),
            _ => None,
        }
    }
}

/// Takes in the digits from `at` on: where they end.
fn digits(bytes: &[u8], mut at: usize, number: &mut u64) -> usize {
    while let Some(digit) = bytes.get(at).map(|byte| byte.wrapping_sub(b'0'))
        && digit < 10
    {
        *number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_json_does_not_allow_is_no_number() {
        for text in [
            "", "-", "01", "-01", "1.", ".5", "1e", "1e+", "+1", "x", "-.5",
        ] {
            assert!(Number::at_start(text).is_none(), "{text}");
        }
        for (text, rest) in [
            ("0,", ","),
            ("-0.50}", "}"),
            ("10 ", " "),
            ("1e5x", "x"),
            ("1E-07]", "]"),
        ] {
            let number = Number::at_start(text).unwrap();
            assert_eq!(format!("{}{rest}", number.text), text);
        }
    }

    #[test]
    fn what_is_long_is_left_to_others() {
        let short = |text| Number::at_start(text).unwrap().short();
        assert_eq!(short("9007199254740992"), Some(9_007_199_254_740_992.0));
        assert_eq!(short("9007199254740993"), None);
        assert_eq!(short("0.10000000000000000000"), None);
        assert_eq!(short("1e3"), None);
        assert_eq!(short("-0").map(f64::to_bits), Some((-0.0_f64).to_bits()));
    }

    proptest! {
        #[test]
        fn it_is_rounded_as_by_the_library(text in "-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?") {
            let number = Number::at_start(&text).unwrap();
            prop_assert_eq!(number.text, text.as_str());
            let right: f64 = text.parse().unwrap();
            if let Some(value) = number.short() {
                prop_assert_eq!(value.to_bits(), right.to_bits());
            }
            if let Some(whole) = number.whole() {
                prop_assert_eq!(whole.to_string(), text);
            }
        }
    }
}
