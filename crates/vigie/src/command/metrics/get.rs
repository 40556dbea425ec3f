//! `metrics get`.

use super::branch::suggest;
use super::drawing::render;
use super::get_args::Format;
use super::one_form::two_forms;
use super::patterns::{SEE_NAMES, refuse_empty};
use super::readings::{CSV_HEADER, ReadRequest, fetch, is_call, is_empty, nothing_read, rows};
use super::rendered::rendered;
use super::time_range::time_range;
use super::unmatched::unmatched;
use super::watch::Watched;
use super::zone::zone;
use crate::command::result_writer::ResultWriter;
use crate::context::Context;
use crate::error::Failure;
use crate::figures::{seconds, shortest};
use crate::monitoring::{Monitoring, TARGET_SPACE};
use crate::output::csv_field;
use crate::printable_text::{PrintableText, escaped};
use serde_json::value::RawValue;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use wire::render::json::ReadRow;

pub(crate) use super::get_args::GetArgs;

/// Reads the samples, and shows them.
pub(crate) fn run(args: &GetArgs, context: &Context) -> Result<(), Failure> {
    args.refuse_lone_interval()?;
    for target in &args.targets {
        refuse_empty(target, SEE_NAMES)?;
    }
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
    refuse_unfit(args, format)?;
    if args.as_sent {
        refuse_calls(&args.targets)?;
    }
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
    let file = args.output_file.as_deref();
    if format.is_rendered() {
        let rendered = rendered(format, args, (&name, &zone), &monitoring, context)?;
        return match file {
            Some(file) => write_file(file, &rendered, context),
            None if format == Format::Raw => {
                output.text(&PrintableText::lines(&String::from_utf8_lossy(&rendered)))
            }
            None => output.generated(&rendered),
        };
    }
    let bodies = fetch(ReadRequest::of(args, &name), &monitoring)?;
    if format == Format::Json {
        let text = one_array(&bodies)?;
        return match file {
            Some(file) => write_file(file, text.as_bytes(), context),
            None => output.json_text(&text),
        };
    }
    let rows = rows(&args.targets, &bodies)?;
    let read: Vec<String> = rows.iter().map(|row| row.target.clone()).collect();
    if format == Format::Csv {
        let text = csv(&rows);
        match file {
            Some(file) => write_file(file, text.as_bytes(), context)?,
            None => output.csv(&text)?,
        }
        if rows.iter().all(is_empty) {
            output.note(nothing_read(&rows, &monitoring));
        } else {
            let missed = unmatched(&args.targets, &rows);
            missed.into_iter().for_each(|note| output.note(note));
        }
        suggest(&args.targets, &read, &monitoring, context);
        return Ok(());
    }
    let missed = unmatched(&args.targets, &rows);
    if rows.iter().all(is_empty) {
        output.say(nothing_read(&rows, &monitoring))?;
        let proposed = suggest(&args.targets, &read, &monitoring, context);
        if !proposed {
            hint(args, &rows, &monitoring, context);
        }
        return Ok(());
    }
    let text = render(format, rows, args, asked, (&name, &zone), context, false);
    output.text(&text)?;
    missed.into_iter().for_each(|note| output.note(note));
    suggest(&args.targets, &read, &monitoring, context);
    Ok(())
}

/// Refuses flags that the format has no use for, before anything is asked.
fn refuse_unfit(args: &GetArgs, format: Format) -> Result<(), Failure> {
    let is_picture = matches!(format, Format::Png | Format::Svg);
    if !is_picture && (args.theme.is_some() || args.title.is_some()) {
        return Err(Failure::usage("`--theme` and `--title` are for pictures")
            .hint("draw one with `--format png` or `--format svg`"));
    }
    if format.is_rendered() {
        if args.max_points.is_some() || args.no_null_points {
            return Err(Failure::usage(
                "`--max-points` and `--no-null-points` are for the other formats: pictures and `raw` have every slot",
            )
            .hint("leave them out"));
        }
        if args.as_sent {
            return Err(Failure::usage(
                "`--as-sent` is for the other formats: pictures and `raw` have slots",
            )
            .hint("leave it out"));
        }
        if args.watch.is_some() {
            return Err(Failure::usage("`--watch` writes no pictures and no `raw`")
                .hint("watch a chart with `--format chart`"));
        }
    }
    match &args.output_file {
        Some(_) if !format.is_rendered() && !matches!(format, Format::Csv | Format::Json) => {
            Err(
                Failure::usage("`--output-file` is for pictures, `raw`, `csv` and `json`")
                    .hint("say which with `--format`"),
            )
        }
        None if is_picture && io::stdout().is_terminal() => Err(Failure::usage(
            "a picture cannot be shown at a terminal",
        )
        .hint("write it to a file with `--output-file FILE`, or into a pipe; `--format chart` draws at a terminal")),
        _ => Ok(()),
    }
}

/// Refuses calls of functions with `--as-sent`: only stored samples can be printed as they were sent.
fn refuse_calls(targets: &[String]) -> Result<(), Failure> {
    match targets.iter().find(|target| is_call(target)) {
        None => Ok(()),
        Some(call) => Err(Failure::usage(escaped!(
            "`--as-sent` is for names and patterns, and `{}` calls a function",
            call.as_str()
        ))
        .hint("leave it out, or ask for the functions by themselves")),
    }
}

/// Writes a result, once all of it is there. A file of that name stays as it is until the new one is whole.
fn write_file(file: &Path, bytes: &[u8], context: &Context) -> Result<(), Failure> {
    let mut written = ResultWriter::begin(Some(file), false, &context.output)?;
    written.write(bytes)?;
    written.end()?;
    context
        .output
        .note(escaped!("Written to `{}`.", file.display()));
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
