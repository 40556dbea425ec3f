//! `vigied quickstart`.
use crate::cli::QuickstartArgs;
use std::process::ExitCode;

pub(crate) fn run(_: &QuickstartArgs) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
