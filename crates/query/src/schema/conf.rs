//! The form of carbon's files: sections of keys and values, as Python's `configparser` reads them.

use super::error::{Problem, SchemaError};
use base::limit;

/// How many settings of a section are kept: more than there are known ones.
const SETTINGS_MAX: usize = 8;

/// A section with its settings.
#[derive(Debug)]
pub(super) struct Section<'t> {
    name: &'t str,
    pub(super) line: usize,
    settings: Vec<(String, Setting<'t>)>,
}

/// A value, and where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'t> {
    /// The key as it is written.
    pub(super) key: &'t str,
    pub(super) text: &'t str,
    line: usize,
}

impl<'t> Section<'t> {
    /// The value of a key, whose case does not matter.
    pub(super) fn get(&self, key: &str) -> Option<Setting<'t>> {
        let key = key.to_lowercase();
        let mut found = self.settings.iter().filter(|(known, _)| *known == key);
        found.next().map(|(_, setting)| *setting)
    }

    /// The value of a key that must be there.
    pub(super) fn required(&self, key: &'static str) -> Result<Setting<'t>, SchemaError> {
        self.get(key).ok_or_else(|| {
            let section = self.name.to_owned();
            SchemaError::new(self.line, Problem::Missing { section, key })
        })
    }

    /// Refuses keys that nothing reads.
    pub(super) fn require_known(&self, keys: &[&str]) -> Result<(), SchemaError> {
        let mut unknown = self
            .settings
            .iter()
            .filter(|(known, _)| !keys.iter().any(|key| key.to_lowercase() == *known));
        match unknown.next() {
            None => Ok(()),
            Some((_, setting)) => Err(SchemaError::new(
                setting.line,
                Problem::UnknownKey {
                    key: setting.key.to_owned(),
                    known: keys.join(", "),
                },
            )),
        }
    }

    /// An error in the line of a setting.
    pub(super) const fn error(&self, setting: &Setting<'_>, problem: Problem) -> SchemaError {
        SchemaError::new(setting.line, problem)
    }
}

/// The name of a section, where the line begins one.
fn section_name(line: &str) -> Option<&str> {
    line.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
}

/// How many sections a text has.
fn count(text: &str) -> usize {
    text.lines()
        .filter(|line| section_name(line.trim()).is_some())
        .count()
}

/// The sections of a text, in order, at most as many as there may be rules.
pub(super) fn sections(whole: &str) -> Result<Vec<Section<'_>>, SchemaError> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for (line, text) in (1..).zip(whole.lines()) {
        let text = text.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            continue;
        }
        let error = |problem| SchemaError::new(line, problem);
        if let Some(name) = section_name(text) {
            if sections.len() as u64 >= limit::SCHEMA_RULES.default {
                return Err(error(Problem::TooMany(count(whole))));
            }
            if sections.iter().any(|section| section.name == name) {
                return Err(error(Problem::SectionTwice(name.to_owned())));
            }
            let settings = Vec::new();
            sections.push(Section {
                name,
                line,
                settings,
            });
            continue;
        }
        let (key, value) = text
            .split_once(['=', ':'])
            .ok_or_else(|| error(Problem::Line))?;
        let key = key.trim();
        let Some(section) = sections.last_mut() else {
            return Err(error(Problem::NoSection(key.to_owned())));
        };
        if section.get(key).is_some() {
            return Err(error(Problem::KeyTwice(key.to_owned())));
        }
        // One of those before it is unknown, and is reported.
        if section.settings.len() >= SETTINGS_MAX {
            continue;
        }
        let text = value.trim();
        let setting = Setting { key, text, line };
        section.settings.push((key.to_lowercase(), setting));
    }
    Ok(sections)
}
