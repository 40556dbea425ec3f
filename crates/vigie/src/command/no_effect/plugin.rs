//! `plugin`.

use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::escaped;
use clap::Args;

/// Accepted for old scripts; there are no plug-ins
#[derive(Debug, Args)]
pub(crate) struct PluginArgs {
    /// What was to be done, and with which plug-in
    #[arg(
        value_name = "ARGUMENTS",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    arguments: Vec<String>,
}

/// There is no plug-in to install, to list or to remove.
pub(crate) fn run(args: &PluginArgs, context: &Context) -> Result<(), Failure> {
    let what = args.arguments.first().map_or("", String::as_str);
    context.output.note(escaped!(
        "this program has no plug-ins; `plugin {}` has no effect",
        what
    ));
    // The parser takes flags after the first argument as arguments, too.
    let asked_for_json = args.arguments.windows(2).any(|pair| {
        matches!(pair, [flag, form] if flag == "--output" && form.eq_ignore_ascii_case("json"))
    });
    if asked_for_json || context.output.is_json() {
        return context.output.json(&[(); 0]);
    }
    Ok(())
}
