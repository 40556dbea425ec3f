//! The grant by which the service ID of an instance's key acts as the instance, by its CRN (`iam-authz`), where an authorization lets it.

use super::form_field::{bounded, required};
use super::profile_grant::{check_client, check_response_type};
use super::token_refusal::property;
use crate::app::App;
use crate::http::problem::Refusal;
use base::limit;
use base::secret::Secret;
use base::source::Source;
use iam::flow::authorization::InstanceLogin;
use iam::flow::grant::{Client, Tokens};
use wire::iam::form::Form;

/// How the IAM id of a CRN begins.
const PREFIX: &str = "crn-";

/// Whether a text is a CRN: ten parts, of which the first is `crn` and the second the version, and the seventh is `x/y`, `global` or
/// nothing.
fn is_crn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(11, ':').collect();
    let ["crn", "v1", name, kind, service, _, scope, _, _, _] = parts.as_slice() else {
        return false;
    };
    let is_scope = match scope.split_once('/') {
        Some((kind, id)) => !kind.is_empty() && !id.is_empty(),
        None => matches!(*scope, "" | "global"),
    };
    is_scope && ![name, kind, service].iter().any(|part| part.is_empty())
}

/// The tokens of the instance that the form names.
pub(super) async fn tokens(
    app: &App,
    source: Source,
    client: Option<Client>,
    form: &Form,
) -> Result<Tokens, Refusal> {
    check_client(client, form)?;
    let token = required(form, "access_token")?;
    let token = bounded("access_token", token, &limit::TOKEN_BYTES)?;
    let wanted = required(form, "desired_iam_id")?;
    let wanted = bounded("desired_iam_id", wanted, &limit::LABEL_BYTES)?;
    let Some(crn) = wanted.strip_prefix(PREFIX).filter(|crn| is_crn(crn)) else {
        let message = "Provided CRN is not valid: `desired_iam_id` is `crn-` and a CRN of ten parts, like `crn-crn:v1:bluemix:public:ibmcloud-monitoring:REGION:a/ACCOUNT:INSTANCE::`";
        return Err(property("BXNIM0113E", message));
    };
    check_response_type(form, "those who act as an instance")?;
    let login = InstanceLogin {
        token: Secret::new(token.to_owned()),
        crn: crn.to_owned(),
        client,
        source,
    };
    Ok(app.iam.instance_token(login).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crn_has_ten_parts() {
        for (text, expected) in [
            ("crn:v1:bluemix:public:monitoring:us-south:a/1:2::", true),
            ("crn:v1:bluemix:public:iam-identity::a/1::profile:x", true),
            ("crn:v1:bluemix:public:monitoring::global:::", true),
            ("crn:v1:bluemix:public:monitoring:::::", true),
            ("crn:v1:bluemix:public:monitoring:us-south:a/1:2:", false),
            ("crn:v1:bluemix:public:monitoring:us-south:a/1:2:::", false),
            ("crn:v1:bluemix:public:monitoring:us-south:a:2::", false),
            ("crn:v1:bluemix:public:monitoring:us-south:/1:2::", false),
            ("crn:v2:bluemix:public:monitoring:us-south:a/1:2::", false),
            ("crn:v1::public:monitoring:us-south:a/1:2::", false),
            ("IBMid-1", false),
            ("", false),
        ] {
            assert_eq!(is_crn(text), expected, "{text}");
        }
    }
}
