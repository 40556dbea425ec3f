//! `metrics schemas unset`.

use super::conf::Conf;
use super::domain_rules::{announce, stored};
use super::rule_change::RuleChange;
use crate::argument::Named;
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::monitoring::{Monitoring, ScopeArgs};
use crate::printable_text::escaped;

/// Remove one rule, or all
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["name", "all"]))]
#[command(after_long_help = "\
Examples:
  vigie metrics schemas unset shop
  vigie metrics schemas unset --all")]
pub(crate) struct UnsetArgs {
    /// The rule
    #[arg(value_name = "RULE", add = Named::Rules)]
    name: Option<String>,
    /// Remove all rules
    #[arg(long)]
    all: bool,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// Removes one rule, or all.
pub(super) fn run(args: &UnsetArgs, context: &Context) -> Result<(), Failure> {
    let monitoring = Monitoring::to_change(context, &args.scope)?;
    announce("Changing", &monitoring, context)?;
    let (resolution_seconds, before) = stored(&monitoring)?;
    let mut after = before.clone();
    match &args.name {
        None => after = [Conf::default(), Conf::default()],
        Some(name) => {
            let [schemas, aggregation] = &mut after;
            let was_there = [schemas.unset(name), aggregation.unset(name)];
            if !was_there.contains(&true) {
                let failure = Failure::new(Kind::NotFound, escaped!("there is no rule `{}`", name));
                return Err(failure.hint("`vigie metrics schemas get` shows the rules"));
            }
        }
    }
    let change = RuleChange {
        resolution_seconds,
        before,
        after,
        files: None,
        dry_run: args.dry_run,
    };
    change.apply(&monitoring, context)
}
