//! Times that are made with what they mean, and texts that mean nothing.

use super::*;
use crate::time_expr::{bounds, lenient};
use jiff::civil::Date;

/// Texts that begin, end or break a time.
const TOKENS: &[&str] = &[
    "now",
    "today",
    "yesterday",
    "tomorrow",
    "noon",
    "midnight",
    "teatime",
    "6am",
    "12pm",
    "00:00",
    "23:59",
    "24:00",
    "monday",
    "sun",
    "january1",
    "feb 29",
    "feb30",
    "20240229",
    "20230229",
    "02/29/24",
    "13/01/2024",
    "1/1/9999",
    "12/31/9999",
    "9999-12-31",
    "0001-01-01",
    "1970-01-01T00:00:00Z",
    "+18:00",
    "-",
    "+",
    "1d",
    "99999999y",
    "9223372036854775807",
    "-9223372036854775808",
    "1e300",
    "nan",
    "inf",
    "s",
    "min",
    "m",
    "mon",
    "w",
    "y",
    "ago",
    "last",
    "week",
    " ",
    "_",
    ",",
    ":",
    "/",
    "T",
    "Z",
    "é",
    "\u{0}",
    "İ",
    "٣",
];

fn zones() -> impl Strategy<Value = TimeZone> {
    let names = vec![
        "UTC",
        "Europe/Berlin",
        "America/St_Johns",
        "Asia/Kathmandu",
        "Pacific/Apia",
        "Africa/Casablanca",
    ];
    prop::sample::select(names).prop_map(|name| zone(name).unwrap())
}

/// The day, and the ways to write it that Graphite reads.
fn day() -> impl Strategy<Value = (String, Date)> {
    let today = jiff::civil::date(2023, 11, 14);
    let dates = (1990_i16..2069, 1_i8..=12, 1_i8..=28, 0_usize..3);
    prop_oneof![
        Just(("today".to_owned(), today)),
        Just(("yesterday".to_owned(), today.yesterday().unwrap())),
        Just(("tomorrow".to_owned(), today.tomorrow().unwrap())),
        dates.prop_map(|(year, month, day, form)| {
            let text = match form {
                0 => format!("{year:04}{month:02}{day:02}"),
                1 => format!("{month:02}/{day:02}/{year:04}"),
                _ => format!("{month}/{day}/{:02}", year % 100),
            };
            (text, jiff::civil::date(year, month, day))
        }),
    ]
}

/// Blanks and case, which say nothing, at the places that `style` names.
fn dressed(text: &str, style: &[u8]) -> String {
    let mut out = String::new();
    for (c, style) in text.chars().zip(style.iter().cycle()) {
        match style % 8 {
            0 => out.push(' '),
            1 => out.push('_'),
            2 => out.push(','),
            _ => {}
        }
        out.push(if style & 8 == 0 {
            c
        } else {
            c.to_ascii_uppercase()
        });
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn a_time_of_a_day_and_an_offset_add_up(
        (hour, minute) in (0_i64..24, 0_i64..60),
        (written, date) in day(),
        offset in prop::option::of((0_i64..1000, any::<bool>())),
        style in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        let mut text = format!("{hour:02}:{minute:02}{written}");
        let midnight = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).unwrap().as_second();
        let mut expected = midnight + hour * 3600 + minute * 60;
        if let Some((minutes, is_back)) = offset {
            text.push_str(&format!("{}{minutes}min", if is_back { '-' } else { '+' }));
            expected += minutes * if is_back { -60 } else { 60 };
        }
        prop_assert_eq!(at(&text), Ok(expected), "{}", text);
        let dressed = dressed(&text, &style);
        prop_assert_eq!(at(&dressed), Ok(expected), "{}", dressed);
    }

    #[test]
    fn blanks_and_case_say_nothing(
        text in "[-+0-9a-z:/]{0,24}",
        style in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        prop_assert_eq!(at(&dressed(&text, &style)), at(&text));
    }

    #[test]
    fn whatever_is_read_lies_in_the_calendar(
        tokens in prop::collection::vec(prop::sample::select(TOKENS), 0..6),
        other in ".{0,20}",
        now in prop_oneof![EARLIEST..=LATEST, Just(NOW.0)],
        zone in zones(),
    ) {
        let text = tokens.concat();
        let now = Millis(now);
        let is_inside = |at: Millis| (EARLIEST..=LATEST).contains(&at.0);
        if let Ok(at) = parse(&text, now, &zone) {
            prop_assert!(is_inside(at), "{} is {:?}", text, at);
        }
        if let Ok(read) = lenient::parse(&text, now, &zone) {
            prop_assert!(is_inside(read.at), "{} is {:?}", text, read.at);
        }
        for (from, until) in [(&text, &other), (&other, &text), (&text, &text)] {
            if let Ok(range) = range(Some(from), Some(until), now, &zone) {
                prop_assert!(range.from < range.until);
            }
            if let Ok((range, _)) = lenient::range(Some(from), Some(until), now, &zone) {
                prop_assert!(range.from < range.until);
            }
        }
        let _ = bounds::range(Some(&text), Some(&other), now, &zone);
    }

    #[test]
    fn any_text_at_all_is_read_or_refused(text in any::<String>(), now: i64, zone in zones()) {
        let _ = parse(&text, Millis(now), &zone);
        let _ = lenient::parse(&text, Millis(now), &zone);
    }
}
