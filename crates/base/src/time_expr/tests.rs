mod generated;

use super::text::{EARLIEST, LATEST};
use super::*;
use proptest::prelude::*;

/// 2023-11-14T23:00:00Z, a Tuesday; the instant of the reference's answers below.
const NOW: Millis = Millis(1_700_002_800_000);

fn at(text: &str) -> Result<i64, TimeError> {
    at_in(text, "UTC")
}

fn at_in(text: &str, zone_name: &str) -> Result<i64, TimeError> {
    parse(text, NOW, &zone(zone_name).unwrap()).map(|instant| {
        assert_eq!(instant.0 % 1000, 0);
        instant.secs()
    })
}

/// Facts of graphite-web 1.1.10, read off the windows it answered.
#[test]
fn the_reference_answers_the_same() {
    for (text, seconds) in [
        ("now", 1_700_002_800),
        ("", 1_700_002_800),
        ("-", 1_700_002_800),
        ("now+", 1_700_002_800),
        ("-300seconds", 1_700_002_500),
        ("-5min", 1_700_002_500),
        ("-4MIN", 1_700_002_560),
        ("  -4min ", 1_700_002_560),
        ("NOW", 1_700_002_800),
        ("now-30s", 1_700_002_770),
        ("+2min", 1_700_002_920),
        ("-24H", 1_699_916_400),
        ("-1d12h", 1_699_873_200),
        ("-3hours", 1_699_992_000),
        ("-1w", 1_699_398_000),
        ("-1mon", 1_697_410_800),
        ("-1y", 1_668_466_800),
        ("1700002500", 1_700_002_500),
        ("20231113", 1_699_833_600),
        ("22:50_20231114", 1_700_002_200),
        ("22:00_11/14/2023", 1_699_999_200),
        ("11/13/23", 1_699_833_600),
        ("22:00_20231114+50min", 1_700_002_200),
        ("22:50tuesday", 1_700_002_200),
        ("22:50november14", 1_700_002_200),
        ("22:50_nov_14", 1_700_002_200),
        ("3:5", 1_699_931_100),
        ("nov 14", 1_699_920_000),
        ("today+22h50min", 1_700_002_200),
        ("noon+10h50min", 1_700_002_200),
        ("teatime+6h50min", 1_700_002_200),
        ("noon_yesterday+34h52min", 1_700_002_320),
        ("15:00 yesterday", 1_699_887_600),
        ("midnight", 1_699_920_000),
        ("2am", 1_699_927_200),
        ("6pm_yesterday", 1_699_898_400),
        ("6am_today", 1_699_941_600),
        ("midnight_tomorrow-2d", 1_699_833_600),
        ("sun", 1_699_747_200),
        ("sun+1d", 1_699_833_600),
        ("tuesday", 1_699_920_000),
        ("wednesday", 1_699_401_600),
        ("12pm_yesterday", 1_699_833_600),
        ("1pm_yesterday", 1_699_880_400),
        ("12:30pm_yesterday", 1_699_835_400),
        ("11:30am_yesterday", 1_699_875_000),
    ] {
        assert_eq!(at(text), Ok(seconds), "{text:?}");
    }
}

#[test]
fn the_zone_decides_when_a_day_begins() {
    for (text, zone, seconds) in [
        ("midnight", "America/New_York", 1_699_938_000),
        ("midnight", "Asia/Kolkata", 1_699_986_600),
        ("midnight", "Europe/Berlin", 1_700_002_800),
        ("20231113", "Asia/Kolkata", 1_699_813_800),
        ("00:00_20231113", "EST", 1_699_851_600),
        // Daylight saving ended in between.
        ("20231104", "America/New_York", 1_699_070_400),
        ("20231106", "America/New_York", 1_699_246_800),
        ("noon_20231104+1d", "America/New_York", 1_699_200_000),
        ("midnight", "utc", 1_699_920_000),
        ("-6h", "Europe/Berlin", 1_699_981_200),
    ] {
        assert_eq!(at_in(text, zone), Ok(seconds), "{text:?} {zone}");
    }
    assert!(zone("Nowhere/Bogus").is_none());
}

/// Facts of graphite-web 1.1.10 with pytz.
#[test]
fn a_time_that_clocks_show_twice_is_without_summer_time() {
    for (text, zone, seconds) in [
        ("02:30_20231029", "Europe/Berlin", 1_698_543_000),
        ("01:30_20231105", "America/New_York", 1_699_165_800),
        ("01:30_20231105-1d", "EST5EDT", 1_699_079_400),
        ("01:45_20240407", "Australia/Lord_Howe", 1_712_416_500),
        ("23:30_20190216", "America/Sao_Paulo", 1_550_370_600),
        ("01:30_20231029", "Europe/Dublin", 1_698_539_400),
        ("02:30_20240310", "Africa/Casablanca", 1_710_034_200),
        ("01:30_20231029", "Antarctica/Troll", 1_698_543_000),
        // Clocks leave these out.
        ("02:30_20240331", "Europe/Berlin", 1_711_848_600),
        ("01:30_20240331", "Europe/Dublin", 1_711_848_600),
        ("00:30_20181104", "America/Sao_Paulo", 1_541_302_200),
        ("12:00_20111230", "Pacific/Apia", 1_325_282_400),
        ("02:45_20160501", "America/Caracas", 1_462_086_900),
        ("23:45_20180504", "Asia/Pyongyang", 1_525_446_900),
    ] {
        assert_eq!(at_in(text, zone), Ok(seconds), "{text:?} {zone}");
    }
}

#[test]
fn the_documented_forms_work() {
    assert_eq!(at("02:00_20170701"), Ok(1_498_874_400));
    // The documentation's own slip: two digits of the year.
    assert_eq!(at("02:00_170701"), Ok(1_498_874_400));
    assert_eq!(at("20171101"), Ok(1_509_494_400));
    // Without a time of day, six digits are an epoch.
    assert_eq!(at("170701"), Ok(170_701));
    // Eight digits that are no date are one too.
    assert_eq!(at("99999999"), Ok(99_999_999));
    assert_eq!(at("monday"), Ok(1_699_833_600));
}

#[test]
fn what_is_no_time_says_why() {
    use TimeError::{
        NoSuchTime, Offset, OutOfRange, Reference, SlashedDate, Unit, UnitAmbiguous, UnitMissing,
    };
    for (text, error) in [
        ("-6m", UnitAmbiguous),
        ("-1", UnitMissing("-1".into())),
        ("-5parsecs", Unit("parsecs".into())),
        ("--5min", Offset("--5min".into())),
        ("-min", Offset("-min".into())),
        ("-2min-30s", Offset("-2min-30s".into())),
        ("-1d-12h", Offset("-1d-12h".into())),
        ("-1.5h", UnitMissing("-1.5h".into())),
        ("1.5h", Reference("1.5h".into())),
        ("gibberish", Reference("gibberish".into())),
        ("mo", Reference("mo".into())),
        ("nov", Reference("nov".into())),
        ("nov144", Reference("nov144".into())),
        ("monday2", Reference("monday2".into())),
        ("13/45/2023", SlashedDate("13/45/2023".into())),
        ("1/2/3/4", SlashedDate("1/2/3/4".into())),
        ("20231100", NoSuchTime("20231100".into())),
        ("12:61", NoSuchTime("12:61".into())),
        ("25:00", NoSuchTime("25:00".into())),
        ("12:", NoSuchTime("12:".into())),
        ("99999999999999", OutOfRange("99999999999999".into())),
        (
            "99999999999999999999",
            OutOfRange("99999999999999999999".into()),
        ),
        ("-99999999999d", OutOfRange("-99999999999d".into())),
        (
            "-9999999999999999999d",
            OutOfRange("-9999999999999999999d".into()),
        ),
    ] {
        assert_eq!(at(text), Err(error), "{text:?}");
    }
    assert_eq!(at(&"1".repeat(129)), Err(TimeError::TooLong));
}

#[test]
fn a_range_has_defaults_and_runs_forward() {
    let zone = TimeZone::UTC;
    let read = |from, until| {
        range(from, until, NOW, &zone).map(|range| (range.from.secs(), range.until.secs()))
    };
    assert_eq!(read(None, None), Ok((1_699_916_400, 1_700_002_800)));
    assert_eq!(
        read(Some(""), Some(" ")),
        Ok((1_699_916_400, 1_700_002_800))
    );
    assert_eq!(
        read(Some("-2min"), Some("-6min")),
        Ok((1_700_002_440, 1_700_002_680))
    );
    assert_eq!(
        read(Some("+1min"), None),
        Ok((1_700_002_800, 1_700_002_860))
    );
    assert_eq!(read(Some("now"), Some("now")), Err(TimeError::EmptyRange));
    assert_eq!(
        read(Some("-5min"), Some("bad")),
        Err(TimeError::Reference("bad".into()))
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,40}", now: i64) {
        let _ = parse(&text, Millis(now), &TimeZone::UTC);
    }

    #[test]
    fn no_almost_time_panics(text in "[0-9]{0,9}[:/_ ]?[0-9]{0,4}(am|pm|noon|mon|nov|yesterday)?[+-]?[0-9]{0,20}[a-z]{0,4}") {
        if let Ok(instant) = parse(&text, NOW, &TimeZone::UTC) {
            prop_assert!((EARLIEST..=LATEST).contains(&instant.0));
        }
    }

    #[test]
    fn offsets_add_up(
        terms in prop::collection::vec((0_i64..500, 0_usize..7), 1..4),
        back: bool,
        word in prop_oneof![Just(""), Just("now"), Just("NOW ")],
        rest in "[a-z]{0,3}",
    ) {
        let units = [("s", 1), ("min", 60), ("h", 3600), ("d", 86_400), ("w", 604_800), ("mon", 2_592_000), ("y", 31_536_000)];
        let spelt: String = terms.iter().map(|(count, unit)| format!("{count}{}{rest} ", units[*unit].0)).collect();
        let sum: i64 = terms.iter().map(|(count, unit)| count * units[*unit].1).sum();
        let (sign, offset) = if back { ('-', -sum) } else { ('+', sum) };
        // A unit is known by its beginning, whatever follows; but `m` and `mo` alone are none.
        prop_assert_eq!(at(&format!("{word}{sign}{spelt}")), Ok(NOW.secs() + offset));
    }

    #[test]
    fn an_epoch_is_itself(seconds in 100_000_000_i64..253_402_300_799) {
        prop_assert_eq!(at(&seconds.to_string()), Ok(seconds));
    }
}

/// Facts of pytz, whose table has negative exceptions.
#[test]
fn in_ireland_summer_time_is_the_standard() {
    for (name, at, is_summer) in [
        ("Europe/Dublin", 1_705_276_800, true),
        ("Europe/Dublin", 1_719_792_000, false),
        ("Africa/Casablanca", 1_710_892_800, true),
        ("Africa/Casablanca", 1_719_792_000, false),
        ("Africa/Casablanca", 1_277_942_400, true),
        ("Africa/Windhoek", 1_277_942_400, true),
        ("Africa/Windhoek", 1_262_304_000, false),
        ("Africa/Windhoek", 1_719_792_000, false),
        ("Europe/London", 1_705_276_800, false),
        ("Europe/London", 1_719_792_000, true),
    ] {
        let at = jiff::Timestamp::from_second(at).unwrap();
        assert_eq!(is_dst(&zone(name).unwrap(), at), is_summer, "{name} {at}");
    }
}
