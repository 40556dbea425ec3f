//! Lists: a row type is defined once, for the table that people read and for the JSON of programs.

use super::Output;
use crate::error::Failure;
use crate::printable_text::PrintableText;
use serde::Serialize;

/// A row of a list. Programs get it as it is serialized.
pub(crate) trait Row: Serialize + Sized + 'static {
    /// The columns of the table, from left to right.
    const COLUMNS: &'static [Column<Self>];
}

/// A column of a table of such rows.
#[derive(Debug)]
pub(crate) struct Column<R> {
    heading: &'static str,
    cell: fn(&R) -> String,
    visibility: Visibility<R>,
}

/// When a column is shown.
#[derive(Debug, Clone, Copy)]
enum Visibility<R> {
    Always,
    /// With the flag that asks for more.
    Wide,
    /// If some row has a value in it.
    Any(fn(&R) -> bool),
}

impl<R> Column<R> {
    /// A column that is always shown.
    pub(crate) const fn new(heading: &'static str, cell: fn(&R) -> String) -> Self {
        Self {
            heading,
            cell,
            visibility: Visibility::Always,
        }
    }

    /// A column that is shown only in the wide table.
    pub(crate) const fn wide(heading: &'static str, cell: fn(&R) -> String) -> Self {
        Self {
            visibility: Visibility::Wide,
            ..Self::new(heading, cell)
        }
    }

    /// A column that is shown if some row has a value in it, so that old scripts find the other columns where they were.
    pub(crate) const fn where_any(
        heading: &'static str,
        has: fn(&R) -> bool,
        cell: fn(&R) -> String,
    ) -> Self {
        Self {
            visibility: Visibility::Any(has),
            ..Self::new(heading, cell)
        }
    }

    fn is_shown(&self, rows: &[R], is_wide: bool) -> bool {
        match self.visibility {
            Visibility::Always => true,
            Visibility::Wide => is_wide,
            Visibility::Any(has) => rows.iter().any(has),
        }
    }
}

impl Output {
    /// Prints a list with its usual columns, or `none` if it is empty.
    pub(crate) fn rows<R: Row>(
        &self,
        rows: &[R],
        none: impl Into<PrintableText>,
    ) -> Result<(), Failure> {
        self.list(rows, false, none)
    }

    /// Prints a list; `is_wide` adds the columns of the wide table.
    pub(crate) fn list<R: Row>(
        &self,
        rows: &[R],
        is_wide: bool,
        none: impl Into<PrintableText>,
    ) -> Result<(), Failure> {
        if self.is_json() {
            return self.json(&rows);
        }
        if rows.is_empty() {
            return self.say(none);
        }
        let columns: Vec<&Column<R>> = R::COLUMNS
            .iter()
            .filter(|column| column.is_shown(rows, is_wide))
            .collect();
        let header: Vec<&'static str> = columns.iter().map(|column| column.heading).collect();
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| columns.iter().map(|column| (column.cell)(row)).collect())
            .collect();
        self.table(&header, &cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Dog {
        name: &'static str,
        owner: Option<&'static str>,
    }

    impl Row for Dog {
        const COLUMNS: &'static [Column<Self>] = &[
            Column::wide("Letters", |dog| dog.name.len().to_string()),
            Column::new("Name", |dog| dog.name.to_owned()),
            Column::where_any(
                "Owner",
                |dog| dog.owner.is_some(),
                |dog| dog.owner.unwrap_or("nobody").to_owned(),
            ),
        ];
    }

    #[test]
    fn a_column_is_there_when_it_says_something() {
        let headings = |rows: &[Dog], is_wide| -> Vec<&str> {
            (Dog::COLUMNS.iter())
                .filter(|column| column.is_shown(rows, is_wide))
                .map(|column| column.heading)
                .collect()
        };
        let stray = Dog {
            name: "Rex",
            owner: None,
        };
        let kept = Dog {
            name: "Ada",
            owner: Some("Bo"),
        };
        let rows = [stray];
        assert_eq!(headings(&rows, false), ["Name"]);
        assert_eq!(headings(&rows, true), ["Letters", "Name"]);
        let [stray] = rows;
        assert_eq!(headings(&[stray, kept], false), ["Name", "Owner"]);
    }
}
