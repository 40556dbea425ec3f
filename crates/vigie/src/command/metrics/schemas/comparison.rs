//! Rules on the screen, and as JSON.

use super::conf::{Change, Conf, Rule, compared};
use crate::error::Failure;
use crate::output::Output;
use serde::Serialize;

/// The two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum File {
    Schemas,
    Aggregation,
}

impl File {
    /// Its name as carbon has it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Schemas => "storage-schemas.conf",
            Self::Aggregation => "storage-aggregation.conf",
        }
    }
}

/// Rules before and after a change; the same where nothing is changed.
#[derive(Debug)]
pub(super) struct RulesComparison {
    pub(super) resolution_seconds: Option<u32>,
    pub(super) before: [Conf; 2],
    pub(super) after: [Conf; 2],
    /// Whether a change was only looked at; `None` where there was none.
    pub(super) dry_run: Option<bool>,
}

#[derive(Serialize)]
struct Step {
    name: String,
    pattern: Option<String>,
    retentions: Option<String>,
}

#[derive(Serialize)]
struct Method {
    name: String,
    pattern: Option<String>,
    aggregation_method: Option<String>,
    x_files_factor: Option<String>,
}

#[derive(Serialize)]
struct ChangedRule {
    file: &'static str,
    name: String,
    change: Change,
}

#[derive(Serialize)]
struct Texts {
    schemas: Option<String>,
    aggregation: Option<String>,
}

#[derive(Serialize)]
struct Json {
    resolution_seconds: Option<u32>,
    schemas: Vec<Step>,
    aggregation: Vec<Method>,
    /// The files as they are written.
    text: Texts,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<ChangedRule>>,
}

fn value(rule: &Rule, key: &str) -> Option<String> {
    rule.get(key).map(str::to_owned)
}

/// The text of a file, to send and to print; none for a blank one.
pub(super) fn text(conf: &Conf) -> Option<String> {
    (!conf.is_blank()).then(|| conf.text())
}

impl RulesComparison {
    fn json(&self) -> Json {
        let [schemas, aggregation] = &self.after;
        let step = |rule: Rule| Step {
            pattern: value(&rule, "pattern"),
            retentions: value(&rule, "retentions"),
            name: rule.name,
        };
        let method = |rule: Rule| Method {
            pattern: value(&rule, "pattern"),
            aggregation_method: value(&rule, "aggregationmethod"),
            x_files_factor: value(&rule, "xfilesfactor"),
            name: rule.name,
        };
        Json {
            resolution_seconds: self.resolution_seconds,
            schemas: schemas.rules().into_iter().map(step).collect(),
            aggregation: aggregation.rules().into_iter().map(method).collect(),
            text: Texts {
                schemas: text(schemas),
                aggregation: text(aggregation),
            },
            dry_run: self.dry_run,
            changes: self.dry_run.map(|_| self.changes()),
        }
    }

    fn changes(&self) -> Vec<ChangedRule> {
        let mut changes = Vec::new();
        let pairs = self.before.iter().zip(&self.after);
        for ((before, after), file) in pairs.zip([File::Schemas, File::Aggregation]) {
            for (rule, change) in compared(before, after) {
                if change != Change::Same {
                    changes.push(ChangedRule {
                        file: file.name(),
                        name: rule.name,
                        change,
                    });
                }
            }
        }
        changes
    }

    /// Prints them.
    pub(super) fn print(&self, output: &Output) -> Result<(), Failure> {
        if output.is_json() {
            return output.json(&self.json());
        }
        output.ok()?;
        self.table(
            output,
            (
                File::Schemas,
                "The interval between values; the first rule that matches counts:",
            ),
            &["Name", "Pattern", "Retentions"],
            &["pattern", "retentions"],
        )?;
        let step = self.resolution_seconds.unwrap_or(60);
        output.say(format!("Where no rule matches: a value every {step} s."))?;
        self.table(
            output,
            (
                File::Aggregation,
                "How several samples are combined; the first rule that matches counts:",
            ),
            &["Name", "Pattern", "Method", "xFilesFactor"],
            &["pattern", "aggregationmethod", "xfilesfactor"],
        )?;
        output.say("Where no rule matches, several samples are combined to their average.")?;
        if self.dry_run == Some(true) {
            return output.say("Nothing was changed.");
        }
        Ok(())
    }

    fn table(
        &self,
        output: &Output,
        (file, about): (File, &'static str),
        header: &[&'static str],
        keys: &[&str],
    ) -> Result<(), Failure> {
        let [before, after] = [&self.before, &self.after].map(|confs| match (file, confs) {
            (File::Schemas, [schemas, _]) => schemas,
            (File::Aggregation, [_, aggregation]) => aggregation,
        });
        let rules = compared(before, after);
        if rules.is_empty() {
            return Ok(());
        }
        output.say(about)?;
        let is_change = self.dry_run.is_some();
        let mut header = header.to_vec();
        if is_change {
            header.insert(0, "Change");
        }
        let row = |(rule, change): &(Rule, Change)| {
            let mut cells = Vec::with_capacity(header.len());
            if is_change {
                cells.push(change.word().to_owned());
            }
            cells.push(rule.name.clone());
            cells.extend(keys.iter().map(|key| value(rule, key).unwrap_or_default()));
            cells
        };
        let rows: Vec<Vec<String>> = rules.iter().map(row).collect();
        output.table(&header, &rows)
    }
}
