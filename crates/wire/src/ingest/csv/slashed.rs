//! Dates with the year after them: with slashes, which one country writes day first and another month first, and with dots, which
//! all write day first (`27.11.2026`).

use super::super::short_text;
use base::sample::RejectReason;

/// The order in which a file writes dates whose year is last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// `27/11/2026`.
    DayFirst,
    /// `11/27/2026`.
    MonthFirst,
}

/// A day has at least the numbers of a month.
const MONTHS: u8 = 12;
/// Two digits of a year mean 1970 to 2069.
const CENTURY_FROM: u16 = 70;

/// The time with its date as `YYYY-MM-DD`, or `None` if it does not begin with such a date. Without an order, only what cannot be
/// misread is read: a number above 12 is no month, and dots follow the day first.
pub(super) fn year_first(
    text: &str,
    order: Option<DateOrder>,
) -> Result<Option<String>, RejectReason> {
    let Some(Parts {
        first,
        second,
        year,
        rest,
        has_dots,
    }) = parts(text)
    else {
        return Ok(None);
    };
    let refuse = |what: &str| {
        Err(RejectReason::Timestamp(format!(
            "the timestamp `{}` {what}",
            short_text::short(text)
        )))
    };
    let is_order_known = order.is_some();
    let order = match (order, first > MONTHS, second > MONTHS) {
        (Some(order), ..) => order,
        (None, true, true) => return refuse("is no date: neither number can be the month"),
        (None, _, true) if has_dots => {
            return refuse(&format!(
                "is no date: with dots the day is first, and {second} is no month"
            ));
        }
        (None, ..) if year.len() < 4 => {
            return refuse(
                "has a year of two digits, and its order is not known: say it with `--date-order dmy` or `--date-order mdy`",
            );
        }
        (None, true, false) => DateOrder::DayFirst,
        (None, ..) if has_dots => DateOrder::DayFirst,
        (None, false, true) => DateOrder::MonthFirst,
        (None, false, false) if first == second => DateOrder::DayFirst,
        (None, false, false) => {
            return refuse(
                "could be day/month or month/day, and neither is guessed: say the order with `--date-order dmy` or `--date-order mdy`, or write epoch seconds, `2025-11-25 12:00:00` or `2025-11-25T12:00:00Z`",
            );
        }
    };
    let (day, month) = match order {
        DateOrder::DayFirst => (first, second),
        DateOrder::MonthFirst => (second, first),
    };
    if is_order_known && month > MONTHS {
        return refuse(&format!(
            "is no date in the order of `--date-order`: {month} is no month"
        ));
    }
    let year = year.parse().unwrap_or_default();
    let year: u16 = match year {
        0..CENTURY_FROM => year + 2000,
        CENTURY_FROM..100 => year + 1900,
        _ => year,
    };
    let rest = rest.strip_prefix(',').unwrap_or(rest);
    Ok(Some(format!("{year:04}-{month:02}-{day:02}{rest}")))
}

/// A date, and what follows it.
struct Parts<'t> {
    first: u8,
    second: u8,
    year: &'t str,
    rest: &'t str,
    /// Whether dots part it, and not slashes.
    has_dots: bool,
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let has_dots = !text.contains('/');
    let separator = if has_dots { '.' } else { '/' };
    let (first, rest) = text.split_once(separator)?;
    let (second, rest) = rest.split_once(separator)?;
    let end = rest.find(|c: char| !c.is_ascii_digit());
    let (year, rest) = rest.split_at(end.unwrap_or(rest.len()));
    let is_date = matches!(year.len(), 2 | 4) && !rest.starts_with(separator);
    is_date.then_some(Parts {
        first: short(first)?,
        second: short(second)?,
        year,
        rest,
        has_dots,
    })
}

fn short(digits: &str) -> Option<u8> {
    let is_number =
        matches!(digits.len(), 1 | 2) && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regression_7_only_what_can_be_misread_needs_an_order() {
        use DateOrder::{DayFirst, MonthFirst};
        let read = |text, order| match year_first(text, order) {
            Ok(read) => read.unwrap_or_else(|| "other".to_owned()),
            Err(reason) => reason.to_string(),
        };
        for (text, order, expected) in [
            ("27/11/2026", None, "2026-11-27"),
            ("27/11/2026 12:30", None, "2026-11-27 12:30"),
            ("27/11/2026, 12:30", None, "2026-11-27 12:30"),
            ("11/26/2026", None, "2026-11-26"),
            ("11/11/2026", None, "2026-11-11"),
            ("05/11/2026", Some(DayFirst), "2026-11-05"),
            ("05/11/2026", Some(MonthFirst), "2026-05-11"),
            ("5/1/26", Some(DayFirst), "2026-01-05"),
            ("5/1/99", Some(MonthFirst), "1999-05-01"),
            ("2026/11/27", None, "other"),
            ("-10min", None, "other"),
            ("1/2/3/4", None, "other"),
            // What other countries write, always day first.
            ("27.11.2026", None, "2026-11-27"),
            ("1.2.2026 03:00:15", None, "2026-02-01 03:00:15"),
            ("05.11.2026", None, "2026-11-05"),
            ("5.1.26", Some(DayFirst), "2026-01-05"),
            ("05.11.2026", Some(MonthFirst), "2026-05-11"),
            ("192.0.2.7", None, "other"),
            ("1.2.20.7", None, "other"),
            ("2026.11.27", None, "other"),
        ] {
            assert_eq!(read(text, order), expected, "{text} {order:?}");
        }
        for (text, order, why) in [
            ("05/11/2026", None, "`--date-order dmy`"),
            ("27/13/2026", None, "neither number can be the month"),
            ("11/26/26", None, "a year of two digits"),
            ("11/26/2026", Some(DayFirst), "26 is no month"),
            (
                "11.26.2026",
                None,
                "with dots the day is first, and 26 is no month",
            ),
            ("01.02.26", None, "a year of two digits"),
        ] {
            let message = read(text, order);
            assert!(message.contains(why), "{text} {order:?}: {message}");
        }
    }
}
