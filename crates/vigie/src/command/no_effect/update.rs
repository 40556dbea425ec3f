//! `update`.

use crate::context::Context;
use crate::error::Failure;
use clap::Args;
use serde::Serialize;

/// Accepted for old scripts; the program does not update itself
#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// Accepted for old scripts
    #[arg(short, long)]
    force: bool,
}

/// What became of the program.
#[derive(Serialize)]
struct ProgramUpdate {
    updated: bool,
}

/// The program does not replace itself.
pub(crate) fn run(args: &UpdateArgs, context: &Context) -> Result<(), Failure> {
    let flag = if args.force { " -f" } else { "" };
    context.output.note(format!(
        "this program does not update itself; `update{flag}` has no effect"
    ));
    if context.output.is_json() {
        return context.output.json(&ProgramUpdate { updated: false });
    }
    Ok(())
}
