//! The output of a command: the same facts as text and as JSON.

use crate::cli::Output;
use crate::text::columns::columns;
use base::invisible::escaped_lines;
use serde::Serialize;

/// A row of a list: a JSON object, and a line of a table.
pub(crate) trait Row<const N: usize>: Serialize {
    /// The column titles.
    const HEADS: [&'static str; N];

    /// The cells of the row.
    fn cells(&self) -> [String; N];
}

/// A list; `empty` is the text for an empty one.
pub(crate) fn list<const N: usize, R: Row<N>>(output: Output, rows: &[R], empty: &str) -> String {
    match output {
        Output::Json => json(&rows),
        Output::Text if rows.is_empty() => empty.to_owned(),
        Output::Text => {
            let cells: Vec<[String; N]> = rows.iter().map(R::cells).collect();
            columns(R::HEADS, &cells)
        }
    }
}

/// One answer: its facts as JSON, or as text.
pub(crate) fn one(output: Output, facts: &impl Serialize, text: impl FnOnce() -> String) -> String {
    match output {
        Output::Json => json(facts),
        Output::Text => escaped_lines(&text()).into_owned(),
    }
}

/// Keys are sorted.
fn json(facts: &impl Serialize) -> String {
    // Serializing values with string keys cannot fail.
    let value = serde_json::to_value(facts).unwrap_or_default();
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct TestRow {
        name: &'static str,
        number: u8,
    }

    impl Row<2> for TestRow {
        const HEADS: [&'static str; 2] = ["Name", "Number"];

        fn cells(&self) -> [String; 2] {
            [self.name.to_owned(), self.number.to_string()]
        }
    }

    #[test]
    fn both_forms_tell_the_same() {
        let rows = [TestRow {
            name: "a",
            number: 7,
        }];
        assert_eq!(
            list(Output::Text, &rows, "None.\n"),
            "Name   Number\na      7\n"
        );
        assert_eq!(list::<2, TestRow>(Output::Text, &[], "None.\n"), "None.\n");
        assert_eq!(list::<2, TestRow>(Output::Json, &[], "None.\n"), "[]\n");
        let value: serde_json::Value =
            serde_json::from_str(&list(Output::Json, &rows, "")).unwrap();
        assert_eq!(value, serde_json::json!([{"name": "a", "number": 7}]));
        assert_eq!(one(Output::Text, &rows[0], || "seven".to_owned()), "seven");
    }
}
