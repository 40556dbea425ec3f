//! Reads the settings file into flat `table.name` keys that remember their line.

use super::ConfigError;
use std::collections::BTreeMap;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A value in the file, and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileValue {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// Parses TOML: one level of tables; values are strings, integers or booleans. A list of strings becomes one text separated by
/// commas, the form that settings with several values use.
pub(crate) fn parse(path: &Path, text: &str) -> Result<BTreeMap<String, FileValue>, ConfigError> {
    let line_of = |offset: usize| text.get(..offset).unwrap_or(text).matches('\n').count() + 1;
    let table = DeTable::parse(text).map_err(|error| ConfigError::File {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| line_of(span.start)),
        key: String::new(),
        what: error.message().to_owned(),
    })?;
    let mut values = BTreeMap::new();
    let mut open = vec![(String::new(), table.get_ref())];
    while let Some((prefix, table)) = open.pop() {
        for (name, value) in table {
            let key = if prefix.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{prefix}.{}", name.get_ref())
            };
            let line = line_of(name.span().start);
            let text = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Integer(number) => number.to_string(),
                DeValue::Boolean(flag) => flag.to_string(),
                DeValue::Table(inner) => {
                    open.push((key, inner));
                    continue;
                }
                DeValue::Array(list) if list.iter().all(|item| item.get_ref().is_str()) => {
                    let texts = list.iter().filter_map(|item| item.get_ref().as_str());
                    texts.collect::<Vec<_>>().join(", ")
                }
                _ => {
                    return Err(ConfigError::File {
                        path: path.to_owned(),
                        line,
                        key,
                        what: "must be a text, a whole number, a boolean or a list of texts"
                            .to_owned(),
                    });
                }
            };
            values.insert(key, FileValue { text, line });
        }
    }
    Ok(values)
}
