//! The instances of the monitoring service that an authorization lets act, always of the account that it belongs to.

use super::policy_target::{AttributeOperator, SERVICE_NAME};
use super::resource::Instance;
use crate::model::text::check_length;
use crate::refusal::{Refusal, Remedy};
use base::id::{AccountId, Guid, IdError, InstanceId, ResourceGroupId};
use base::limit;
use std::fmt;
use std::str::FromStr;

/// The attributes of a source.
const SERVICE: &str = "serviceName";
const ACCOUNT: &str = "accountId";
const INSTANCE: &str = "serviceInstance";
const GROUP: &str = "resourceGroupId";

/// The stored form of all instances, and how those of one and of a group begin.
const ALL_STORED: &str = "instances";
const INSTANCE_STORED: &str = "instance:";
const GROUP_STORED: &str = "resource-group:";

/// The instances of the account that an authorization is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AuthorizationSource {
    /// All instances.
    All,
    /// The instances in the resource group.
    Group(ResourceGroupId),
    /// One instance.
    Instance(InstanceId),
}

/// An attribute of a source, as it is given.
#[derive(Debug, Clone, Copy)]
pub struct SourceAttribute<'a> {
    /// Its name.
    pub key: &'a str,
    /// How it is compared; without an operator, as an equal text.
    pub operator: Option<&'a str>,
    /// With what.
    pub value: &'a str,
}

impl AuthorizationSource {
    /// The sources that an instance is one of.
    pub(crate) const fn of(instance: &Instance) -> [Self; 3] {
        [
            Self::All,
            Self::Group(instance.group),
            Self::Instance(instance.id),
        ]
    }

    /// The source that the attributes of an authorization's subject select.
    ///
    /// # Errors
    /// When one of them is not enforced here, or names another account or service than those of this server and the authorization.
    pub fn read(account: AccountId, attributes: &[SourceAttribute<'_>]) -> Result<Self, Refusal> {
        let (mut source, mut names_service, mut names_account) = (Self::All, false, false);
        for (at, attribute) in attributes.iter().enumerate() {
            let SourceAttribute {
                key,
                operator,
                value,
            } = *attribute;
            let name = known(key)?;
            check_length(name, value, &limit::POLICY_VALUE_BYTES)?;
            if AttributeOperator::read(key, operator)? != AttributeOperator::Equals {
                return Err(wrong(name, "takes the operator `stringEquals` alone"));
            }
            if attributes.iter().take(at).any(|other| other.key == key) {
                return Err(wrong(name, "is given twice"));
            }
            let narrowed = match name {
                SERVICE => {
                    if value != SERVICE_NAME {
                        let what = format!("is not `{SERVICE_NAME}`, the one service here");
                        return Err(wrong(name, &what));
                    }
                    names_service = true;
                    continue;
                }
                ACCOUNT => {
                    if value.parse::<AccountId>() != Ok(account) {
                        let what = format!(
                            "is not the account of the authorization, `{account}`: nothing acts across accounts"
                        );
                        return Err(wrong(name, &what));
                    }
                    names_account = true;
                    continue;
                }
                INSTANCE => {
                    let guid = Guid::parse(value).map_err(|_| wrong(name, "is no GUID"));
                    Self::Instance(InstanceId(guid?))
                }
                _ => {
                    let guid = Guid::parse(value)
                        .map_err(|_| wrong(name, "is no GUID").remedy(Remedy::NameResourceGroup));
                    Self::Group(ResourceGroupId(guid?))
                }
            };
            if source != Self::All {
                let what = format!(
                    "cannot be given together with the other one of `{INSTANCE}` and `{GROUP}`"
                );
                return Err(wrong(name, &what));
            }
            source = narrowed;
        }
        for (name, is_named) in [(SERVICE, names_service), (ACCOUNT, names_account)] {
            if !is_named {
                return Err(wrong(name, "is missing"));
            }
        }
        Ok(source)
    }

    /// Its attributes, with their values.
    #[must_use]
    pub fn attributes(self, account: AccountId) -> Vec<(&'static str, String)> {
        let narrowed = match self {
            Self::All => None,
            Self::Group(group) => Some((GROUP, group.to_string())),
            Self::Instance(instance) => Some((INSTANCE, instance.to_string())),
        };
        let service = (SERVICE, SERVICE_NAME.to_owned());
        let account = (ACCOUNT, account.to_string());
        [service, account].into_iter().chain(narrowed).collect()
    }

    /// The refusal of a source that is not in the account.
    pub(crate) fn missing(self) -> Refusal {
        match self {
            Self::Instance(_) => wrong(INSTANCE, "is no instance of the account"),
            Self::All | Self::Group(_) => {
                let problem = wrong(GROUP, "is no resource group of the account");
                problem.remedy(Remedy::NameResourceGroup)
            }
        }
    }
}

/// The attribute of this name.
fn known(key: &str) -> Result<&'static str, Refusal> {
    let all = [SERVICE, ACCOUNT, INSTANCE, GROUP];
    if let Some(name) = all.into_iter().find(|name| *name == key) {
        return Ok(name);
    }
    check_length("subjects", key, &limit::WORD_BYTES)?;
    let all = all.map(|name| format!("`{name}`"));
    let message = format!(
        "the attribute `{key}` of the subject of an authorization is not enforced here: there are {}",
        all.join(", ")
    );
    Err(Refusal::invalid("subjects", message))
}

fn wrong(name: &'static str, what: &str) -> Refusal {
    let message = format!("the attribute `{name}` of the subject of an authorization {what}");
    Refusal::invalid(name, message)
}

/// The stored form.
impl fmt::Display for AuthorizationSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str(ALL_STORED),
            Self::Group(group) => write!(f, "{GROUP_STORED}{}", group.0),
            Self::Instance(instance) => write!(f, "{INSTANCE_STORED}{instance}"),
        }
    }
}

impl FromStr for AuthorizationSource {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text == ALL_STORED {
            return Ok(Self::All);
        }
        if let Some(guid) = text.strip_prefix(INSTANCE_STORED) {
            return Ok(Self::Instance(InstanceId(Guid::parse(guid)?)));
        }
        let guid = text.strip_prefix(GROUP_STORED).ok_or(IdError {
            expected: "the source of an authorization",
        })?;
        Ok(Self::Group(ResourceGroupId(Guid::parse(guid)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT_ID: AccountId = AccountId(Guid::from_random([1; 16]));
    const GUID: &str = "01234567-89ab-cdef-0123-456789abcdef";

    fn read(all: &[(&str, Option<&str>, &str)]) -> Result<AuthorizationSource, Refusal> {
        let all: Vec<SourceAttribute<'_>> = all
            .iter()
            .map(|(key, operator, value)| SourceAttribute {
                key,
                operator: *operator,
                value,
            })
            .collect();
        AuthorizationSource::read(ACCOUNT_ID, &all)
    }

    #[test]
    fn every_source_is_read_back_from_its_attributes_and_its_stored_form() {
        let guid = Guid::parse(GUID).unwrap();
        for source in [
            AuthorizationSource::All,
            AuthorizationSource::Group(ResourceGroupId(guid)),
            AuthorizationSource::Instance(InstanceId(guid)),
        ] {
            assert_eq!(source.to_string().parse(), Ok(source));
            let attributes = source.attributes(ACCOUNT_ID);
            let attributes: Vec<(&str, Option<&str>, &str)> = attributes
                .iter()
                .map(|(key, value)| (*key, None, value.as_str()))
                .collect();
            assert_eq!(read(&attributes), Ok(source));
        }
        for unknown in ["", "instance:x", "spaces", "resource-group:"] {
            assert!(unknown.parse::<AuthorizationSource>().is_err(), "{unknown}");
        }
    }

    #[test]
    fn what_is_not_enforced_is_refused_by_its_name() {
        let account = ACCOUNT_ID.to_string();
        let service = ("serviceName", None, SERVICE_NAME);
        let of_account = ("accountId", Some("stringEquals"), account.as_str());
        assert_eq!(read(&[service, of_account]), Ok(AuthorizationSource::All));
        for (given, field) in [
            (vec![of_account], "serviceName"),
            (vec![service], "accountId"),
            (vec![service, of_account, service], "serviceName"),
            (
                vec![("serviceName", None, "kms"), of_account],
                "serviceName",
            ),
            (vec![service, ("accountId", None, GUID)], "accountId"),
            (
                vec![service, ("accountId", Some("stringMatch"), "*")],
                "accountId",
            ),
            (
                vec![service, ("accountId", Some("stringExists"), "true")],
                "operator",
            ),
            (
                vec![service, of_account, ("serviceInstance", None, "mine")],
                "serviceInstance",
            ),
            (
                vec![service, of_account, ("resourceGroupId", None, "Default")],
                "resourceGroupId",
            ),
            (
                vec![
                    service,
                    of_account,
                    ("serviceInstance", None, GUID),
                    ("resourceGroupId", None, GUID),
                ],
                "resourceGroupId",
            ),
            (
                vec![service, of_account, ("region", None, "local")],
                "subjects",
            ),
            (vec![("iam_id", None, "IBMid-1")], "subjects"),
        ] {
            let refused = read(&given).unwrap_err();
            assert_eq!(refused.field, Some(field), "{refused}");
        }
    }
}
