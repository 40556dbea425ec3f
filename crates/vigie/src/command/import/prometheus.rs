//! `import prometheus`: what Prometheus or VictoriaMetrics has exported.

use super::arguments::ImportArgs;
use super::lines::{LineFormat, Lines, run as run_lines};
use crate::context::Context;
use crate::error::Failure;

/// The format of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// By its first bytes
    #[default]
    Auto,
    /// `name{label="value"} VALUE TIME`, as `promtool tsdb dump-openmetrics` writes it
    Openmetrics,
    /// `{"metric":…,"values":[…],"timestamps":[…]}` in each line, as `/api/v1/export` of VictoriaMetrics writes it
    Victoriametrics,
}

/// Import what Prometheus or VictoriaMetrics has exported
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Labels become tags: `up{job=\"node\"}` is the series `up;job=node`. Names and labels keep the rules of names here: values with \
blanks, brackets or quotes are refused, or changed with `--replace-refused`. A sample without a time is refused. NaN, with which \
Prometheus also marks the end of a series, is a gap; infinities are refused.

A file packed by gzip is unpacked. What was imported of a file is noted in the configuration directory: the same command goes on \
where it was stopped. Other writers go first, as in `vigie import whisper`.

Exit codes: 0 all samples were stored, 1 none, 7 some; what was not is named with the reason.

Examples:
  promtool tsdb dump-openmetrics data | vigie import prometheus -
  curl -s 'http://victoria:8428/api/v1/export?match[]=up' > up.jsonl
  vigie import prometheus up.jsonl
  vigie import prometheus up.jsonl.gz --replace-refused --from -90d")]
pub(crate) struct PrometheusArgs {
    /// The file; `-` is standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: String,
    /// What the file holds
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        default_value_t,
        value_name = "FORMAT"
    )]
    format: Format,
    #[command(flatten)]
    import: ImportArgs,
}

/// Imports the file, and prints the totals.
pub(crate) fn run(args: &PrometheusArgs, context: &Context) -> Result<(), Failure> {
    let lines = Lines {
        kind: match args.format {
            Format::Auto => "prometheus",
            Format::Openmetrics => "prometheus openmetrics",
            Format::Victoriametrics => "prometheus victoriametrics",
        },
        file: &args.file,
        form: match args.format {
            Format::Auto => LineFormat::by_beginning,
            Format::Openmetrics => |_| LineFormat::OpenMetrics,
            Format::Victoriametrics => |_| LineFormat::Victoria,
        },
        args: &args.import,
    };
    run_lines(&lines, context)
}
