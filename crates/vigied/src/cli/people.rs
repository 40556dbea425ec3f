//! The commands about people who have lost what lets them in, and about who did what.

use super::output::Output;
use super::settings::DatabaseArgs;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// List every user, with the accounts he is in.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
        /// The form of the answer.
        #[arg(long, value_enum, default_value = "text", ignore_case = true)]
        output: Output,
    },
    /// Confirm that a user is the person whom his address belongs to.
    ///
    /// Who began with a code that his inviter had seen stays in that one account until his address is proven. With your word
    /// it is, and he keeps his password and all else. If you are not sure, `vigied invitation code` makes him begin anew.
    Confirm {
        /// E-mail address.
        email: String,
        #[command(flatten)]
        database: DatabaseArgs,
        /// The form of the answer.
        #[arg(long, value_enum, default_value = "text", ignore_case = true)]
        output: Output,
    },
    /// Make a one-time code with which a user who lost his password sets a new one; it opens nothing else.
    ///
    /// Hand it to that person, and to nobody else. It is good for a day, for one use; a code made before it is good for
    /// nothing any more. The person runs `vigie login -u EMAIL`, and types the code where the password is asked for. Until
    /// then the old password goes on; with the new one the old one ends, and with it every session and code that it opened.
    /// API keys go on.
    ResetPassword {
        /// E-mail address.
        email: String,
        #[command(flatten)]
        database: DatabaseArgs,
        /// The form of the answer.
        #[arg(long, value_enum, default_value = "text", ignore_case = true)]
        output: Output,
    },
    /// Make a new API key for a user who lost his.
    ///
    /// It opens what the user may open in that one account, and is printed once. The keys he has go on: he deletes the lost
    /// one with `vigie iam api-key-delete`.
    NewKey {
        /// E-mail address.
        email: String,
        /// The account, where the user is in several.
        #[arg(long, value_name = "ID")]
        account: Option<String>,
        /// Name of the key.
        #[arg(long, default_value = "made by the operator")]
        name: String,
        #[command(flatten)]
        database: DatabaseArgs,
        /// The form of the answer.
        #[arg(long, value_enum, default_value = "text", ignore_case = true)]
        output: Output,
    },
}

impl UserCommand {
    /// Where it works.
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
