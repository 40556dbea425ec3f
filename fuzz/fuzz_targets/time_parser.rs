//! Any text is read as a time of the calendar or refused, at any time and in several zones; what Graphite's grammar reads, as far
//! as blanks and case, it reads the same without them.

#![no_main]

use base::time::{Millis, TimeRange};
use base::time_expr::{bounds, lenient, parse, range, zone};
use libfuzzer_sys::fuzz_target;

const ZONES: [&str; 4] = ["UTC", "Europe/Berlin", "Pacific/Apia", "Asia/Kathmandu"];

fuzz_target!(|input: (u8, u32, &str, &str)| {
    let (place, now, from, until) = input;
    let name = ZONES[usize::from(place) % ZONES.len()];
    let zone = zone(name).expect("a zone that is built in");
    let now = Millis(i64::from(now) * 1000);
    let is_inside = |at: Millis| TimeRange::ALL.from <= at && at <= TimeRange::ALL.until;
    let strict = parse(from, now, &zone);
    if let Ok(at) = &strict {
        assert!(is_inside(*at));
        let plain = from.to_ascii_lowercase().replace([' ', '_', ','], "");
        assert_eq!(parse(&plain, now, &zone).as_ref(), Ok(at));
    }
    if let Ok(read) = lenient::parse(from, now, &zone) {
        assert!(is_inside(read.at));
    }
    if let Ok(range) = range(Some(from), Some(until), now, &zone) {
        assert!(range.from < range.until);
    }
    if let Ok((range, _)) = lenient::range(Some(from), Some(until), now, &zone) {
        assert!(range.from < range.until);
    }
    if let Ok((Some(range), _)) = bounds::range(Some(from), Some(until), now, &zone) {
        assert!(range.from < range.until);
    }
});
