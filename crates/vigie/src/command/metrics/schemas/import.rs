//! `metrics schemas import`.

use super::conf::Conf;
use super::domain_rules::{announce, stored};
use super::rule_change::RuleChange;
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::{Monitoring, ScopeArgs};
use crate::printable_text::escaped;
use base::limit;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Take the rules of carbon's files
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The file takes the place of all rules about steps. Without `--aggregation`, the rules about what several samples become stay.

Examples:
  vigie metrics schemas import storage-schemas.conf --dry-run
  vigie metrics schemas import storage-schemas.conf \\
      --aggregation storage-aggregation.conf")]
pub(crate) struct ImportArgs {
    /// A file as carbon's `storage-schemas.conf`
    #[arg(value_name = "SCHEMAS", value_hint = clap::ValueHint::FilePath)]
    schemas: PathBuf,
    /// A file as carbon's `storage-aggregation.conf`
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    aggregation: Option<PathBuf>,
    /// Only let the server check it, and show what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// Takes the rules of carbon's files.
pub(super) fn run(args: &ImportArgs, context: &Context) -> Result<(), Failure> {
    // Before anything is asked of a server.
    let schemas = read(&args.schemas)?;
    let aggregation = args.aggregation.as_deref().map(read).transpose()?;
    let monitoring = Monitoring::to_change(context, &args.scope)?;
    announce("Changing", &monitoring, context)?;
    let (resolution_seconds, before) = stored(&monitoring)?;
    for conf in [Some(&schemas), aggregation.as_ref()].into_iter().flatten() {
        if let Some((all, first)) = conf.uncounted() {
            context.output.warn(escaped!(
                "`{}` comes before `{}` and matches every name: what comes after it never counts",
                all.name(),
                first.name()
            ));
        }
    }
    let [_, kept] = before.clone();
    let change = RuleChange {
        resolution_seconds,
        before,
        after: [schemas, aggregation.unwrap_or(kept)],
        files: Some([Some(&args.schemas), args.aggregation.as_deref()]),
        dry_run: args.dry_run,
    };
    change.apply(&monitoring, context)
}

/// A file of rules.
fn read(path: &Path) -> Result<Conf, Failure> {
    let cannot = |error: std::io::Error| Failure::file("read", path, &error);
    let most = limit::SCHEMA_BYTES.default;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(cannot)?;
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(cannot)?;
    let name = path.display().to_string();
    if bytes.len() as u64 > most {
        return Err(Failure::failed(escaped!(
            "`{}` has more bytes than `{}` = {}",
            name,
            limit::SCHEMA_BYTES.name,
            most
        )));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::failed(escaped!("`{}` is no text in UTF-8", name)))?;
    Ok(Conf::new(&text))
}
