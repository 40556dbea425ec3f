//! The arguments of `agent install`.

use std::path::PathBuf;

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The server is that of `VIGIE_API`, else the one of the login. The key is that of `VIGIE_API_KEY`, which is written into a file that \
only its user can read; or one that is in a file already. Use a key that can do nothing but send:

  vigie iam api-key-create HOST --only send -s SPACE --file agent.key

A key that was made for no space sends to the one that is targeted now, whatever `vigie target` says later: a unit or line of a user \
names it with `--default-scope`. Behind `--`, `--scope` names another one.

Examples:
  vigie agent install --user --key-file agent.key
  vigie agent install --system --key-file /etc/vigie/agent.key
  vigie agent install --user -- --listen-graphite 127.0.0.1:2003
  vigie agent install --cron --print")]
pub(crate) struct InstallArgs {
    /// For this user, by their own systemd; the default for all but root
    #[arg(long, conflicts_with = "system")]
    pub(super) user: bool,
    /// For the machine; the default for root
    #[arg(long)]
    pub(super) system: bool,
    /// A line for cron, which takes a reading every minute, where there is no systemd
    #[arg(long)]
    pub(super) cron: bool,
    /// Print it and write nothing
    #[arg(long)]
    pub(super) print: bool,
    /// Replace a unit or cron line that is there and differs
    #[arg(long, conflicts_with = "print")]
    pub(super) force: bool,
    /// The file that holds the API key; default: `agent.key` in `/etc/vigie`, or in the configuration directory
    #[arg(long, value_name = "FILE")]
    pub(super) key_file: Option<PathBuf>,
    /// Write below this folder, for the image of another machine; the key must be there, too
    #[arg(long, value_name = "DIR")]
    pub(super) root: Option<PathBuf>,
    /// Arguments of the agent, after `--`
    #[arg(last = true, value_name = "ARGUMENT")]
    pub(super) arguments: Vec<String>,
}
