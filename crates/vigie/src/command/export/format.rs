//! The output formats of an export.

use crate::figures::{seconds, shortest};
use crate::output::{csv_field, safe_csv, safe_json};
use serde_json::Value;
use wire::import::sample_lines;
use wire::render::json::ReadRow;

/// The form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum ExportFormat {
    /// `{"name","value","timestamp"}` in each line
    #[default]
    Jsonl,
    /// `name,timestamp,value`
    Csv,
}

/// The header line of CSV.
pub(super) const CSV_HEADER: &[u8] = b"name,timestamp,value\n";

impl ExportFormat {
    /// Writes the samples of a series; returns how many there are.
    pub(super) fn write(self, out: &mut Vec<u8>, row: &ReadRow, to_terminal: bool) -> u64 {
        let samples = row.datapoints.iter();
        let samples = samples.filter_map(|(value, at)| Some(((*value)?, *at)));
        let mut count = 0;
        match self {
            Self::Csv => {
                let name = safe_csv(&csv_field(&row.target), to_terminal);
                for (value, at) in samples {
                    count += 1;
                    let line = format!("{name},{},{}\n", seconds(at), shortest(value));
                    out.extend_from_slice(line.as_bytes());
                }
            }
            Self::Jsonl => {
                let name = safe_json(&Value::from(row.target.as_str()).to_string());
                for (value, at) in samples {
                    count += 1;
                    sample_lines::write(out, &name, at, value);
                }
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::Millis;

    #[test]
    fn samples_are_lines() {
        let row = ReadRow {
            target: "a.b;host=\"x,y\u{202e}".to_owned(),
            datapoints: vec![
                (Some(0.1), Millis(1500)),
                (None, Millis(2000)),
                (Some(-2.0), Millis(3000)),
            ],
        };
        let written = |form: ExportFormat| {
            let mut out = Vec::new();
            assert_eq!(form.write(&mut out, &row, true), 2);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            written(ExportFormat::Csv),
            "\"a.b;host=\"\"x,y\\u{202e}\",1.5,0.1\n\"a.b;host=\"\"x,y\\u{202e}\",3,-2\n"
        );
        assert_eq!(
            written(ExportFormat::Jsonl),
            "{\"name\":\"a.b;host=\\\"x,y\\u202e\",\"value\":0.1,\"timestamp\":1.5}\n\
             {\"name\":\"a.b;host=\\\"x,y\\u202e\",\"value\":-2,\"timestamp\":3}\n"
        );
    }
}
