//! Policies as bodies and answers have them, in both forms.

use super::condition;
use crate::app::App;
use crate::failure::refused::{check_count, check_length, mended_by};
use crate::http::advertised_address::UrlForCaller;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::route::group_id;
use crate::route::iam_id;
use base::id::{AccessGroupId, AccountId};
use base::limit;
use iam::directory::{
    Attribute, AttributeOperator, AuthorizationSource, Directory, Policy, PolicyRole,
    PolicySubject, SourceAttribute,
};
use iam::manage::access_policy::{PolicyGrant, PolicyTerms};
use iam::manage::policy_condition::ConditionTerms;
use iam::{IamError, Identity, Remedy};
use serde_json::Value;
use std::sync::Arc;
use wire::iam::api_key::time_text;
use wire::iam::policy as wired;

/// In force.
pub(super) const ACTIVE: &str = "active";

/// Out of force.
pub(super) const DELETED: &str = "deleted";

/// The type of policies for principals and access groups.
pub(super) const ACCESS: &str = "access";

/// The type of policies for instances.
pub(super) const AUTHORIZATION: &str = "authorization";

/// The attributes of a subject.
const IAM_ID: &str = "iam_id";
const ACCESS_GROUP_ID: &str = "access_group_id";

/// Examples of the subject and the resource of a policy in the first form.
const SUBJECTS: &str = r#"`"subjects": [{"attributes": [{"name": "iam_id", "value": "IAM-ID"}]}]`"#;
const RESOURCES: &str =
    r#"`"resources": [{"attributes": [{"name": "accountId", "value": "ACCOUNT"}]}]`"#;

/// The operator of equal texts.
const EQUALS: &str = "stringEquals";

/// An attribute of either form.
struct Given<'b> {
    name: &'b str,
    operator: Option<&'b str>,
    value: &'b str,
}

impl<'b> Given<'b> {
    fn first(attribute: &'b wired::NamedAttribute) -> Self {
        Self {
            name: &attribute.name,
            operator: attribute.operator.as_deref(),
            value: &attribute.value,
        }
    }

    fn second(attribute: &'b wired::KeyedAttribute) -> Result<Self, Refusal> {
        let Value::String(value) = &attribute.value else {
            return Err(not_a_text(attribute));
        };
        Ok(Self {
            name: &attribute.key,
            operator: Some(&attribute.operator),
            value,
        })
    }
}

/// The refusal of an attribute that is compared with something else than a text: by its operator, which may need that.
fn not_a_text(attribute: &wired::KeyedAttribute) -> Refusal {
    let (key, operator) = (&attribute.key, &attribute.operator);
    for (field, text) in [("attributes", key), ("operator", operator)] {
        if let Err(problem) = check_length(field, text, &limit::WORD_BYTES) {
            return Refusal(problem);
        }
    }
    if let Err(refused) = AttributeOperator::read(key, Some(operator)) {
        return IamError::from(refused).into();
    }
    let message =
        format!("`value` of the attribute `{key}` is a text, and not a list or anything else");
    invalid("value", message)
}

/// The subject that an attribute names.
pub(super) fn subject(
    account: AccountId,
    name: &str,
    value: &str,
) -> Result<PolicySubject, Refusal> {
    match name {
        IAM_ID => iam_id::read(IAM_ID, value).map(PolicySubject::Principal),
        ACCESS_GROUP_ID => access_group(account, value).map(PolicySubject::Group),
        other => {
            check_length("subjects", other, &limit::WORD_BYTES)?;
            let message = format!(
                "a subject is named by `{IAM_ID}` or `{ACCESS_GROUP_ID}`: `{other}` is not enforced here"
            );
            Err(invalid("subjects", message))
        }
    }
}

/// The access group that a subject names by its id.
fn access_group(account: AccountId, value: &str) -> Result<AccessGroupId, Refusal> {
    if let Some(group) = group_id::read(account, value) {
        return Ok(group);
    }
    // With `show_crn` it stands beside the id, and is longer than an id may be.
    let of_crn = value.strip_prefix("crn:");
    let of_crn = of_crn.and_then(|rest| rest.rsplit_once(":groups:"));
    if let Some((_, id)) = of_crn.filter(|(_, id)| group_id::read(account, id).is_some()) {
        let message = format!("`{ACCESS_GROUP_ID}` is the id of an access group, not its CRN");
        let Refusal(problem) = invalid(ACCESS_GROUP_ID, message);
        return Err(Refusal(problem.hint(format!("write `{id}`"))));
    }
    check_length(ACCESS_GROUP_ID, value, &limit::WORD_BYTES)?;
    let message = format!("`{value}` is no id of an access group");
    let Refusal(problem) = invalid(ACCESS_GROUP_ID, message);
    Err(Refusal(mended_by(problem, Remedy::NameAccessGroup)))
}

/// The subject of a policy of this type.
fn subject_of_type(
    kind: &str,
    account: AccountId,
    all: &[Given<'_>],
) -> Result<PolicySubject, Refusal> {
    match kind {
        ACCESS => one_subject(account, all),
        AUTHORIZATION => {
            let all = all.iter().map(|given| SourceAttribute {
                key: given.name,
                operator: given.operator,
                value: given.value,
            });
            let all: Vec<SourceAttribute<'_>> = all.collect();
            let source = AuthorizationSource::read(account, &all).map_err(IamError::from)?;
            Ok(PolicySubject::Source(source))
        }
        other => {
            check_length("type", other, &limit::WORD_BYTES)?;
            let message = format!("`type` is `{ACCESS}` or `{AUTHORIZATION}`, not `{other}`");
            Err(invalid("type", message))
        }
    }
}

fn one_subject(account: AccountId, all: &[Given<'_>]) -> Result<PolicySubject, Refusal> {
    let [one] = all else {
        let message = format!(
            "a policy is for one subject with one attribute, `{IAM_ID}` or `{ACCESS_GROUP_ID}`"
        );
        return Err(invalid("subjects", message));
    };
    if one.operator.is_some_and(|operator| operator != EQUALS) {
        let message = format!("the operator of a subject can be `{EQUALS}` alone");
        return Err(invalid("operator", message));
    }
    subject(account, one.name, one.value)
}

fn no_tags(tags: &[wired::PolicyTag]) -> Result<(), Refusal> {
    match tags.is_empty() {
        true => Ok(()),
        false => {
            let message = "`tags` are not enforced here: leave them out";
            Err(invalid("tags", message.to_owned()))
        }
    }
}

/// Refuses what an invitation cannot give: authorizations are for instances.
fn check_invited_type(kind: &str) -> Result<(), Refusal> {
    if kind == ACCESS {
        return Ok(());
    }
    check_length("type", kind, &limit::WORD_BYTES)?;
    let message = format!(
        "`type` can be `{ACCESS}` alone: an invitation gives no policies of the type `{kind}`"
    );
    Err(invalid("type", message))
}

/// The grant of a policy, in both forms.
async fn grant(
    (app, caller): (&App, &Identity),
    resource: &[Given<'_>],
    description: Option<String>,
    roles: &[wired::PolicyRole],
) -> Result<PolicyGrant, Refusal> {
    // More are refused by their number, not looked for one by one.
    check_count("roles", roles.len(), &limit::ROLES_PER_POLICY)?;
    let crns: Vec<&str> = roles.iter().map(|role| role.role_id.as_str()).collect();
    let roles = app.iam.policy_roles(caller, &crns).await?;
    let read = |given: &Given<'_>| {
        Attribute::read(given.name, given.operator, given.value).map_err(IamError::from)
    };
    let attributes = resource.iter().map(read);
    Ok(PolicyGrant {
        description: description.unwrap_or_default(),
        roles,
        attributes: attributes.collect::<Result<Vec<Attribute>, IamError>>()?,
    })
}

/// The one entry of a list that takes one: the member `name`, in `field` of the body.
fn only<'w, T>(
    (field, name): (&'static str, &str),
    all: &'w [T],
    example: &str,
) -> Result<&'w T, Refusal> {
    match all {
        [one] => Ok(one),
        _ => {
            let message = format!("`{name}` takes one entry, and has {}", all.len());
            let Refusal(problem) = invalid(field, message);
            Err(Refusal(problem.hint(format!(
                "write {example}; what is for several takes a policy for each"
            ))))
        }
    }
}

/// Refuses a condition of time in an invitation, which is created for its id instead.
fn no_condition(wanted: &wired::InvitedPolicy) -> Result<(), Refusal> {
    let named = match (&wanted.pattern, &wanted.rule) {
        (None, None) => return Ok(()),
        (Some(_), _) => "pattern",
        (None, Some(_)) => "rule",
    };
    let message =
        format!("`{named}` is not taken in `iam_policy`: an invitation gives no policy for a time");
    let Refusal(problem) = invalid("iam_policy", message);
    Err(Refusal(problem.hint(
        "invite the person without it, then create the policy in `/v2/policies` for the id of the invitation",
    )))
}

/// The grants of an invitation's policies.
pub(super) async fn invited(
    app: &App,
    caller: &Identity,
    wanted: &wired::InvitedPolicy,
) -> Result<PolicyGrant, Refusal> {
    no_condition(wanted)?;
    let at = ("iam_policy", "resources");
    let resource = only(at, &wanted.resources, RESOURCES)?;
    check_invited_type(&wanted.kind)?;
    no_tags(&resource.tags)?;
    let resource: Vec<Given<'_>> = resource.attributes.iter().map(Given::first).collect();
    grant((app, caller), &resource, None, &wanted.roles).await
}

/// The terms of a body of the first form.
pub(super) async fn first(
    app: &App,
    caller: &Identity,
    wanted: wired::PolicyRequest,
) -> Result<PolicyTerms, Refusal> {
    let subject = only(("subjects", "subjects"), &wanted.subjects, SUBJECTS)?;
    let resource = only(("resources", "resources"), &wanted.resources, RESOURCES)?;
    no_tags(&resource.tags)?;
    let subject: Vec<Given<'_>> = subject.attributes.iter().map(Given::first).collect();
    let resource: Vec<Given<'_>> = resource.attributes.iter().map(Given::first).collect();
    Ok(PolicyTerms {
        subject: subject_of_type(&wanted.kind, caller.account(), &subject)?,
        grant: grant((app, caller), &resource, wanted.description, &wanted.roles).await?,
        condition: ConditionTerms::NotInForm,
    })
}

/// The terms of a body of the second form.
pub(super) async fn second(
    app: &App,
    caller: &Identity,
    wanted: wired::PolicyRequestV2,
) -> Result<PolicyTerms, Refusal> {
    no_tags(&wanted.resource.tags)?;
    let condition = condition::read(wanted.pattern.as_deref(), wanted.rule.as_ref())?;
    let subject = wanted.subject.attributes.iter().map(Given::second);
    let subject = subject.collect::<Result<Vec<Given<'_>>, Refusal>>()?;
    let resource = wanted.resource.attributes.iter().map(Given::second);
    let resource = resource.collect::<Result<Vec<Given<'_>>, Refusal>>()?;
    let roles = &wanted.control.grant.roles;
    Ok(PolicyTerms {
        subject: subject_of_type(&wanted.kind, caller.account(), &subject)?,
        grant: grant((app, caller), &resource, wanted.description, roles).await?,
        condition: ConditionTerms::Only(condition),
    })
}

/// Shows policies.
pub(in crate::route) struct Form<'u> {
    directory: Arc<Directory>,
    own_url: &'u UrlForCaller,
}

impl<'u> Form<'u> {
    pub(super) fn new(app: &App, own_url: &'u UrlForCaller) -> Self {
        Self {
            directory: app.iam.directory(),
            own_url,
        }
    }

    fn roles(&self, policy: &Policy) -> Vec<wired::PolicyRole> {
        let one = |role: &PolicyRole| match role {
            PolicyRole::Named(role) => Some(wired::PolicyRole {
                role_id: role.crn(),
                display_name: Some(role.name().to_owned()),
                description: Some(role.description().to_owned()),
            }),
            PolicyRole::Custom(id) => {
                let role = self.directory.custom_role(*id)?;
                Some(wired::PolicyRole {
                    role_id: role.crn(),
                    display_name: Some(role.display_name.clone()),
                    description: Some(role.description.clone()),
                })
            }
        };
        policy.roles.iter().filter_map(one).collect()
    }

    /// The attributes of the subject, with their values.
    fn subject(policy: &Policy) -> Vec<(&'static str, String)> {
        let one = match policy.subject {
            PolicySubject::Principal(principal) => (IAM_ID, iam_id::of(principal)),
            PolicySubject::Invited(id) => (IAM_ID, id.to_string()),
            PolicySubject::Group(group) => {
                (ACCESS_GROUP_ID, group_id::to_wire(policy.account, group))
            }
            PolicySubject::Source(source) => return source.attributes(policy.account),
        };
        vec![one]
    }

    /// A policy in the first form, which has no conditions: of a policy with one there is no more than that.
    pub(super) fn first(&self, policy: &Policy) -> wired::Policy {
        let whole = self.unconditional(policy);
        match policy.condition {
            None => whole,
            Some(_) => condition::placeholder(self.own_url, policy, whole),
        }
    }

    /// A policy in the first form, as if it had no condition.
    fn unconditional(&self, policy: &Policy) -> wired::Policy {
        let subject = |(name, value): (&str, String)| wired::NamedAttribute {
            name: name.to_owned(),
            value,
            operator: None,
        };
        let attribute = |stored: &Attribute| wired::NamedAttribute {
            name: stored.key.name().to_owned(),
            value: stored.value.clone(),
            operator: Some(stored.operator.name().to_owned()),
        };
        wired::Policy {
            id: policy.id.to_string(),
            kind: kind(policy).to_owned(),
            description: policy.description.clone(),
            subjects: vec![wired::PolicySubject {
                attributes: Self::subject(policy).into_iter().map(subject).collect(),
            }],
            roles: self.roles(policy),
            resources: vec![wired::PolicyResource {
                attributes: policy.attributes.iter().map(attribute).collect(),
                tags: Vec::new(),
            }],
            href: format!("{}/v1/policies/{}", self.own_url.url, policy.id),
            created_at: time_text(policy.created.at),
            created_by_id: policy.created.by.to_string(),
            last_modified_at: time_text(policy.modified.at),
            last_modified_by_id: policy.modified.by.to_string(),
            state: state(policy).to_owned(),
        }
    }

    /// A policy in the second form.
    pub(super) fn second(&self, policy: &Policy) -> wired::PolicyV2 {
        let subject = |(key, value): (&str, String)| wired::KeyedAttribute {
            key: key.to_owned(),
            operator: EQUALS.to_owned(),
            value: value.into(),
        };
        let attribute = |stored: &Attribute| wired::KeyedAttribute {
            key: stored.key.name().to_owned(),
            operator: stored.operator.name().to_owned(),
            value: stored.value.clone().into(),
        };
        wired::PolicyV2 {
            id: policy.id.to_string(),
            kind: kind(policy).to_owned(),
            description: policy.description.clone(),
            control: wired::PolicyControl {
                grant: wired::PolicyGrant {
                    roles: self.roles(policy),
                },
            },
            subject: wired::PolicySubjectV2 {
                attributes: Self::subject(policy).into_iter().map(subject).collect(),
            },
            resource: wired::PolicyResourceV2 {
                attributes: policy.attributes.iter().map(attribute).collect(),
                tags: Vec::new(),
            },
            pattern: policy
                .condition
                .as_ref()
                .map(|condition| condition.pattern().to_owned()),
            rule: policy
                .condition
                .as_ref()
                .map(|condition| condition.rule().clone()),
            href: format!("{}/v2/policies/{}", self.own_url.url, policy.id),
            created_at: time_text(policy.created.at),
            created_by_id: policy.created.by.to_string(),
            last_modified_at: time_text(policy.modified.at),
            last_modified_by_id: policy.modified.by.to_string(),
            state: state(policy).to_owned(),
        }
    }
}

/// The type of a policy.
pub(super) const fn kind(policy: &Policy) -> &'static str {
    match policy.subject.is_source() {
        true => AUTHORIZATION,
        false => ACCESS,
    }
}

fn state(policy: &Policy) -> &'static str {
    if policy.active { ACTIVE } else { DELETED }
}
