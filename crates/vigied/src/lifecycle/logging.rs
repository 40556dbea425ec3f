//! The log: structured lines on standard error, as text for people or JSON for machines.

use crate::config::LogFormat;
use anyhow::Context;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// Starts logging.
pub(crate) fn start(level: &str, format: LogFormat) -> anyhow::Result<()> {
    // The SQL library logs each statement at info and slow ones at warn; statements are our code, not the operator's.
    let directives = if level.contains('=') {
        level.to_owned()
    } else {
        format!("{level},sqlx=error,hyper=warn,h2=warn")
    };
    let filter = EnvFilter::try_new(&directives)
        .with_context(|| format!("`log.level` is not a level or filter: `{level}`"))?;
    let builder = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    let started = match format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder
            .with_ansi(std::io::stderr().is_terminal())
            .try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("cannot start the log: {error}"))
}
