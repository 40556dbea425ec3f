//! Conditions of time that change with the hour.

use crate::model::time_condition::TimeCondition;
use serde_json::{Value, json};
use std::sync::Arc;

/// One that begins to hold at this hour of the first day, or of each day for twelve hours.
pub(super) fn begins_at((hour, is_daily): (u8, bool)) -> Arc<TimeCondition> {
    let one = |key: &str, operator: &str, value: Value| {
        let key = format!("{{{{environment.attributes.{key}}}}}");
        json!({ "key": key, "operator": operator, "value": value })
    };
    let (pattern, rule) = if is_daily {
        let from = json!(format!("{hour:02}:00:00+00:00"));
        let to = json!(format!("{:02}:59:59+00:00", hour + 11));
        let conditions = [
            one(
                "day_of_week",
                "dayOfWeekAnyOf",
                json!([1, 2, 3, 4, 5, 6, 7]),
            ),
            one("current_time", "timeGreaterThanOrEquals", from),
            one("current_time", "timeLessThanOrEquals", to),
        ];
        let rule = json!({ "operator": "and", "conditions": conditions });
        ("time-based-conditions:weekly:custom-hours", rule)
    } else {
        let begin = json!(format!("1970-01-01T{hour:02}:00:00Z"));
        let rule = one("current_date_time", "dateTimeGreaterThanOrEquals", begin);
        ("time-based-conditions:once", rule)
    };
    Arc::new(TimeCondition::read(pattern, rule).unwrap())
}
