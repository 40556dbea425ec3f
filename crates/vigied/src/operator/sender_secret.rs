//! `vigied sender-secret`: the secret of a sender, from the encryption key.

use crate::cli::SenderSecretArgs;
use crate::config::Settings;
use crate::data_dir;
use crate::operator::output;
use iam::Iam;
use serde_json::json;

/// Returns what the command prints.
pub(crate) async fn perform(
    settings: &Settings,
    iam: &Iam,
    arguments: &SenderSecretArgs,
) -> anyhow::Result<String> {
    let folder = data_dir::keys(settings.data());
    let named = settings.tokens.encryption_key_file.as_deref();
    let secret = iam
        .show_sender_secret(arguments.key, &folder, named)
        .await?;
    let facts = json!({"key": arguments.key.to_string(), "secret": secret.expose()});
    Ok(output::one(arguments.output.output, &facts, || {
        format!("{}\n", secret.expose())
    }))
}
