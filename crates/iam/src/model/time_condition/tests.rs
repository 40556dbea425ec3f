//! What rules are taken, and that each holds when a walk over a week says so.

use super::*;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

const DATE_TIME: &str = "{{environment.attributes.current_date_time}}";
const TIME: &str = "{{environment.attributes.current_time}}";
const WEEKDAY: &str = "{{environment.attributes.day_of_week}}";

/// 2026-11-28T14:00:00Z, a Saturday.
const NOW: i64 = 1_795_874_400;

fn one(key: &str, operator: &str, value: impl Into<Value>) -> Value {
    json!({ "key": key, "operator": operator, "value": value.into() })
}

fn group(operator: &str, conditions: &[Value]) -> Value {
    json!({ "operator": operator, "conditions": conditions })
}

fn once(conditions: &[Value]) -> Result<TimeCondition, Refusal> {
    TimeCondition::read("time-based-conditions:once", group("and", conditions))
}

/// The hours of one work day and the days, under `and`.
fn hours(days: &[&str], from: &str, to: &str) -> Value {
    let conditions = [
        one(WEEKDAY, "dayOfWeekAnyOf", days),
        one(TIME, "timeGreaterThanOrEquals", from),
        one(TIME, "timeLessThanOrEquals", to),
    ];
    group("and", &conditions)
}

fn weekly(rule: Value) -> Result<TimeCondition, Refusal> {
    TimeCondition::read("time-based-conditions:weekly:custom-hours", rule)
}

fn is_met(condition: &TimeCondition, at: &str) -> bool {
    let at: Timestamp = at.parse().unwrap();
    condition.judge(Millis(at.as_millisecond())).is_met
}

#[test]
fn a_span_holds_from_its_first_second_to_the_whole_of_its_last() {
    let condition = once(&[
        one(
            DATE_TIME,
            "dateTimeGreaterThanOrEquals",
            "2026-12-01T09:00:00+01:00",
        ),
        one(
            DATE_TIME,
            "dateTimeLessThanOrEquals",
            "2026-12-01T17:00:00+01:00",
        ),
    ])
    .unwrap();
    for (at, expected) in [
        ("2026-12-01T07:59:59.999Z", false),
        ("2026-12-01T08:00:00Z", true),
        ("2026-12-01T16:00:00.999Z", true),
        ("2026-12-01T16:00:01Z", false),
    ] {
        assert_eq!(is_met(&condition, at), expected, "{at}");
    }
    let first = condition.judge(Millis::from_secs(NOW));
    assert_eq!(first.span.since, i64::MIN);
    let begin: Timestamp = "2026-12-01T08:00:00Z".parse().unwrap();
    assert_eq!(first.span.end(), Millis(begin.as_millisecond()));
    let last = condition.judge(Millis::from_secs(NOW + 10 * text::DAY));
    assert!(!last.is_met);
    assert_eq!(last.span.until, i64::MAX);
}

#[test]
fn hours_are_those_of_their_clock() {
    let days = ["1-05:00", "2-05:00", "3-05:00", "4-05:00", "5-05:00"];
    let condition = weekly(hours(&days, "09:00:00-05:00", "20:00:00-05:00")).unwrap();
    for (at, expected) in [
        ("2026-11-27T13:59:59Z", false),
        ("2026-11-27T14:00:00Z", true),
        // Saturday in UTC, and still Friday evening by that clock.
        ("2026-11-28T01:00:00Z", true),
        ("2026-11-28T01:00:01Z", false),
        ("2026-11-28T15:00:00Z", false),
        ("2026-11-30T14:00:00Z", true),
    ] {
        assert_eq!(is_met(&condition, at), expected, "{at}");
    }
}

#[test]
fn hours_over_midnight_are_two_groups() {
    let rule = group(
        "or",
        &[
            hours(&["1+00:00"], "22:00:00+00:00", "23:59:59+00:00"),
            hours(&["2+00:00"], "00:00:00+00:00", "05:59:59+00:00"),
        ],
    );
    let condition = weekly(rule).unwrap();
    for (at, expected) in [
        ("2026-11-30T21:59:59Z", false),
        ("2026-11-30T22:00:00Z", true),
        ("2026-11-30T23:59:59.999Z", true),
        ("2026-12-01T00:00:00Z", true),
        ("2026-12-01T06:00:00Z", false),
        ("2026-12-01T22:00:00Z", false),
    ] {
        assert_eq!(is_met(&condition, at), expected, "{at}");
    }
}

#[test]
fn a_day_is_also_a_number() {
    let read = |value: Value| {
        let rule = one(WEEKDAY, "dayOfWeekAnyOf", value);
        TimeCondition::read("time-based-conditions:weekly:all-day", rule)
    };
    let condition = read(json!([6, "7+00:00"])).unwrap();
    assert!(is_met(&condition, "2026-11-28T00:00:00Z"));
    assert!(is_met(&condition, "2026-11-29T23:59:59Z"));
    assert!(!is_met(&condition, "2026-11-30T00:00:00Z"));
    assert_eq!(condition.rule()["value"], json!([6, "7+00:00"]));
    for wrong in [
        json!([0]),
        json!([8]),
        json!([1.5]),
        json!([]),
        json!("1+00:00"),
        json!([1, 2, 3, 4, 5, 6, 7, 1]),
        json!([true]),
        Value::Null,
    ] {
        let refused = read(wrong.clone()).unwrap_err();
        assert_eq!(refused.field, Some("value"), "{wrong}");
    }
    let single = one(WEEKDAY, "dayOfWeekEquals", "3+06:00");
    TimeCondition::read("time-based-conditions:weekly:all-day", single).unwrap();
}

#[test]
fn what_is_not_enforced_is_refused_by_its_name() {
    let begin = one(DATE_TIME, "dateTimeGreaterThan", "2026-12-01T09:00:00Z");
    let day = one(WEEKDAY, "dayOfWeekEquals", "1+00:00");
    let hour = one(TIME, "timeLessThan", "09:00:00Z");
    let deep = group(
        "or",
        &[group("or", &[group("and", std::slice::from_ref(&begin))])],
    );
    let mut with_more = begin.clone();
    with_more["weight"] = json!(1);
    let mut mixed = group("and", std::slice::from_ref(&begin));
    mixed["key"] = json!(DATE_TIME);
    let many = vec![begin.clone(); 11];
    let halves = [group("and", &many[..6]), group("and", &many[..5])];
    for (pattern, rule, field) in [
        ("time-based-conditions:weekly", day.clone(), "pattern"),
        (
            "attribute-based-condition:resource:literal-and-wildcard",
            day.clone(),
            "pattern",
        ),
        ("time-based-conditions:once", day.clone(), "rule"),
        ("time-based-conditions:once", hour.clone(), "rule"),
        (
            "time-based-conditions:weekly:all-day",
            begin.clone(),
            "rule",
        ),
        ("time-based-conditions:weekly:all-day", hour.clone(), "rule"),
        (
            "time-based-conditions:weekly:custom-hours",
            hour.clone(),
            "rule",
        ),
        (
            "time-based-conditions:weekly:custom-hours",
            day.clone(),
            "rule",
        ),
        (
            "time-based-conditions:weekly:custom-hours",
            group("and", &[day.clone(), hour, begin.clone()]),
            "rule",
        ),
        ("time-based-conditions:once", json!([]), "rule"),
        ("time-based-conditions:once", Value::Null, "rule"),
        ("time-based-conditions:once", json!({}), "operator"),
        (
            "time-based-conditions:once",
            json!({ "operator": "dateTimeLessThan", "value": "2026-12-01T09:00:00Z" }),
            "key",
        ),
        ("time-based-conditions:once", with_more, "rule"),
        ("time-based-conditions:once", mixed, "rule"),
        ("time-based-conditions:once", deep, "conditions"),
        (
            "time-based-conditions:once",
            group("and", &[]),
            "conditions",
        ),
        (
            "time-based-conditions:once",
            json!({ "operator": "and", "conditions": "all" }),
            "conditions",
        ),
        (
            "time-based-conditions:once",
            group("and", &many),
            "conditions",
        ),
        (
            "time-based-conditions:once",
            group("or", &halves),
            "conditions",
        ),
        (
            "time-based-conditions:once",
            group("not", &[begin]),
            "operator",
        ),
        (
            "time-based-conditions:once",
            one("{{environment.attributes.ip}}", "stringEquals", "x"),
            "key",
        ),
        (
            "time-based-conditions:once",
            one(DATE_TIME, "dateLessThan", "2026-12-01+00:00"),
            "operator",
        ),
        (
            "time-based-conditions:once",
            one(DATE_TIME, "timeLessThan", "09:00:00Z"),
            "operator",
        ),
        (
            "time-based-conditions:once",
            one(DATE_TIME, "dateTimeLessThan", "2026-12-01T09:00:00"),
            "value",
        ),
        (
            "time-based-conditions:once",
            one(DATE_TIME, "dateTimeLessThan", 7),
            "value",
        ),
        (
            "time-based-conditions:once",
            one(DATE_TIME, "dateTimeLessThan", "9".repeat(129)),
            "value",
        ),
    ] {
        let refused = TimeCondition::read(pattern, rule.clone());
        let field_at_fault = refused.as_ref().err().and_then(|refusal| refusal.field);
        assert_eq!(field_at_fault, Some(field), "{pattern} {rule} {refused:?}");
    }
}

#[test]
fn what_never_holds_is_refused() {
    let over = once(&[one(DATE_TIME, "dateTimeLessThan", "2026-11-28T14:00:00Z")]);
    let backwards = once(&[
        one(DATE_TIME, "dateTimeGreaterThan", "2027-01-02T00:00:00Z"),
        one(DATE_TIME, "dateTimeLessThan", "2027-01-01T00:00:00Z"),
    ]);
    let night = weekly(hours(&["1+00:00"], "22:00:00+00:00", "06:00:00+00:00"));
    for (condition, is_about_hours) in [(over, false), (backwards, false), (night, true)] {
        let condition = condition.unwrap();
        let refused = condition.check_is_met_from(Millis::from_secs(NOW));
        let refused = refused.unwrap_err();
        assert_eq!(refused.field, Some("rule"), "{condition:?}");
        let speaks_of_midnight = refused.message.contains("midnight");
        assert_eq!(speaks_of_midnight, is_about_hours, "{refused:?}");
    }
    let last = once(&[one(
        DATE_TIME,
        "dateTimeLessThanOrEquals",
        "2026-11-28T14:00:00Z",
    )]);
    let far = once(&[one(
        DATE_TIME,
        "dateTimeGreaterThan",
        "9999-12-31T00:00:00Z",
    )]);
    // It was over a second ago, and comes again in a week.
    let again = weekly(hours(&["6+00:00"], "13:00:00+00:00", "13:59:59+00:00"));
    for condition in [last, far, again] {
        let condition = condition.unwrap();
        let checked = condition.check_is_met_from(Millis::from_secs(NOW));
        assert_eq!(checked, Ok(()), "{condition:?}");
    }
}

/// The offset at the end of a value, and what is before it.
fn parts(value: &str) -> (&str, i32) {
    let (text, offset) = value.split_at(value.len() - "+00:00".len());
    let hours: i32 = offset[1..3].parse().unwrap();
    let minutes: i32 = offset[4..6].parse().unwrap();
    let seconds = hours * 3600 + minutes * 60;
    (
        text,
        if offset.starts_with('-') {
            -seconds
        } else {
            seconds
        },
    )
}

/// What a clock with the offset shows.
fn shown(at: i64, offset: i32) -> jiff::civil::DateTime {
    let offset = jiff::tz::Offset::from_seconds(offset).unwrap();
    offset.to_datetime(Timestamp::from_second(at).unwrap())
}

/// Whether the rule holds, by its text.
fn walked(rule: &Value, at: i64) -> bool {
    let operator = rule["operator"].as_str().unwrap();
    if let Some(conditions) = rule["conditions"].as_array() {
        let mut all = conditions.iter();
        return match operator {
            "and" => all.all(|one| walked(one, at)),
            _ => all.any(|one| walked(one, at)),
        };
    }
    if let Some(days) = rule["value"].as_array() {
        return days.iter().any(|day| {
            let (day, offset) = parts(day.as_str().unwrap());
            let weekday = shown(at, offset).weekday().to_monday_one_offset();
            weekday.to_string() == day
        });
    }
    let value = rule["value"].as_str().unwrap();
    let (text, offset) = parts(value);
    let time = shown(at, offset);
    let shown = match rule["key"].as_str().unwrap() {
        TIME => time.strftime("%H:%M:%S").to_string(),
        _ => time.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
    };
    match operator {
        "timeLessThan" | "dateTimeLessThan" => *shown < *text,
        "timeLessThanOrEquals" | "dateTimeLessThanOrEquals" => *shown <= *text,
        "timeGreaterThan" | "dateTimeGreaterThan" => *shown > *text,
        _ => *shown >= *text,
    }
}

fn bound() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "LessThan",
        "LessThanOrEquals",
        "GreaterThan",
        "GreaterThanOrEquals",
    ])
}

fn offset() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "+00:00", "-05:00", "+05:45", "+14:00", "-12:00", "-00:30",
    ])
}

prop_compose! {
    fn date_time()(bound in bound(), offset in offset(), day in 27_u8..=30, hour in 0_u8..24, quarter in 0_u8..4) -> Value {
        let value = format!("2026-11-{day}T{hour:02}:{:02}:00{offset}", quarter * 15);
        one(DATE_TIME, &format!("dateTime{bound}"), value)
    }
}

prop_compose! {
    fn time()(bound in bound(), offset in offset(), hour in 0_u8..24, end in prop::bool::ANY) -> Value {
        let value = if end { format!("{hour:02}:59:59{offset}") } else { format!("{hour:02}:00:00{offset}") };
        one(TIME, &format!("time{bound}"), value)
    }
}

prop_compose! {
    fn days()(days in prop::collection::vec((1_u8..=7, offset()), 1..4)) -> Value {
        let days: Vec<Value> = days.iter().map(|(day, offset)| json!(format!("{day}{offset}"))).collect();
        one(WEEKDAY, "dayOfWeekAnyOf", days)
    }
}

fn operator() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["and", "or"])
}

fn hours_of_days() -> impl Strategy<Value = Value> {
    let all = (days(), time(), time(), operator());
    all.prop_map(|(days, from, to, operator)| group(operator, &[days, from, to]))
}

/// Rules with their patterns. They change about quarters of an hour alone.
fn rules() -> impl Strategy<Value = (&'static str, Value)> {
    let weekly = (hours_of_days(), hours_of_days(), operator());
    let weekly = weekly.prop_map(|(one, other, operator)| {
        let rule = group(operator, &[one, other]);
        ("time-based-conditions:weekly:custom-hours", rule)
    });
    let once = (prop::collection::vec(date_time(), 1..4), operator());
    let once = once.prop_map(|(conditions, operator)| {
        ("time-based-conditions:once", group(operator, &conditions))
    });
    let all_day = days().prop_map(|rule| ("time-based-conditions:weekly:all-day", rule));
    prop_oneof![weekly, once, all_day]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_judgement_is_what_a_walk_over_quarters_of_an_hour_says((pattern, rule) in rules(), start in 0..3 * text::DAY) {
        let condition = TimeCondition::read(pattern, rule.clone()).unwrap();
        let first = NOW - text::DAY + start;
        let mut judged = condition.judge(Millis::from_secs(first));
        let mut ever = judged.is_met;
        for quarter in 0..9 * 24 * 4 {
            for second in [-1, 0, 1] {
                let at = (first.div_euclid(900) + quarter) * 900 + second;
                if at < first {
                    continue;
                }
                let instant = Millis(at * 1000 + 999);
                if !judged.span.contains(instant) {
                    judged = condition.judge(instant);
                    prop_assert!(judged.span.contains(instant));
                }
                prop_assert_eq!(judged.is_met, walked(&rule, at), "{} at {}", rule, at);
                ever |= judged.is_met;
            }
        }
        let checked = condition.check_is_met_from(Millis::from_secs(first));
        prop_assert_eq!(checked.is_ok(), ever, "{}", rule);
    }
}

#[test]
fn a_moment_written_in_two_ways_is_one() {
    let until = |moment: &str| once(&[one(DATE_TIME, "dateTimeLessThan", moment)]).unwrap();
    let written = until("2027-01-01T00:00:00Z");
    for same in ["2027-01-01T00:00:00+00:00", "2027-01-01T01:00:00+01:00"] {
        assert!(written.is_equivalent(&until(same)), "{same}");
        assert_ne!(written, until(same), "{same}");
    }
    assert!(!written.is_equivalent(&until("2027-01-01T00:00:01Z")));
}
