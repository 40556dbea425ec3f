//! Conditions of time in the bodies of the second form, and what the first form, which has none, shows of a policy with one.

use crate::http::advertised_address::UrlForCaller;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use iam::directory::{Policy, PolicySubject};
use iam::{IamError, TimeCondition};
use wire::iam::policy as wired;

/// The role that stands for those of a policy that a form cannot show.
const UNSHOWN_ROLE: &str = "crn:v1:bluemix:public:iam::::role:UnsupportedVersion";

/// The name of that role, as in the original.
const UNSHOWN: &str = "Unsupported Version";

/// The text in place of the description.
const EXPLANATION: &str = "This policy has a condition of time, which this version of the interface has no members for: read it at `href`";

/// The condition of a body, if it has one.
pub(super) fn read(
    pattern: Option<&str>,
    rule: Option<&wired::PolicyRule>,
) -> Result<Option<TimeCondition>, Refusal> {
    match (pattern, rule) {
        (None, None) => Ok(None),
        (Some(pattern), Some(rule)) => {
            let rule = serde_json::to_value(rule)
                .map_err(|error| invalid("rule", format!("`rule` cannot be read: {error}")))?;
            let condition = TimeCondition::read(pattern, rule).map_err(IamError::from)?;
            Ok(Some(condition))
        }
        (Some(_), None) => {
            let message =
                "`pattern` needs `rule` beside it, which says when the policy is in force";
            Err(invalid("rule", message))
        }
        (None, Some(_)) => {
            let message = "`rule` needs `pattern` beside it, as `time-based-conditions:once`";
            Err(invalid("pattern", message))
        }
    }
}

/// The placeholder in the first form for a policy with a condition, as in the original: a program that reads access out of it must not
/// take the access for unconditional.
pub(super) fn placeholder(
    own_url: &UrlForCaller,
    policy: &Policy,
    whole: wired::Policy,
) -> wired::Policy {
    let attribute = |name: &str, value: String| wired::NamedAttribute {
        name: name.to_owned(),
        value,
        operator: None,
    };
    // An authorization has services for subjects, and nobody.
    let subject = match policy.subject {
        PolicySubject::Source(_) => "serviceName",
        PolicySubject::Principal(_) | PolicySubject::Invited(_) | PolicySubject::Group(_) => {
            "iam_id"
        }
    };
    wired::Policy {
        description: EXPLANATION.to_owned(),
        subjects: vec![wired::PolicySubject {
            attributes: vec![attribute(subject, UNSHOWN.to_lowercase())],
        }],
        roles: vec![wired::PolicyRole {
            role_id: UNSHOWN_ROLE.to_owned(),
            display_name: Some(UNSHOWN.to_owned()),
            description: Some(EXPLANATION.to_owned()),
        }],
        resources: vec![wired::PolicyResource {
            attributes: vec![attribute("accountId", policy.account.to_string())],
            tags: Vec::new(),
        }],
        href: format!("{}/v2/policies/{}", own_url.url, policy.id),
        ..whole
    }
}
