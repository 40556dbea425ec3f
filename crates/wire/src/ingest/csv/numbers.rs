//! How a file writes its numbers: what begins the decimals, and what parts thousands. `1.234` may be a thousand times `1,234`:
//! which it is, the user says, or the other numbers of the file show; it is never guessed.

use super::dialect::Dialect;
use crate::ingest::{short_text, value};
use base::sample::RejectReason;
use std::borrow::Cow;
use std::cell::Cell;

/// The decimal sign of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalSign {
    /// `1.234,5`.
    Comma,
    /// `1,234.5`.
    Point,
}

impl DecimalSign {
    /// The decimal sign, and the separator of thousands that goes with it.
    const fn signs(self) -> (char, char) {
        match self {
            Self::Comma => (',', '.'),
            Self::Point => ('.', ','),
        }
    }
}

/// Reads the numbers of a file.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    dialect: Dialect,
    /// The decimal sign, if the user said so.
    sign: Option<DecimalSign>,
    /// Whether `1.234` has decimals although no other number shows it.
    has_usual_points: bool,
    /// Whether a number so far has decimals after a comma.
    has_comma: Cell<bool>,
    /// The same after a point, where it cannot part thousands.
    has_point: Cell<bool>,
}

impl Numbers {
    /// Those of a file whose fields are parted so.
    pub(super) const fn new(dialect: Dialect, sign: Option<DecimalSign>) -> Self {
        Self {
            dialect,
            sign,
            // Spreadsheets write `;` where the comma begins decimals, and most other programs write points whatever parts the
            // fields.
            has_usual_points: dialect.0 != b';',
            has_comma: Cell::new(false),
            has_point: Cell::new(false),
        }
    }

    /// The file was written by a program that writes points.
    pub(super) const fn expect_points(&mut self) {
        self.has_usual_points = true;
    }

    /// The number in a cell; `column` counts from 0.
    pub(super) fn read(&self, text: &str, column: usize) -> Result<f64, RejectReason> {
        // A refusal repeats what the file says.
        let text = text.trim();
        let doubted = |doubt: &str| {
            RejectReason::Value(format!(
                "the value `{}` in column {} {doubt}",
                short_text::short(text),
                column + 1
            ))
        };
        let plain = without_blanks(text).map_or(Cow::Borrowed(text), Cow::Owned);
        let number = match self.sign {
            Some(sign) => plain_by(&plain, sign).map(|plain| value(&plain)),
            None => match self.ambiguity(&plain) {
                Some(doubt) => return Err(doubted(doubt)),
                None => Some(value(&self.decimal(&plain))),
            },
        };
        match number {
            Some(Ok(number)) => {
                self.learn(&plain);
                Ok(number)
            }
            _ => Err(match (self.doubt(text), value(text)) {
                (None, Err(reason)) => reason,
                (doubt, _) => doubted(doubt.unwrap_or("is not a number")),
            }),
        }
    }

    /// Where commas part nothing, one is the decimal point.
    fn decimal<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let is_decimal = self.dialect.0 != b',' && !text.contains('.');
        match text.split_once(',') {
            Some((whole, rest)) if is_decimal && !rest.contains(',') => {
                format!("{whole}.{rest}").into()
            }
            _ => text.into(),
        }
    }

    /// Why a number of one sign with three digits after it is not read: the file may mean thousands by it.
    fn ambiguity(&self, text: &str) -> Option<&'static str> {
        if self.dialect.0 == b',' {
            return None;
        }
        let has_other_points = self.has_usual_points || self.has_point.get();
        if is_one_group(text, '.') && (self.has_comma.get() || !has_other_points) {
            Some(
                "has a point, which could separate thousands or begin decimals: say what begins decimals with `--decimals comma` or `--decimals point`",
            )
        } else if is_one_group(text, ',') && self.has_point.get() {
            Some(
                "has a comma, which could separate thousands or begin decimals: say what begins decimals with `--decimals comma` or `--decimals point`",
            )
        } else {
            None
        }
    }

    /// Learns the decimal sign of the others from a number that was read.
    fn learn(&self, text: &str) {
        if text.contains(',') {
            self.has_comma.set(true);
        } else if text.contains('.') && !is_one_group(text, '.') {
            self.has_point.set(true);
        }
    }

    /// Why a number of digits, points and commas is none here, where that can be told.
    fn doubt(&self, text: &str) -> Option<&'static str> {
        let is_sign = |character: char| matches!(character, '.' | ',');
        let is_number = text.contains(|character: char| character.is_ascii_digit())
            && text
                .trim_start_matches(['-', '+'])
                .chars()
                .all(|character| character.is_ascii_digit() || is_sign(character));
        let is_written_otherwise = self.sign.is_some() && value(text).is_ok();
        if !is_number && !is_written_otherwise {
            return None;
        }
        match self.sign {
            Some(DecimalSign::Comma) => {
                return Some("is not written as `--decimals comma` says: `1234,5` or `1.234,5`");
            }
            Some(DecimalSign::Point) => {
                return Some("is not written as `--decimals point` says: `1234.5` or `1,234.5`");
            }
            None => {}
        }
        match (text.contains('.'), text.matches(',').count()) {
            (true, 1..) => Some(
                "has a point and a comma, of which either could begin the decimals: write thousands without a sign, as in `1234.5`, or say which with `--decimals comma` or `--decimals point`",
            ),
            (false, 1) if self.dialect.0 == b',' => Some(
                "has a comma, which begins decimals only in files whose columns are separated by `;` or tabs: write `1234.5`, or say it with `--decimals comma`",
            ),
            (false, 1..) => Some(
                "has commas, which could separate thousands or begin decimals: write thousands without a sign, as in `1234.5`, or say it with `--decimals point`",
            ),
            // Other points are those of an address or a version.
            (_, 0) => (text.matches('.').count() > 1
                && text.split('.').skip(1).all(|group| group.len() == 3))
            .then_some(
                "has points that could separate thousands: write it without them, as in `1234.5`, or say it with `--decimals comma`",
            ),
        }
    }
}

/// The number with a point before its decimals, and nothing between thousands; `None` where signs stand elsewhere.
fn plain_by(text: &str, sign: DecimalSign) -> Option<String> {
    let (begins_decimals, parts_thousands) = sign.signs();
    let (whole, decimals) = match text.split_once(begins_decimals) {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (text, None),
    };
    if decimals.is_some_and(|decimals| decimals.contains(parts_thousands)) {
        return None;
    }
    let mut plain = whole.to_owned();
    if whole.contains(parts_thousands) {
        let groups = unsigned(whole).split(parts_thousands);
        if !is_grouped(groups) {
            return None;
        }
        plain = whole.replace(parts_thousands, "");
    }
    if let Some(decimals) = decimals {
        plain.push('.');
        plain.push_str(decimals);
    }
    Some(plain)
}

/// A number without the blanks (also no-break and thin ones) between its groups of three digits: `1 234 567,5`. `None` where
/// there is none, or they stand elsewhere.
fn without_blanks(text: &str) -> Option<String> {
    let is_blank = |character: char| matches!(character, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}');
    let unsigned = unsigned(text);
    let end = unsigned.find(|character: char| !character.is_ascii_digit() && !is_blank(character));
    let (whole, rest) = unsigned.split_at(end.unwrap_or(unsigned.len()));
    let is_plain = is_grouped(whole.split(is_blank)) && !rest.contains(is_blank);
    is_plain.then(|| text.replace(is_blank, ""))
}

/// Whether a number is two groups of digits that this sign parts, of which the second has three: `12.345`, but not `0.345`.
fn is_one_group(text: &str, sign: char) -> bool {
    let unsigned = unsigned(text);
    !unsigned.starts_with('0')
        && unsigned.matches(sign).count() == 1
        && is_grouped(unsigned.split(sign))
}

fn unsigned(text: &str) -> &str {
    text.trim_start_matches(['-', '+'])
}

/// Whether these are several groups of digits: of the first one to three, of each other three.
fn is_grouped<'a>(mut groups: impl Iterator<Item = &'a str>) -> bool {
    let is_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next();
    let is_first = first.is_some_and(|first| matches!(first.len(), 1..=3) && is_digits(first));
    let mut others = groups.peekable();
    is_first && others.peek().is_some() && others.all(|group| group.len() == 3 && is_digits(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(numbers: &Numbers, text: &str) -> Result<f64, String> {
        numbers.read(text, 1).map_err(|reason| reason.to_string())
    }

    #[test]
    fn a_comma_is_a_decimal_point_where_it_parts_nothing() {
        let french = Numbers::new(Dialect(b';'), None);
        for (text, number) in [("1,5", 1.5), ("-0,25", -0.25), ("17", 17.0), ("1.5", 1.5)] {
            assert_eq!(read(&french, text), Ok(number));
        }
        // Thousands are not guessed at.
        for text in ["1.234,5", "1,234,567"] {
            assert!(read(&french, text).is_err(), "{text}");
        }
        assert!(read(&Numbers::default(), "1,5").is_err());
    }

    #[test]
    fn regression_7_blanks_may_part_thousands() {
        let french = Numbers::new(Dialect(b';'), None);
        for (text, number) in [
            ("1 234,5", 1234.5),
            ("1\u{a0}234,5", 1234.5),
            ("-12\u{202f}345\u{202f}678", -12_345_678.0),
            ("123 456", 123_456.0),
        ] {
            assert_eq!(read(&french, text), Ok(number));
        }
        for text in [
            "1 23", "1234 567", "1 2345", "1  234", "1 234 ,5", "1,234 5",
        ] {
            let error = read(&french, text).unwrap_err();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
        let english = Numbers::new(Dialect(b','), None);
        assert_eq!(read(&english, "1 234.5"), Ok(1234.5));
    }

    /// `1.234` of a German file was stored as a thousandth of it.
    #[test]
    fn regression_7_a_point_that_may_part_thousands_is_not_taken_for_that_of_decimals() {
        let german = Numbers::new(Dialect(b';'), None);
        assert_eq!(read(&german, "21,5"), Ok(21.5));
        for text in ["1.234", "-12.500", "999.999"] {
            let error = read(&german, text).unwrap_err();
            let expected = format!("the value `{text}` in column 2 has a point, which could");
            assert!(error.starts_with(&expected), "{error}");
            assert!(error.contains("`--decimals comma`"), "{error}");
        }
        assert_eq!(read(&german, "1234"), Ok(1234.0));
        // Nothing shows what it means yet, and spreadsheets write `;` for the sake of decimal commas.
        let unknown = Numbers::new(Dialect(b';'), None);
        assert!(read(&unknown, "1.234").is_err());
        // These cannot be thousands, so neither is the next.
        for text in ["0.125", "1.5", "1234.567", "1.234e3"] {
            let points = Numbers::new(Dialect(b';'), None);
            assert!(read(&points, text).is_ok(), "{text}");
            assert_eq!(read(&points, "1.234"), Ok(1.234), "{text}");
            let error = read(&points, "1,234").unwrap_err();
            assert!(error.contains("has a comma, which could"), "{error}");
        }
        // Tabs are written by programs of every kind, until a comma shows a spreadsheet.
        let tabs = Numbers::new(Dialect(b'\t'), None);
        assert_eq!(read(&tabs, "1.234"), Ok(1.234));
        assert_eq!(read(&tabs, "1,5"), Ok(1.5));
        assert!(read(&tabs, "1.234").is_err());
        let commas = Numbers::new(Dialect(b','), None);
        assert_eq!(read(&commas, "1.234"), Ok(1.234));
    }

    #[test]
    fn a_sign_that_was_said_leaves_no_doubt() {
        for separator in [b';', b',', b'\t'] {
            let comma = Numbers::new(Dialect(separator), Some(DecimalSign::Comma));
            let point = Numbers::new(Dialect(separator), Some(DecimalSign::Point));
            for (numbers, text, number) in [
                (&comma, "1.234", 1234.0),
                (&comma, "-1.234.567,25", -1_234_567.25),
                (&comma, "1,234", 1.234),
                (&comma, "17", 17.0),
                (&comma, "1 234,5", 1234.5),
                (&point, "1.234", 1.234),
                (&point, "1,234,567.25", 1_234_567.25),
                (&point, "1,234", 1234.0),
                (&point, "-17", -17.0),
                (&point, "1.5e3", 1500.0),
            ] {
                assert_eq!(read(numbers, text), Ok(number), "{text}");
            }
            for (numbers, text) in [
                (&comma, "1.5"),
                (&comma, "1.5e3"),
                (&comma, "1,5,6"),
                (&comma, "1,234.5"),
                (&comma, "1234.567"),
                (&point, "1,5"),
                (&point, "1.5.6"),
                (&point, "1.234,5"),
            ] {
                let error = read(numbers, text).unwrap_err();
                assert!(error.contains("is not written as `--decimals"), "{error}");
            }
            assert!(read(&comma, "x").unwrap_err().contains("is not a number"));
        }
    }
}
