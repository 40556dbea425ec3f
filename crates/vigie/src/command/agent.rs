//! `agent`: sends this host's own metrics, and those of old senders on it, until it is told to stop.

mod delivery;
mod install;
mod listener_args;
mod losses;
mod old_buffers;
mod own_figures;
mod run_args;
mod running;
mod signals;
mod textfile_args;

use self::run_args::RunArgs;
use crate::context::Context;
use crate::error::Failure;

/// Send this host's own metrics until told to stop
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_long_help = "\
Names are those of collectd, for example `PREFIX.HOST.cpu-0.cpu-user`, `PREFIX.HOST.memory.memory-used`, \
`PREFIX.HOST.interface-eth0.if_octets.rx`.

While the server cannot be reached, samples wait in the buffer. Nothing is lost when a token expires or the agent \
restarts.

With `VIGIE_API_KEY` set, the agent uses that key and needs no login. It sends to the space that the key was made for, else \
to the targeted one, else to the only one that the key can see; where there are several, name one with `--scope`.

With `--listen-graphite` and `--listen-statsd`, programs that know no credential send through the agent, under its identity. \
What it refuses is counted in `PREFIX.HOST.vigie-agent.graphite.refused`, and told once a minute. A connection of lines that the \
agent closes without a word is on disk.

Examples:
  vigie agent --once --print               show what would be sent
  vigie agent --interval 1s --readings 30  measure closely for half a minute
  vigie agent --prefix monitor.            send every 10 s until Ctrl-C
  vigie agent --listen-graphite 127.0.0.1:2003 --listen-statsd 127.0.0.1:8125
  vigie agent install --user               keep it running

With `--once` or `--readings` the exit code is 1 if no sample was stored, and 7 if some were rejected or lost."
)]
pub(crate) struct AgentArgs {
    #[command(subcommand)]
    command: Option<AgentCommand>,
    #[command(flatten)]
    run: RunArgs,
}

/// The commands about an agent, other than running it.
#[derive(Debug, clap::Subcommand)]
enum AgentCommand {
    /// Write what keeps an agent running: a unit of systemd, or a line of cron
    Install(install::InstallArgs),
}

/// Runs an agent, or installs one.
pub(crate) fn run(args: &AgentArgs, context: &Context) -> Result<(), Failure> {
    match &args.command {
        Some(AgentCommand::Install(install)) => install::run(install, context),
        None => running::run(&args.run, context),
    }
}
