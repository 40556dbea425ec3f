//! The commands that restore access of users, and the command that lists the audit.

use super::output::Output;
use super::settings::DatabaseArgs;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// List all users with their accounts.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
        /// The form of the answer.
        #[arg(long, value_enum, default_value = "text", ignore_case = true)]
        output: Output,
    },
    /// Confirm that a user owns their e-mail address.
    ///
    /// A user who started with a code that the inviter had seen is limited to that one account until the address is proven.
    /// Your confirmation proves it, and the user keeps the password and everything else. If you are not sure, run
    /// `vigied invitation code`: with the code the user starts over.
    Confirm {
        /// E-mail address.
        email: String,
        #[command(flatten)]
        database: DatabaseArgs,
        /// The form of the answer.
        #[arg(long, value_enum, default_value = "text", ignore_case = true)]
        output: Output,
    },
    /// Make a one-time code with which a user sets a new password; it opens nothing else.
    ///
    /// Give it only to that user. It is valid for one day and one use; earlier codes become invalid. The user runs
    /// `vigie login -u EMAIL` and enters the code instead of the password. The old password works until then; the new one
    /// ends it, with every session and code that it opened. API keys stay valid.
    ResetPassword {
        /// E-mail address.
        email: String,
        #[command(flatten)]
        database: DatabaseArgs,
        /// The form of the answer.
        #[arg(long, value_enum, default_value = "text", ignore_case = true)]
        output: Output,
    },
    /// Make a new API key for a user who lost theirs.
    ///
    /// It has the user's rights in that one account, and is printed once, or written to `--key-file`. The user's other keys stay
    /// valid; the user deletes the lost one with `vigie iam api-key-delete`.
    NewKey {
        /// E-mail address.
        email: String,
        /// The account, by GUID or name; needed if the user is in several.
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        /// Name of the key.
        #[arg(long, default_value = "made by the operator")]
        name: String,
        /// Write the answer with the API key into this new file, which nobody else can read, and do not show the key.
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
        #[command(flatten)]
        database: DatabaseArgs,
        /// The form of the answer.
        #[arg(long, value_enum, default_value = "text", ignore_case = true)]
        output: Output,
    },
}

impl UserCommand {
    /// The database of the command.
    pub(crate) const fn database(&self) -> &DatabaseArgs {
        match self {
            Self::List { database, .. }
            | Self::Confirm { database, .. }
            | Self::ResetPassword { database, .. }
            | Self::NewKey { database, .. } => database,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Only what belongs to this account, by GUID or name.
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Only what happened since then: `-24h`, `-7d`, `2026-11-26T03:00:00Z`, epoch seconds.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = super::moment::time)]
    pub(crate) since: Option<base::time::Millis>,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "text", ignore_case = true)]
    pub(crate) output: Output,
}
