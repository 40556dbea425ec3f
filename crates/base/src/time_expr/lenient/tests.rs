use super::super::text::{EARLIEST, LATEST};
use super::*;
use crate::time_expr;
use crate::time_expr::zone;
use proptest::prelude::*;

/// 2023-11-14T23:00:00Z, a Tuesday.
const NOW: Millis = Millis(1_700_002_800_000);

fn at(text: &str) -> Result<i64, TimeError> {
    at_in(text, "UTC")
}

fn at_in(text: &str, name: &str) -> Result<i64, TimeError> {
    parse(text, NOW, &zone(name).unwrap()).map(|read| read.at.0)
}

/// 2025-11-25T12:00:00Z.
const NOON: i64 = 1_764_072_000_000;

#[test]
fn iso_8601_in_the_forms_that_people_write() {
    for text in [
        "2025-11-25T12:00:00Z",
        "2025-11-25t12:00:00z",
        "2025-11-25T12:00:00",
        "2025-11-25 12:00:00",
        "2025-11-25_12:00:00",
        "2025-11-25T12:00",
        "2025-11-25 12:00",
        "2025-11-25T12:00Z",
        "2025-11-25 12:00 UTC",
        "2025-11-25T12:00:00.000Z",
        "2025-11-25T13:00:00+01:00",
        "2025-11-25T13:00:00+0100",
        "2025-11-25T13:00:00+01",
        "2025-11-25 13:00:00 +01:00",
        // A `+` of a URL that nobody escaped.
        "2025-11-25T13:00:00 01:00",
        "2025-11-25T06:30:00-05:30",
        "20251125T120000Z",
        "20251125T120000",
        "20251125T1200",
        "20251125 12:00",
        "2025/11/25 12:00",
        "1764072000.0",
        "1764072000000",
        "1764072000",
        " 2025-11-25T12:00:00Z ",
    ] {
        assert_eq!(at(text), Ok(NOON), "{text:?}");
    }
    assert_eq!(at("2025-11-25T12:00:00.25Z"), Ok(NOON + 250));
    assert_eq!(at("2025-11-25 12:00:00,25"), Ok(NOON + 250));
    assert_eq!(at("1764072000.25"), Ok(NOON + 250));
    assert_eq!(at("2025-11-25"), Ok(NOON - 12 * 3_600_000));
    assert_eq!(at("2025-11"), Ok(1_761_955_200_000));
    assert_eq!(at("20251125"), Ok(NOON - 12 * 3_600_000));
}

#[test]
fn regression_7_what_is_no_time_is_repeated_as_it_was_typed() {
    let error_of = |text| {
        let parsed = parse(text, NOW, &TimeZone::UTC);
        parsed.unwrap_err().to_string()
    };
    for text in ["W48", "PT1H", "Wednsday", "-5Fortnights"] {
        let error = error_of(text);
        let word = text.trim_start_matches(['-', '5']);
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn a_week_of_iso_8601_is_its_monday_or_a_day_of_it() {
    const DAY: i64 = 24 * 3_600_000;
    for (text, expected) in [
        ("2025-W48", NOON - DAY - DAY / 2),
        ("2025-w48", NOON - DAY - DAY / 2),
        ("2025W48", NOON - DAY - DAY / 2),
        ("2025-W48-2", NOON - DAY / 2),
        ("2025W482", NOON - DAY / 2),
        ("2025-W48-2T12:00Z", NOON),
        ("2025-W48-2 12:00", NOON),
        ("2025-W48T12:00:00+01:00", NOON - DAY - DAY / 24),
        ("2025-329", NOON - DAY / 2),
        ("2025-329T12:00:00Z", NOON),
        ("2025-329 12:00", NOON),
        ("2024-366", 1_735_603_200_000),
        // Of a year that has 53, and whose first days are of the year before.
        ("2020-W53-7", 1_609_632_000_000),
    ] {
        assert_eq!(at(text), Ok(expected), "{text}");
    }
    for none in [
        "2025-W53",
        "2025-366",
        "2025-000",
        "2025-W00",
        "2025-W48-8",
        "2025-W4",
        "2025-W48-2-1",
    ] {
        assert!(at(none).is_err(), "{none}");
    }
}

/// Nobody is told that a date does not exist which stands in their calendar.
#[test]
fn a_date_with_the_day_first_is_told_the_order() {
    for text in ["26/11/2026", "26/11/26", "12:00 26/11/2026"] {
        let message = at(text).unwrap_err().to_string();
        assert!(message.contains("the month comes first"), "{message}");
    }
    assert_eq!(at("11/26/2026"), at("2026-11-26"));
}

#[test]
fn without_a_zone_it_is_of_the_readers() {
    assert_eq!(at_in("2025-11-25 13:00", "Europe/Berlin"), Ok(NOON));
    assert_eq!(at_in("2025-11-25T12:00Z", "Europe/Berlin"), Ok(NOON));
    assert_eq!(
        at_in("2025-11-25", "Europe/Berlin"),
        Ok(NOON - 13 * 3_600_000)
    );
    // An hour that the clock skipped is read as it went on before.
    assert_eq!(
        at_in("2025-03-30 02:30", "Europe/Berlin"),
        at_in("2025-03-30 03:30", "Europe/Berlin")
    );
}

#[test]
fn what_people_say() {
    const MINUTE: i64 = 60_000;
    for (text, before) in [
        ("10m", 10 * MINUTE),
        ("10min", 10 * MINUTE),
        ("10 minutes ago", 10 * MINUTE),
        ("-10m", 10 * MINUTE),
        ("now-10m", 10 * MINUTE),
        ("-1.5h", 90 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("1d12h", 36 * 60 * MINUTE),
        ("2mon", 60 * 24 * 60 * MINUTE),
        ("lasthour", 60 * MINUTE),
        ("last day", 24 * 60 * MINUTE),
        ("lastweek", 7 * 24 * 60 * MINUTE),
        ("last_month", 30 * 24 * 60 * MINUTE),
        ("LastYear", 365 * 24 * 60 * MINUTE),
        // The Tuesday before today, which is one, and yesterday, a Monday.
        ("last tuesday", (7 * 24 + 23) * 60 * MINUTE),
        ("lastmonday", (24 + 23) * 60 * MINUTE),
        ("+10m", -10 * MINUTE),
    ] {
        assert_eq!(at(text), Ok(NOW.0 - before), "{text:?}");
    }
    for (text, notice) in [
        ("10m", Some(Notice::Minutes)),
        ("-1h5m", Some(Notice::Minutes)),
        ("10min", None),
        ("-10mon", None),
    ] {
        assert_eq!(
            parse(text, NOW, &TimeZone::UTC).unwrap().notice,
            notice,
            "{text:?}"
        );
    }
}

#[test]
fn what_is_no_time_says_why() {
    for (text, error) in [
        (
            "2025-13-01",
            "`2025-13-01` is not a date or time of day that exists",
        ),
        (
            "2025-11-25T25:00",
            "`2025-11-25T25:00` is not a date or time of day that exists",
        ),
        (
            "2025-11-25T12:00+99:99",
            "`2025-11-25T12:00+99:99` is not a date or time of day that exists",
        ),
        ("soon", "`soon` is not a time"),
        ("lastautumn", "`lastautumn` is not a time"),
        ("10parsecs", "`10parsecs` is not a time"),
        ("99999999999999999", "lies outside the years 1 to 9999"),
        ("-9999999y", "lies outside the years 1 to 9999"),
    ] {
        let message = at(text).unwrap_err().to_string();
        assert!(message.contains(error), "{text:?}: {message}");
    }
}

/// The page tells the truth in both of its columns.
#[test]
fn the_page_of_times_is_true() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/times.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut rows = 0;
    let (_, table) = page.split_once("These were read at").unwrap();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [text, everywhere, graphite] = cells[..] else {
            panic!("{line}");
        };
        let describe = |at: Result<Millis, TimeError>| match at {
            Ok(at) => {
                let at = jiff::Timestamp::from_millisecond(at.0).unwrap();
                format!("`{at}`")
            }
            Err(_) => "refused".to_owned(),
        };
        let text = text.trim_matches('`');
        let read = parse(text, NOW, &TimeZone::UTC).map(|read| read.at);
        assert_eq!(describe(read), everywhere, "{line}");
        let strict = time_expr::parse(text, NOW, &TimeZone::UTC);
        let strict =
            if strict.is_ok() && strict == parse(text, NOW, &TimeZone::UTC).map(|read| read.at) {
                "the same".to_owned()
            } else {
                describe(strict)
            };
        assert_eq!(strict, graphite, "{line}");
        rows += 1;
    }
    assert!(rows > 20, "{rows} rows: the page is not read");
}

proptest! {
    #[test]
    fn what_graphite_reads_means_the_same(text in "[-+0-9a-z:/_ ]{0,24}") {
        if let Ok(strict) = time_expr::parse(&text, NOW, &TimeZone::UTC) {
            let read = parse(&text, NOW, &TimeZone::UTC).map(|read| read.at);
            // Two exceptions, which the page names: a year and a dash, and milliseconds.
            let is_iso = iso::instant(text.trim(), &TimeZone::UTC).is_some();
            if !is_iso && number(text.trim()).is_none() {
                prop_assert_eq!(read, Ok(strict), "{:?}", text);
            }
        }
    }

    #[test]
    fn no_text_is_too_much(text in "\\PC{0,160}", name in "Europe/Berlin|UTC|Asia/Kathmandu") {
        let _ = parse(&text, NOW, &zone(&name).unwrap());
    }

    #[test]
    fn what_is_printed_is_read_back(at in EARLIEST..LATEST) {
        let instant = jiff::Timestamp::from_millisecond(at).unwrap();
        prop_assert_eq!(self::at(&instant.to_string()), Ok(at));
        let civil = TimeZone::UTC.to_datetime(instant);
        prop_assert_eq!(self::at(&civil.to_string()), Ok(at));
        prop_assert_eq!(self::at(&civil.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()), Ok(at));
    }
}

#[test]
fn an_absent_from_is_a_day_before_until() {
    const DAY: i64 = 24 * 3_600_000;
    let read = |from, until| {
        let (range, _) = range(from, until, NOW, &TimeZone::UTC)?;
        Ok::<_, TimeError>((range.from.0, range.until.0))
    };
    assert_eq!(read(None, Some("-1d")), Ok((NOW.0 - 2 * DAY, NOW.0 - DAY)));
    assert_eq!(
        read(Some(""), Some("-7d")),
        Ok((NOW.0 - 8 * DAY, NOW.0 - 7 * DAY))
    );
    assert_eq!(read(Some("-1d"), None), Ok((NOW.0 - DAY, NOW.0)));
    assert_eq!(read(None, None), Ok((NOW.0 - DAY, NOW.0)));
    assert_eq!(read(Some("now"), Some("-2d")), Ok((NOW.0 - 2 * DAY, NOW.0)));
}

#[test]
fn an_offset_is_one_that_a_zone_could_have() {
    assert_eq!(at("2025-11-26T06:00:00+18:00"), Ok(NOON));
    for text in ["+18:01", "-18:30", "+25:00", "-2500", "+99"] {
        let text = format!("2025-11-25T12:00:00{text}");
        assert_eq!(
            at(&text),
            Err(TimeError::NoSuchTime(text.clone())),
            "{text}"
        );
    }
}
