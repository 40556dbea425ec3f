//! The grant by which a service would act as a CRN (`iam-authz`). Nobody is ever let, and is told why in the original's codes.

use super::form_field::{bounded, required};
use super::token_refusal::property;
use crate::app::App;
use crate::http::problem::Refusal;
use base::limit;
use base::secret::Secret;
use base::source::Source;
use iam::flow::grant::Tokens;
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

/// The tokens for the service of the form.
pub(super) fn tokens(app: &App, source: Source, form: &Form) -> Result<Tokens, Refusal> {
    let token = required(form, "access_token")?;
    let token = bounded("access_token", token, &limit::TOKEN_BYTES)?;
    let wanted = required(form, "desired_iam_id")?;
    let wanted = bounded("desired_iam_id", wanted, &limit::LABEL_BYTES)?;
    if !wanted.strip_prefix(PREFIX).is_some_and(is_crn) {
        let message = "Provided CRN is not valid: `desired_iam_id` is `crn-` and a CRN of ten parts, like `crn-crn:v1:bluemix:public:monitoring:us-south:a/ACCOUNT:INSTANCE::`";
        return Err(property("BXNIM0113E", message));
    }
    let token = Secret::new(token.to_owned());
    Ok(app.iam.authorized_token(&token, source)?)
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
