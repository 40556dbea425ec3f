//! A number in JSON's notation, parsed in place.

/// Divisors with which one rounding is enough: 10 to the power of the position.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Every whole number up to here is a double.
const EXACT_MAX: u64 = 1 << 53;

/// As many digits always fit in a `u64`.
const DIGITS_MAX: usize = 19;

/// A number at the beginning of a text; small enough to be passed in registers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    /// All its digits.
    mantissa: u64,
    /// Bytes that it is written in.
    length: u32,
    /// How many of the digits are decimals; [`NOT_SHORT`] where they are too many, or it has an exponent.
    decimals: u8,
    is_negative: bool,
}

const NOT_SHORT: u8 = u8::MAX;

impl Number {
    /// The number that `bytes` begin with; `None` if they begin with none, or with one that JSON does not allow.
    pub(super) fn at_start(bytes: &[u8]) -> Option<Self> {
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
        let decimals = u8::try_from(decimals).ok().filter(|_| is_short);
        Some(Self {
            mantissa,
            length: u32::try_from(end).ok()?,
            decimals: decimals.unwrap_or(NOT_SHORT),
            is_negative,
        })
    }

    /// How many bytes of the text it is.
    pub(super) const fn length(self) -> usize {
        self.length as usize
    }

    /// Its value, correctly rounded, where that takes one division of two exact numbers.
    pub(super) fn short(self) -> Option<f64> {
        let power = POWERS.get(usize::from(self.decimals))?;
        if self.mantissa > EXACT_MAX {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "none is lost up to 2^53")]
        let value = self.mantissa as f64 / power;
        Some(if self.is_negative { -value } else { value })
    }

    /// Its value, where it is whole and not negative.
    pub(super) fn whole(self) -> Option<u64> {
        (self.decimals == 0 && !self.is_negative).then_some(self.mantissa)
    }
}

/// Takes in the digits from `at` on: where they end.
fn digits(bytes: &[u8], mut at: usize, number: &mut u64) -> usize {
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let (count, value) = leading_digits(*eight);
        let power = TENS.get(count).copied().unwrap_or_default();
        *number = number.wrapping_mul(power).wrapping_add(value);
        at += count;
        if count < eight.len() {
            return at;
        }
    }
    while let Some(digit) = bytes.get(at).map(|byte| byte.wrapping_sub(b'0'))
        && digit < 10
    {
        *number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    at
}

/// 10 to the power of the position.
const TENS: [u64; 9] = [
    1,
    10,
    100,
    1000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
];

/// How many digits stand at the beginning, and the number they make. All at once, without a jump: how long a number is can't be
/// foreseen.
fn leading_digits(text: [u8; 8]) -> (usize, u64) {
    const EACH: u64 = u64::MAX / 255;
    // What was a digit is now below ten.
    let bytes = u64::from_le_bytes(text) ^ (EACH * 0x30);
    let others = (((bytes & (EACH * 0x7f)) + EACH * (0x80 - 10)) | bytes) & (EACH * 0x80);
    let bits = others.trailing_zeros() & !7;
    // The first is in the lowest byte: what is after the last drops out, and zeros come before the first.
    let digits = bytes.checked_shl(64 - bits).unwrap_or_default();
    // Neighbours become one number: of two digits, of four, of eight.
    let twos = (digits * 10 + (digits >> 8)) & (u64::MAX / 0xffff * 0xff);
    let fours = (twos * 100 + (twos >> 16)) & (u64::MAX / 0xffff_ffff * 0xffff);
    let eight = (fours * 10_000 + (fours >> 32)) & 0xffff_ffff;
    (bits as usize / 8, eight)
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
            assert!(Number::at_start(text.as_bytes()).is_none(), "{text}");
        }
        for (text, rest) in [
            ("0,", ","),
            ("-0.50}", "}"),
            ("10 ", " "),
            ("1e5x", "x"),
            ("1E-07]", "]"),
        ] {
            let number = Number::at_start(text.as_bytes()).unwrap();
            assert_eq!(text.get(number.length()..), Some(rest));
        }
    }

    #[test]
    fn whatever_stands_behind_a_number_ends_it() {
        for next in (0..=u8::MAX).filter(|byte| !b"0123456789.eE".contains(byte)) {
            for digits in ["1", "9", "1234567", "12345678", "1234567890123456789"] {
                let text = [digits.as_bytes(), &[next], b"87654321"].concat();
                let number = Number::at_start(&text).unwrap();
                assert_eq!(number.length(), digits.len(), "{next}");
                assert_eq!(number.whole().unwrap().to_string(), digits, "{next}");
            }
        }
    }

    #[test]
    fn what_is_long_is_left_to_others() {
        let short = |text: &str| Number::at_start(text.as_bytes()).unwrap().short();
        assert_eq!(short("9007199254740992"), Some(9_007_199_254_740_992.0));
        assert_eq!(short("9007199254740993"), None);
        assert_eq!(short("0.10000000000000000000"), None);
        assert_eq!(short("1e3"), None);
        assert_eq!(short("-0").map(f64::to_bits), Some((-0.0_f64).to_bits()));
    }

    proptest! {
        #[test]
        fn it_is_rounded_as_by_the_library(
            text in "-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
            rest in "|,\"timestamp\":0|[ },]\\PC{0,9}",
        ) {
            let number = Number::at_start(format!("{text}{rest}").as_bytes()).unwrap();
            prop_assert_eq!(number.length(), text.len());
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
