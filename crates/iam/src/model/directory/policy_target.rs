//! The attributes of a policy's resource, and the domains that they mean. Only what is enforced can be stored: an attribute or an
//! operator that is not known here is refused.

use crate::model::text::{check_length, check_stored};
use crate::refusal::{Refusal, Remedy};
use base::id::{AccountId, Guid, OrgId, ResourceGroupId, SpaceId};
use base::limit;
use base::scope::Domain;

/// The one service whose resources this server has.
pub const SERVICE_NAME: &str = "ibmcloud-monitoring";

/// The type of every service.
const SERVICE_TYPE: &str = "service";

/// An attribute by which a resource is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AttributeKey {
    /// The account, which every policy names.
    Account,
    /// The service.
    Service,
    /// The type of the service.
    ServiceType,
    /// The region of an organization and its spaces. The account's own domain has the server's region if there is only one,
    /// otherwise none.
    Region,
    /// An organization, with its spaces.
    Org,
    /// A space.
    Space,
    /// A resource group: the spaces whose instances are in it. Everything else is in the account's first one.
    ResourceGroup,
    /// The kind of the domain.
    Kind,
    /// The domain of that kind, by its GUID.
    Resource,
}

impl AttributeKey {
    const ALL: [Self; 9] = [
        Self::Account,
        Self::Service,
        Self::ServiceType,
        Self::Region,
        Self::Org,
        Self::Space,
        Self::ResourceGroup,
        Self::Kind,
        Self::Resource,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "accountId",
            Self::Service => "serviceName",
            Self::ServiceType => "serviceType",
            Self::Region => "region",
            Self::Org => "organizationId",
            Self::Space => "spaceId",
            Self::ResourceGroup => "resourceGroupId",
            Self::Kind => "resourceType",
            Self::Resource => "resource",
        }
    }
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AttributeOperator {
    /// The text itself.
    Equals,
    /// A pattern with `*` for any characters and `?` for one.
    Matches,
}

impl AttributeOperator {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equals => "stringEquals",
            Self::Matches => "stringMatch",
        }
    }

    /// The operator of this name, as it is given to an attribute; without one it is that of equal texts.
    ///
    /// # Errors
    /// When it is not enforced here.
    pub fn read(key: &str, name: Option<&str>) -> Result<Self, Refusal> {
        match name {
            None | Some("stringEquals") => Ok(Self::Equals),
            Some("stringMatch") => Ok(Self::Matches),
            Some(other) => {
                check_length("operator", other, &limit::WORD_BYTES)?;
                let message = format!(
                    "the operator `{other}` of the attribute `{key}` is not enforced here: there are `stringEquals` and `stringMatch`, \
                     which compare texts"
                );
                Err(Refusal::invalid("operator", message))
            }
        }
    }
}

/// An attribute with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The attribute compared.
    pub key: AttributeKey,
    /// How.
    pub operator: AttributeOperator,
    /// With what.
    pub value: String,
}

impl Attribute {
    /// Reads an attribute; without an operator it is that of equal texts.
    ///
    /// # Errors
    /// When it is not enforced here, or its value is empty or too long.
    pub fn read(key: &str, operator: Option<&str>, value: &str) -> Result<Self, Refusal> {
        let known_key = AttributeKey::ALL
            .into_iter()
            .find(|known_key| known_key.name() == key);
        let Some(known_key) = known_key else {
            check_length("attributes", key, &limit::WORD_BYTES)?;
            let known = AttributeKey::ALL.map(|known_key| format!("`{}`", known_key.name()));
            return Err(Refusal::invalid(
                "attributes",
                format!(
                    "the attribute `{key}` of a resource is not enforced here: there are {}",
                    known.join(", ")
                ),
            ));
        };
        let operator = AttributeOperator::read(key, operator)?;
        check_stored(known_key.name(), value, &limit::POLICY_VALUE_BYTES)?;
        if value.is_empty() {
            return Err(wrong(known_key, "needs a value"));
        }
        Ok(Self {
            key: known_key,
            operator,
            value: value.to_owned(),
        })
    }
}

/// The kind of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum DomainKind {
    Account,
    Org,
    Space,
}

impl DomainKind {
    pub(super) const fn of(domain: Domain) -> (Self, Guid) {
        match domain {
            Domain::Account(id) => (Self::Account, id.0),
            Domain::Org(id) => (Self::Org, id.0),
            Domain::Space(id) => (Self::Space, id.0),
        }
    }

    /// The domain of this kind with this GUID.
    pub(super) const fn domain(self, guid: Guid) -> Domain {
        match self {
            Self::Account => Domain::Account(AccountId(guid)),
            Self::Org => Domain::Org(OrgId(guid)),
            Self::Space => Domain::Space(SpaceId(guid)),
        }
    }
}

/// The domains of an account that a policy is about: those that have all of its attributes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PolicyTarget {
    pub(super) region: Option<(AttributeOperator, String)>,
    pub(super) org: Option<OrgId>,
    pub(super) space: Option<SpaceId>,
    pub(super) group: Option<ResourceGroupId>,
    pub(super) kind: Option<DomainKind>,
    pub(super) resource: Option<Guid>,
}

impl PolicyTarget {
    /// The domains that the attributes of a policy of this account select.
    pub(crate) fn of(account: AccountId, attributes: &[Attribute]) -> Result<Self, Refusal> {
        let (mut target, mut names_account) = (Self::default(), false);
        for (at, attribute) in attributes.iter().enumerate() {
            let Attribute {
                key,
                operator,
                value,
            } = attribute;
            if attributes.iter().take(at).any(|other| other.key == *key) {
                return Err(wrong(*key, "is given twice"));
            }
            let has_pattern = *operator == AttributeOperator::Matches;
            if has_pattern && !matches!(key, AttributeKey::Region | AttributeKey::Service) {
                return Err(wrong(*key, "takes the operator `stringEquals` alone"));
            }
            match key {
                AttributeKey::Account => {
                    if value.parse::<AccountId>() != Ok(account) {
                        let what = format!("is not the account of the credential, `{account}`");
                        return Err(wrong(*key, &what));
                    }
                    names_account = true;
                }
                AttributeKey::Service => {
                    if !is_met(*operator, value, SERVICE_NAME) {
                        return Err(wrong(
                            *key,
                            "is not `ibmcloud-monitoring`, the one service here",
                        ));
                    }
                }
                AttributeKey::ServiceType => {
                    if value != SERVICE_TYPE {
                        return Err(wrong(*key, "can be `service` alone"));
                    }
                }
                AttributeKey::Region => {
                    let mut value = value.clone();
                    if has_pattern {
                        // Several `*` in a row mean the same as one, and would cost time at every decision.
                        value = collapsed(&value);
                    }
                    target.region = Some((*operator, value));
                }
                AttributeKey::Org => target.org = Some(OrgId(guid(*key, value)?)),
                AttributeKey::Space => target.space = Some(SpaceId(guid(*key, value)?)),
                AttributeKey::ResourceGroup => {
                    target.group = Some(ResourceGroupId(guid(*key, value)?));
                }
                AttributeKey::Kind => {
                    target.kind = Some(match value.as_str() {
                        "account" => DomainKind::Account,
                        "organization" => DomainKind::Org,
                        "space" => DomainKind::Space,
                        _ => {
                            let what = "can be `account`, `organization` or `space`";
                            return Err(wrong(*key, what));
                        }
                    });
                }
                AttributeKey::Resource => target.resource = Some(guid(*key, value)?),
            }
        }
        if !names_account {
            return Err(wrong(AttributeKey::Account, "is missing"));
        }
        if target.resource.is_some() && target.kind.is_none() {
            return Err(wrong(
                AttributeKey::Resource,
                "needs `resourceType` beside it",
            ));
        }
        Ok(target)
    }

    /// The domains that the attributes name, each with the attribute that names it.
    pub(crate) fn named_domains(&self) -> impl Iterator<Item = (AttributeKey, Domain)> {
        let org = self.org.map(|org| (AttributeKey::Org, Domain::Org(org)));
        let space = self.space;
        let space = space.map(|space| (AttributeKey::Space, Domain::Space(space)));
        let resource = self.kind.zip(self.resource);
        let resource = resource.map(|(kind, guid)| (AttributeKey::Resource, kind.domain(guid)));
        [org, space, resource].into_iter().flatten()
    }

    /// The resource group that the attributes name.
    pub(crate) const fn named_group(&self) -> Option<ResourceGroupId> {
        self.group
    }
}

/// The refusal of an attribute that names what is not in the account.
pub(crate) fn missing(key: AttributeKey) -> Refusal {
    let what = match key {
        AttributeKey::Org => "is no organization of the account",
        AttributeKey::Space => "is no space of the account",
        AttributeKey::ResourceGroup => "is no resource group of the account",
        _ => "is no such domain of the account",
    };
    wrong(key, what).remedy(by_name(key)).maybe_unknown()
}

pub(super) fn wrong(key: AttributeKey, what: &str) -> Refusal {
    let name = key.name();
    Refusal::invalid(name, format!("the attribute `{name}` {what}"))
}

/// How to find the id of what the attribute names.
const fn by_name(key: AttributeKey) -> Remedy {
    match key {
        AttributeKey::Org => Remedy::NameOrg,
        AttributeKey::Space => Remedy::NameSpace,
        AttributeKey::ResourceGroup => Remedy::NameResourceGroup,
        _ => Remedy::NameDomain,
    }
}

fn guid(key: AttributeKey, value: &str) -> Result<Guid, Refusal> {
    Guid::parse(value).map_err(|_| wrong(key, "is no GUID").remedy(by_name(key)))
}

pub(super) fn is_met(operator: AttributeOperator, value: &str, text: &str) -> bool {
    match operator {
        AttributeOperator::Equals => value == text,
        AttributeOperator::Matches => matches(value.as_bytes(), text.as_bytes()),
    }
}

/// The pattern with one `*` for each run of them.
fn collapsed(pattern: &str) -> String {
    let mut short = String::with_capacity(pattern.len());
    for letter in pattern.chars() {
        if letter != '*' || !short.ends_with('*') {
            short.push(letter);
        }
    }
    short
}

/// Whether the text matches the pattern, in which `*` stands for any characters and `?` for one. Only the last `*` is tried
/// again, so the work is at most the product of the lengths.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut next, mut star) = (0, 0, None);
    while let Some(byte) = text.get(at) {
        match pattern.get(next) {
            Some(b'*') => {
                star = Some((next, at));
                next += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted == byte => {
                next += 1;
                at += 1;
            }
            _ => {
                let Some((before, from)) = star else {
                    return false;
                };
                star = Some((before, from + 1));
                next = before + 1;
                at = from + 1;
            }
        }
    }
    pattern.iter().skip(next).all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_stars_and_question_marks() {
        for (pattern, text, expected) in [
            ("*", "us-south", true),
            ("us-*", "us-south", true),
            ("us-*th", "us-south", true),
            ("*s*u*h", "us-south", true),
            ("us-sout?", "us-south", true),
            ("us-south?", "us-south", false),
            ("eu-*", "us-south", false),
            ("", "us-south", false),
            ("us-south*", "us-south", true),
            ("us", "us-south", false),
        ] {
            let found = matches(pattern.as_bytes(), text.as_bytes());
            assert_eq!(found, expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_run_of_stars_is_one() {
        assert_eq!(collapsed(&format!("{}local", "*".repeat(995))), "*local");
        assert_eq!(collapsed("a**b***"), "a*b*");
        assert_eq!(collapsed("a*b?c"), "a*b?c");
    }

    #[test]
    fn what_is_not_enforced_is_refused_by_its_name() {
        let account = AccountId(Guid::from_random([1; 16]));
        let of = |all: &[(&str, &str, &str)]| -> Result<PolicyTarget, Refusal> {
            let all = all
                .iter()
                .map(|(key, operator, value)| Attribute::read(key, Some(operator), value));
            PolicyTarget::of(account, &all.collect::<Result<Vec<_>, _>>()?)
        };
        let of_account = account.to_string();
        let of_account = ("accountId", "stringEquals", of_account.as_str());
        assert_eq!(of(&[of_account]), Ok(PolicyTarget::default()));
        assert!(of(&[of_account, ("serviceName", "stringMatch", "ibmcloud-*")]).is_ok());
        let space = "01234567-89ab-cdef-0123-456789abcdef";
        for (given, field) in [
            (vec![], "accountId"),
            (vec![of_account, of_account], "accountId"),
            (vec![("accountId", "stringEquals", space)], "accountId"),
            (vec![("accountId", "stringMatch", "*")], "accountId"),
            (
                vec![of_account, ("serviceName", "stringEquals", "kms")],
                "serviceName",
            ),
            (
                vec![
                    of_account,
                    ("serviceType", "stringEquals", "platform_service"),
                ],
                "serviceType",
            ),
            (
                vec![of_account, ("spaceId", "stringEquals", "dev")],
                "spaceId",
            ),
            (vec![of_account, ("spaceId", "stringMatch", "*")], "spaceId"),
            (
                vec![of_account, ("resource", "stringEquals", space)],
                "resource",
            ),
            (
                vec![of_account, ("resourceType", "stringEquals", "bucket")],
                "resourceType",
            ),
            (
                vec![of_account, ("region", "stringExists", "true")],
                "operator",
            ),
            (vec![of_account, ("region", "stringEquals", "")], "region"),
            (
                vec![of_account, ("colour", "stringEquals", "red")],
                "attributes",
            ),
        ] {
            let refused = of(&given).unwrap_err();
            assert_eq!(refused.field, Some(field), "{refused}");
        }
    }
}
