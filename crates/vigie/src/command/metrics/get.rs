//! `metrics get`.

use super::branch::suggest;
use super::drawing::render;
use super::get_args::Format;
use super::one_form::two_forms;
use super::readings::{CSV_HEADER, fetch, nothing_read, rows};
use super::time_range::time_range;
use super::unmatched::unmatched;
use super::watch::Watched;
use super::zone::zone;
use crate::context::Context;
use crate::error::Failure;
use crate::figures::{seconds, shortest};
use crate::monitoring::{Monitoring, TARGET_SPACE};
use crate::output::csv_field;
use crate::shown::Shown;
use serde_json::value::RawValue;
use std::fmt::Write as _;
use wire::render::json::ReadRow;

pub(crate) use super::get_args::GetArgs;

/// Reads the samples, and shows them.
pub(crate) fn run(args: &GetArgs, context: &Context) -> Result<(), Failure> {
    args.refuse_lone_interval()?;
    let output = &context.output;
    let (name, zone) = zone(args.tz.as_deref(), context)?;
    // Drawings use it as their range.
    let asked = time_range(args.from.as_deref(), args.until.as_deref(), &zone, context)?;
    let format = match args.format {
        Some(format) if output.is_json() && format != Format::Json => return Err(two_forms()),
        Some(format) => format,
        None if output.is_json() => Format::Json,
        None => Format::Table,
    };
    let monitoring = Monitoring::to_read(context, &args.scope)?;
    if let Some(every) = args.watch {
        let watched = Watched {
            args,
            format,
            asked,
            zone: (&name, &zone),
            monitoring: &monitoring,
            context,
        };
        return watched.run(every.duration());
    }
    let bodies = fetch(args, args.from.as_deref(), &name, &monitoring)?;
    if format == Format::Json {
        return output.json_text(&one_array(&bodies)?);
    }
    let rows = rows(&bodies)?;
    let read: Vec<String> = rows.iter().map(|row| row.target.clone()).collect();
    if format == Format::Csv {
        output.csv(&csv(&rows))?;
        if rows.iter().all(|row| row.datapoints.is_empty()) {
            output.note(nothing_read(&rows, &monitoring));
        } else {
            let missed = unmatched(&args.targets, &rows);
            missed.into_iter().for_each(|note| output.note(note));
        }
        suggest(&args.targets, &read, &monitoring, context);
        return Ok(());
    }
    let missed = unmatched(&args.targets, &rows);
    if rows.iter().all(|row| row.datapoints.is_empty()) {
        output.say(nothing_read(&rows, &monitoring))?;
        let proposed = suggest(&args.targets, &read, &monitoring, context);
        if !proposed {
            hint(args, &rows, &monitoring, context);
        }
        return Ok(());
    }
    let text = render(format, rows, args, asked, (&name, &zone), context, false);
    output.text(&Shown::lines(&text))?;
    missed.into_iter().for_each(|note| output.note(note));
    suggest(&args.targets, &read, &monitoring, context);
    Ok(())
}

/// Joins the series of several answers to one array, one per line, without changing a digit.
fn one_array(bodies: &[Vec<u8>]) -> Result<String, Failure> {
    let mut lines: Vec<String> = Vec::new();
    for body in bodies {
        let items: Vec<Box<RawValue>> = serde_json::from_slice(body).map_err(|error| {
            Failure::failed(format!("cannot read the server's answer: {error}"))
        })?;
        for item in items {
            let line = format!("  {}", item.get());
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    Ok(match lines.as_slice() {
        [] => "[]\n".to_owned(),
        lines => format!("[\n{}\n]\n", lines.join(",\n")),
    })
}

fn hint(args: &GetArgs, rows: &[ReadRow], monitoring: &Monitoring<'_>, context: &Context) {
    context.output.note(if rows.is_empty() {
        if args.scope.scope.is_none() && !monitoring.is_of_space() {
            TARGET_SPACE
        } else {
            "hint: see what there is with `vigie metrics list`"
        }
    } else {
        "hint: ask for a longer one, for example with `--from -7d`"
    });
}

fn csv(rows: &[ReadRow]) -> String {
    let mut text = CSV_HEADER.to_owned();
    for row in rows {
        let name = csv_field(&row.target);
        for (value, at) in &row.datapoints {
            if let Some(value) = value {
                let _ = writeln!(text, "{name},{},{}", seconds(*at), shortest(*value));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::Millis;

    #[test]
    fn answers_are_joined_without_touching_a_digit() {
        let bodies = [
            br#"[{"target":"a","datapoints":[[0.1,1.5],[null,2]]}]"#.to_vec(),
            br#"[]"#.to_vec(),
            br#"[{"target":"b","datapoints":[]}]"#.to_vec(),
        ];
        assert_eq!(
            one_array(&bodies).unwrap(),
            "[\n  {\"target\":\"a\",\"datapoints\":[[0.1,1.5],[null,2]]},\n  {\"target\":\"b\",\"datapoints\":[]}\n]\n"
        );
        assert_eq!(one_array(&[]).unwrap(), "[]\n");
    }

    #[test]
    fn csv_can_be_sent_again() {
        let rows = [ReadRow {
            target: "a.b".to_owned(),
            datapoints: vec![
                (Some(0.1), Millis(1500)),
                (None, Millis(2000)),
                (Some(-2.0), Millis(3000)),
            ],
        }];
        assert_eq!(csv(&rows), "name,timestamp,value\na.b,1.5,0.1\na.b,3,-2\n");
    }
}
