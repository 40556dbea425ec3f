//! The command line of the server.

pub(crate) mod accounts;
mod algorithm;
pub(crate) mod deleted;
pub(crate) mod generated;
mod health;
mod manual;
mod moment;
mod output;
mod people;
mod sender;
mod settings;

pub(crate) use algorithm::Algorithm;
pub(crate) use health::HealthArgs;
pub(crate) use manual::{CompletionArgs, ManArgs, Shell};
pub(crate) use output::{Output, OutputArgs};
pub(crate) use people::{AuditArgs, UserCommand};
pub(crate) use sender::SenderSecretArgs;
pub(crate) use settings::{DatabaseArgs, SettingArgs};

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Vigie's server: keeps the metrics of many teams and touches no sample without a token that expires.
#[derive(Debug, Parser)]
#[command(
    name = "vigied",
    version = env!("NAMED_VERSION"),
    max_term_width = 100,
    after_help = "\
Getting started:
  vigied quickstart
      see everything at once, on this machine

Or step by step:
  vigied init --data /var/lib/vigie --key-file key.json
      make the data folder and an account
  vigied serve --data /var/lib/vigie
      serve it
  vigie login -a http://127.0.0.1:8080
      log in, from another terminal

Later, each with `--data /var/lib/vigie` behind it:
  vigied config check
      see every setting and its source
  vigied account create NAME --owner EMAIL
      make a further account
  vigied backup DIR
      copy everything, while the server runs
  vigied deleted list
      see what was deleted, and until when
  vigied invitation code EMAIL
      make a code for an invited person
  vigied user reset-password EMAIL
      let a person set a new password
  vigied audit --since -24h
      see who did what

All of these work while the server runs.

Exit codes: 0 done, 1 failed, 2 wrong usage."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create the data folder: signing key, account, region, organization, space, owner and API key.
    ///
    /// The password and the API key are printed once and kept nowhere in readable form.
    Init(InitArgs),
    /// Serve until SIGTERM or Ctrl-C; read certificates, issuers of workloads and the operators' token again on SIGHUP.
    ///
    /// After SIGTERM the server answers its open requests and flushes the store; it exits after `shutdown_seconds` at the
    /// latest. A second SIGTERM ends it at once. Acknowledged data is never lost.
    ///
    /// The first line on standard output is the address taken (`ADDRESS:PORT`), printed when requests are answered. The
    /// log goes to standard error.
    Serve(ServeArgs),
    /// See everything at once: a server of your own, a login, a token, real metrics in and out.
    ///
    /// It serves a local store, logs in, gets the token, loads a real series and this machine's own metrics, draws them, and
    /// prints the `curl` commands to go on with. A second run goes on with the same data.
    Quickstart(QuickstartArgs),
    /// Make, list, delete and restore accounts, also while a server runs on the same data.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Make a complete copy of the data folder, also while a server runs on it.
    ///
    /// It holds everything that was acknowledged before it was begun: samples, identity database, signing keys and settings.
    /// `vigied serve --data DIR` serves it. It is there when it is complete, or not at all. Where PostgreSQL keeps the
    /// identity, copy that with `pg_dump` afterwards.
    Backup(BackupArgs),
    /// See what was deleted and have its metrics go at once, also while a server runs on the same data.
    #[command(subcommand)]
    Deleted(deleted::DeletedCommand),
    /// List, rotate and retire the keys that sign tokens, also while a server runs on the same data.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Print the secret that a sender signs or encrypts with: the password of collectd's plugin `network`.
    ///
    /// It belongs to an API key that may only send into one space, is always the same for that key, and ends with it. It is stored
    /// nowhere: it is made of the encryption key and the key's id, and opens nothing else.
    SenderSecret(SenderSecretArgs),
    /// Make the token for the listener of operators.
    #[command(subcommand)]
    Operations(OperationsCommand),
    /// Let invited people in who have no password yet, also while a server runs on the same data.
    #[command(subcommand)]
    Invitation(InvitationCommand),
    /// List users, confirm their addresses, reset passwords and make new keys, also while a server runs on the same data.
    #[command(subcommand)]
    User(UserCommand),
    /// Show who did what, from where and when, also while a server runs on the same data.
    ///
    /// One line for each change, sign-in, refusal (counted by the minute) and caller (counted by the hour). How long they are
    /// kept, and how many, is set with `limits.audit_retention_days` and `limits.audit_entries_per_account`.
    Audit(AuditArgs),
    /// Look at the settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print every route with who may call it.
    Routes(OutputArgs),
    /// Ask the server that runs on the data folder whether it is ready: exit code 0 if so, else 1.
    ///
    /// It asks over the operators' listener, and needs neither curl nor a credential where that is the Unix socket. For
    /// containers' health checks and for scripts that wait.
    Health(HealthArgs),
    /// Print the completion script for a shell.
    Completion(CompletionArgs),
    /// Write the manual pages.
    #[command(hide = true)]
    Man(ManArgs),
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
    /// Name of the account.
    #[arg(long, default_value = "Vigie")]
    pub(crate) account: String,
    /// Name of the region.
    #[arg(long, default_value = "local")]
    pub(crate) region: String,
    /// Name of the first organization.
    #[arg(long, default_value = "vigie")]
    pub(crate) org: String,
    /// Name of the first space.
    #[arg(long, default_value = "dev")]
    pub(crate) space: String,
    /// E-mail address of the owner.
    #[arg(long, default_value = "owner@vigie.local")]
    pub(crate) user: String,
    /// Read the owner's password from the first line of this file (`-` for standard input) [default: a generated one].
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Write the answer with password and API key into this new file, which nobody else can read, and show neither.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "text", ignore_case = true)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The folder to make; it must not be there.
    #[arg(value_name = "DIR")]
    pub(crate) target: PathBuf,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "text", ignore_case = true)]
    pub(crate) output: Output,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Create an account with an organization and a space of its own.
    ///
    /// An owner who is a user already keeps the password and finds the account with `vigie account list`. For a new user, a
    /// password and an API key are printed once and stored nowhere in readable form. If somebody has started with a code for
    /// the owner's address that an inviter had seen, a one-time code is printed: the person you give it to is the owner. A
    /// running server knows the account within a second.
    Create(AccountCreateArgs),
    /// Show what an account may hold and do, or change it.
    ///
    /// Without a change it lists every limit of the account, with what is set for it alone marked. `NAME=default` gives
    /// back the server's own value (`vigied config check` shows those). A running server follows within a second.
    Limit(accounts::LimitArgs),
    /// Show the addresses that an account lets in, or change them.
    ///
    /// For an account that has locked itself out with `allowed_ip_addresses`: `all` lets its credentials in from everywhere
    /// again. A running server follows within a second.
    Addresses(accounts::AddressesArgs),
    /// Delete an account with everything in it; until its metrics go, `vigied account restore` brings it back.
    ///
    /// It asks first; scripts say `--yes`.
    ///
    /// From this moment its keys, sessions and tokens open nothing, and nobody is in it. Its people keep their other accounts.
    /// Its metrics go after `storage.deleted_seconds`, a week unless it is set otherwise; the answer says when. The account
    /// itself, with those of its people who are in no other, goes when their bytes have left the disk: within a day or two of then.
    Delete(accounts::DeleteArgs),
    /// Bring a deleted account back with its people, their roles and keys, and its metrics.
    ///
    /// Sessions that were ended stay ended: people log in again. Keys, open invitations, and tokens of keys that have not expired are good
    /// again.
    Restore(accounts::RestoreArgs),
    /// List every account with its owner.
    List {
        /// Those that were deleted and are not gone yet, and when their metrics go.
        #[arg(long)]
        deleted: bool,
        #[command(flatten)]
        database: DatabaseArgs,
        /// The form of the answer.
        #[arg(long, value_enum, default_value = "text", ignore_case = true)]
        output: Output,
    },
}

impl AccountCommand {
    /// Where it works.
    pub(crate) const fn database(&self) -> &DatabaseArgs {
        match self {
            Self::Create(arguments) => &arguments.database,
            Self::Limit(arguments) => &arguments.database,
            Self::Addresses(arguments) => &arguments.database,
            Self::Delete(arguments) => &arguments.database,
            Self::Restore(arguments) => &arguments.database,
            Self::List { database, .. } => database,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct AccountCreateArgs {
    /// Name of the account; no two have the same.
    pub(crate) name: String,
    /// E-mail address of the owner, its first Administrator.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) owner: String,
    /// Region of the organization [default: the first by name].
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Name of its first organization.
    #[arg(long, default_value = "vigie")]
    pub(crate) org: String,
    /// Name of its first space.
    #[arg(long, default_value = "dev")]
    pub(crate) space: String,
    /// Write the answer with password and API key into this new file, which nobody else can read, and show neither.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "text", ignore_case = true)]
    pub(crate) output: Output,
}

#[derive(Debug, Subcommand)]
pub(crate) enum InvitationCommand {
    /// Make a one-time code for an invited person; it only allows them to set a password.
    ///
    /// Give it only to the owner of the address. Earlier codes become invalid. The person runs `vigie login -u EMAIL` and
    /// enters the code instead of the password. If somebody started with a code for this address that an inviter had seen,
    /// such a login starts over: that user's password, keys and sessions end. If that user is the owner of the address,
    /// `vigie account accept ACCOUNT --code CODE` keeps them instead, and so does your confirmation,
    /// `vigied user confirm EMAIL`.
    Code {
        /// E-mail address.
        email: String,
        /// The account, by GUID or name; needed if the address is invited into several.
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        #[command(flatten)]
        database: DatabaseArgs,
        /// The form of the answer.
        #[arg(long, value_enum, default_value = "text", ignore_case = true)]
        output: Output,
    },
    /// List every invitation that waits for an answer.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
        /// The form of the answer.
        #[arg(long, value_enum, default_value = "text", ignore_case = true)]
        output: Output,
    },
}

impl InvitationCommand {
    /// Where it works.
    pub(crate) const fn database(&self) -> &DatabaseArgs {
        match self {
            Self::Code { database, .. } | Self::List { database, .. } => database,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
}

#[derive(Debug, Args)]
pub(crate) struct QuickstartArgs {
    /// The data folder.
    #[arg(long, value_name = "DIR", default_value = "vigie-quickstart")]
    pub(crate) data: PathBuf,
    /// The address to serve on.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: String,
    /// End after the tour, instead of serving on until Ctrl-C.
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// List the signing keys, oldest first, with what each does.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
        /// The form of the answer.
        #[arg(long, value_enum, default_value = "text", ignore_case = true)]
        output: Output,
    },
    /// Make a new key, which signs in two minutes; tokens of the older ones are good until they expire.
    ///
    /// Clients keep the public keys for a minute: until then, and a minute more, the new key is only published. It signs as
    /// `tokens.signing_algorithm` says: of the server that runs on the folder, else of these settings.
    Rotate {
        /// How it signs, whatever the setting says.
        #[arg(long, value_enum, ignore_case = true)]
        algorithm: Option<Algorithm>,
        /// Sign with it at once, for a stolen key: clients refuse its tokens until they have read the public keys again.
        #[arg(long)]
        now: bool,
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Take a key out of service: from now on every node refuses the tokens it has signed.
    ///
    /// After a theft: `vigied keys rotate --now`, then `vigied keys retire` for every other key, also one that is only announced.
    /// Users get new tokens with their refresh tokens or keys. The last key in service cannot be retired, nor the one that signs as long
    /// as its successors are only announced. A key that was not stolen is retired when its tokens have expired: programs keep
    /// a token as long as it says that it is good.
    Retire {
        /// The key's name, from `vigied keys list`.
        kid: String,
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Where the encryption key is lost for good: retire every signing key that it no longer opens.
    ///
    /// The next start makes new signing keys, and a new encryption key where the file is missing. Users get new tokens with their refresh
    /// tokens or keys; secrets of senders (`vigied sender-secret`) are other ones from then on, and a repeated `POST /login` answers with
    /// another logging token. A damaged file has to be moved away first. If another node or a backup still has the encryption key, copy it
    /// from there instead. A node that still runs with a key whose file is lost signs nothing any more, and has to be started again.
    RetireUnreadable {
        /// Retire them; without it, they are only named.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
}

impl KeysCommand {
    /// Where it works.
    pub(crate) const fn database(&self) -> &DatabaseArgs {
        match self {
            Self::List { database, .. }
            | Self::Rotate { database, .. }
            | Self::Retire { database, .. }
            | Self::RetireUnreadable { database, .. } => database,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum OperationsCommand {
    /// Make the token that opens the operators' listener over the network, in the place of the one before.
    ///
    /// It is printed once and kept as a hash. A server that runs takes it up on SIGHUP. The Unix socket needs none.
    Token {
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the effective settings and where each came from.
    ///
    /// Change one in `vigie.toml` in the data folder, in the environment, or with a flag; `--set KEY=VALUE` sets any;
    /// `vigied config reference` says what each means. A key that `senders.sources`, `senders.certificates` or `collectd.users`
    /// names, and that lets nobody in, is reported on standard error.
    Check {
        #[command(flatten)]
        settings: Box<SettingArgs>,
        /// The form of the answer.
        #[arg(long, value_enum, default_value = "text", ignore_case = true)]
        output: Output,
    },
    /// Print the settings reference in Markdown.
    Reference,
}
