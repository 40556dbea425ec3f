//! The grant of compute resources: a workload shows the token of what it runs on, and names the trusted profile that it takes on.

use super::form_field::{bounded, optional, required};
use super::profile_grant::{check_client, check_response_type, wanted_profile};
use crate::app::App;
use crate::http::problem::Refusal;
use base::limit;
use base::secret::Secret;
use base::source::Source;
use iam::flow::grant::{Client, Tokens};
use iam::flow::workload::WorkloadLogin;
use wire::iam::form::Form;

/// The tokens for the compute resource of the form.
pub(super) async fn tokens(
    app: &App,
    source: Source,
    client: Option<Client>,
    form: &Form,
) -> Result<Tokens, Refusal> {
    check_client(client, form)?;
    // IBM's SDKs send the file with the token as it is, which often ends with a new line.
    let token = required(form, "cr_token")?.trim_ascii();
    let token = bounded("cr_token", token, &limit::TOKEN_BYTES)?;
    let profile = wanted_profile(form)?;
    check_response_type(form, "compute resources")?;
    let login = WorkloadLogin {
        token: Secret::new(token.to_owned()),
        profile,
        account: optional(form, "account", &limit::WORD_BYTES)?,
        client,
        source,
    };
    Ok(app.iam.workload_token(login).await?)
}
