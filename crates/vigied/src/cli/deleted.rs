//! The words of `vigied deleted`.

use super::output::{Output, OutputArgs};
use super::settings::DatabaseArgs;
use base::scope::Domain;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum DeletedCommand {
    /// List what was deleted, and when its metrics go.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
        /// The form of the answer.
        #[arg(long, value_enum, default_value = "text", ignore_case = true)]
        output: Output,
    },
    /// Have the metrics of what was deleted go now, not at their time.
    ///
    /// An organization takes the spaces along that were deleted with it, an account all that was in it. Nothing brings them back
    /// then, so that it asks first; scripts say `--yes`. The series are gone within seconds; their bytes leave the disk when
    /// the store rewrites the days that hold them, within a day. With the bytes of an account goes the account itself, with its
    /// people who are in no other.
    Purge(PurgeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct PurgeArgs {
    /// What: `s-GUID`, `o-GUID` or `a-GUID`, as `vigied deleted list` shows it; `--all` for everything.
    #[arg(value_name = "DOMAIN", value_parser = domain, required_unless_present = "all")]
    pub(crate) domains: Vec<Domain>,
    /// Everything that was deleted.
    #[arg(long, conflicts_with = "domains")]
    pub(crate) all: bool,
    /// Do not ask.
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl DeletedCommand {
    /// Where it works.
    pub(crate) const fn database(&self) -> &DatabaseArgs {
        match self {
            Self::List { database, .. } => database,
            Self::Purge(arguments) => &arguments.database,
        }
    }
}

/// A domain as `vigied deleted list` shows it.
fn domain(text: &str) -> Result<Domain, String> {
    match wire::scope_id::parse(text.as_bytes()) {
        Ok(domain) => Ok(domain),
        _ => Err(
            "must be `s-GUID`, `o-GUID` or `a-GUID`, as `vigied deleted list` shows it".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_a_space_an_organization_or_an_account() {
        for kind in ["s", "o", "a"] {
            domain(&format!("{kind}-3f2504e0-4f89-41d3-9a0c-0305e82c3301")).unwrap();
        }
        for text in ["x", "s-", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"] {
            domain(text).unwrap_err();
        }
    }
}
