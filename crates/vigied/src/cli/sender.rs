//! `vigied sender-secret`.

use super::{DatabaseArgs, OutputArgs};
use base::id::KeyId;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct SenderSecretArgs {
    /// The id of the API key (not its text), as `vigie iam api-keys` shows it.
    #[arg(value_name = "ApiKey-GUID")]
    pub(crate) key: KeyId,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
