//! The aggregations that size the slices of a pie (`pieMode`), as `/functions?type=pie` lists them.

use serde_json::{Map, Value, json};

/// The name of their group.
const GROUP: &str = "Pie";

/// Their names, and what each makes of a series.
const MODES: [(&str, &str); 3] = [
    ("average", "The mean of the values of a series."),
    ("maximum", "The greatest value of a series."),
    ("minimum", "The least value of a series."),
];

/// All of them by name; by group and name where `is_grouped`, and none where another group is named.
#[must_use]
pub fn list(group: Option<&str>, is_grouped: bool) -> Value {
    if group.is_some_and(|group| group != GROUP) {
        return json!({});
    }
    let all = MODES.map(|(name, summary)| (name.to_owned(), describe(name, summary)));
    let all = Value::Object(Map::from_iter(all));
    if is_grouped { json!({GROUP: all}) } else { all }
}

/// One of them; `None` where there is none of that name.
#[must_use]
pub fn one(name: &str) -> Option<Value> {
    let found = MODES.iter().find(|(mode, _)| *mode == name);
    found.map(|(name, summary)| describe(name, summary))
}

fn describe(name: &str, summary: &str) -> Value {
    json!({
        "name": name,
        "function": format!("{name}(series)"),
        "description": summary,
        "module": "vigie.functions",
        "group": GROUP,
        "params": [{"name": "series", "type": "series", "required": true}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_listed_as_functions_are() {
        let all = list(None, false);
        assert_eq!(all.as_object().unwrap().len(), 3);
        assert_eq!(all["maximum"], one("maximum").unwrap());
        assert_eq!(list(Some(GROUP), true), json!({GROUP: all}));
        assert_eq!(list(Some("Filter Data"), false), json!({}));
        assert_eq!(one("sumSeries"), None);
    }
}
