//! Converts the local time that a wall clock shows to an instant.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// Where the time of summer is the standard and that of winter the exception, and between which epoch seconds: the built-in table
/// of zones has it the other way round, so that no exception is negative.
const WINTER_TIME: [(&str, i64, i64); 5] = [
    ("Africa/Casablanca", 1_540_692_000, i64::MAX),
    ("Africa/El_Aaiun", 1_540_692_000, i64::MAX),
    ("Africa/Windhoek", 764_200_800, 1_508_803_200),
    ("Eire", -37_242_000, i64::MAX),
    ("Europe/Dublin", -37_242_000, i64::MAX),
];

/// Whether clocks show another time than the standard one of the zone.
#[must_use]
pub fn is_dst(zone: &TimeZone, at: Timestamp) -> bool {
    let is_turned = WINTER_TIME.iter().any(|(name, from, until)| {
        zone.iana_name() == Some(name) && (*from..*until).contains(&at.as_second())
    });
    zone.to_offset_info(at).dst().is_dst() != is_turned
}

/// The instant at which clocks of the zone show this. Of two, it is the one without summer time, or else the later one, as in
/// Graphite. A time that they leave out is counted by the clock before the change.
pub(super) fn instant(civil: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    if !matches!(ambiguous.offset(), AmbiguousOffset::Fold { .. }) {
        return ambiguous.compatible().ok();
    }
    let (earlier, later) = (ambiguous.earlier().ok()?, ambiguous.later().ok()?);
    Some(match is_dst(zone, later) && !is_dst(zone, earlier) {
        true => earlier,
        false => later,
    })
}
