//! `metrics schemas get`.

use super::comparison::RulesComparison;
use super::domain_rules::{announce, stored};
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::{Monitoring, ScopeArgs};

/// Show the rules
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  vigie metrics schemas get
  vigie metrics schemas get --file schemas > storage-schemas.conf
  vigie metrics schemas get --output json")]
pub(crate) struct GetArgs {
    /// Print one of the two files as it is written
    #[arg(long, value_name = "FILE", value_enum)]
    file: Option<RulesFile>,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// One of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RulesFile {
    /// `storage-schemas.conf`
    Schemas,
    /// `storage-aggregation.conf`
    Aggregation,
}

/// Shows the rules, or one of the files.
pub(super) fn run(args: &GetArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let monitoring = Monitoring::to_read(context, &args.scope)?;
    if args.file.is_none() {
        announce("Getting", &monitoring, context)?;
    }
    let (resolution_seconds, texts) = stored(&monitoring)?;
    let Some(which) = args.file else {
        let comparison = RulesComparison {
            resolution_seconds,
            before: texts.clone(),
            after: texts,
            dry_run: None,
        };
        return comparison.print(output);
    };
    let [schemas, aggregation] = texts;
    let conf = match which {
        RulesFile::Schemas => schemas,
        RulesFile::Aggregation => aggregation,
    };
    let text = conf.text();
    match output.is_json() {
        true => output.json(&text),
        false => output.text(&crate::printable_text::PrintableText::lines(&text)),
    }
}
