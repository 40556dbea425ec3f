//! `import samples`: what `vigie export` has written.

use super::arguments::ImportArgs;
use super::lines::{LineFormat, Lines, run as run_lines};
use crate::context::Context;
use crate::error::Failure;

/// Import what `vigie export` has written
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The file has an object in each line, `{\"name\":\"shop.orders\",\"value\":17,\"timestamp\":1764072000}`, as `vigie export` \
writes it. `vigie metrics send` reads the same, and CSV besides; this command reads files of any size, notes how far it is, goes on \
where it was stopped, and lets other writers go first.

Exit codes: 0 all samples were stored, 1 none, 7 some; what was not is named with the reason.

Examples:
  vigie export 'shop.**' --gzip -o shop.jsonl.gz
  vigie import samples shop.jsonl.gz --prefix copy")]
pub(crate) struct SamplesArgs {
    /// The file; `-` is standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: String,
    #[command(flatten)]
    import: ImportArgs,
}

/// Imports the file, and prints the totals.
pub(crate) fn run(args: &SamplesArgs, context: &Context) -> Result<(), Failure> {
    let lines = Lines {
        kind: "samples",
        file: &args.file,
        form: |_| LineFormat::Samples,
        args: &args.import,
    };
    run_lines(&lines, context)
}
