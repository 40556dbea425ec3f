//! The resource of a question about access: the domain that it stands for, and what else is said of it.

use crate::app::App;
use crate::failure::refused::{check_length, mended_by};
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use base::id::{AccountId, InstanceId, OrgId, ResourceGroupId, SpaceId};
use base::limit;
use base::scope::Domain;
use iam::directory::SERVICE_NAME;
use iam::{Directory, Remedy};
use std::str::FromStr;
use wire::iam::authz::{AuthzResource, AuthzResourceAttributes};

/// The type of every service.
const SERVICE_TYPE: &str = "service";

/// The kind of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DomainKind {
    Account,
    Org,
    Space,
}

impl DomainKind {
    const fn of(domain: Domain) -> Self {
        match domain {
            Domain::Account(_) => Self::Account,
            Domain::Org(_) => Self::Org,
            Domain::Space(_) => Self::Space,
        }
    }

    /// The kind of this name, which policies give it as well.
    fn read(name: &str) -> Result<Self, Refusal> {
        match name {
            "account" => Ok(Self::Account),
            "organization" => Ok(Self::Org),
            "space" => Ok(Self::Space),
            other => {
                check_length("resource", other, &limit::WORD_BYTES)?;
                let message = format!(
                    "`resource`: `resourceType` is `account`, `organization` or `space`, not `{other}`"
                );
                Err(invalid("resource", message))
            }
        }
    }
}

/// The resource that a question names.
#[derive(Debug, Default)]
pub(super) struct Named {
    kind: Option<DomainKind>,
    account: Option<AccountId>,
    org: Option<OrgId>,
    space: Option<SpaceId>,
    instance: Option<InstanceId>,
    group: Option<ResourceGroupId>,
    region: Option<String>,
}

impl Named {
    pub(super) fn read(wanted: &AuthzResource) -> Result<Self, Refusal> {
        let named = match (&wanted.crn, &wanted.attributes) {
            (Some(crn), None) => of_crn(crn),
            (None, Some(attributes)) => of_attributes(attributes),
            _ => {
                let message = "`resource` takes `crn` or `attributes`";
                Err(invalid("resource", message.to_owned()))
            }
        }?;
        let is_none = named.account.is_none() && named.org.is_none() && named.space.is_none();
        if is_none && named.instance.is_none() {
            let message = "`resource` names no account, organization, space or instance";
            return Err(invalid("resource", message.to_owned()));
        }
        named.check_kind()?;
        Ok(named)
    }

    /// A policy may be about every space there is. A question is about one, which it must name.
    fn check_kind(&self) -> Result<(), Refusal> {
        let is_space_named = self.space.is_some() || self.instance.is_some();
        let message = match self.kind {
            Some(DomainKind::Space) if !is_space_named => {
                "`resource`: `resourceType` is `space`, and no space is named: name one by `spaceId`"
            }
            Some(DomainKind::Org) if self.org.is_none() && !is_space_named => {
                "`resource`: `resourceType` is `organization`, and no organization is named: name one by `organizationId`"
            }
            _ => return Ok(()),
        };
        Err(invalid("resource", message.to_owned()))
    }

    /// The domain that is meant: the space, else that of the instance, else the organization, else the account. None where
    /// something that is said is not true of it: no request could be about both.
    pub(super) fn domain(&self, app: &App) -> Option<Domain> {
        let directory = app.iam.directory();
        let of_instance = match self.instance {
            Some(id) => Some(directory.instance(id)?.space),
            None => None,
        };
        let space = self.space.or(of_instance);
        let domain = match (space, self.org, self.account) {
            (Some(space), _, _) => Domain::Space(space),
            (None, Some(org), _) => Domain::Org(org),
            (None, None, account) => Domain::Account(account?),
        };
        let is_true = is_same(self.kind, Some(DomainKind::of(domain)))
            && is_same(self.account, directory.account_of(domain))
            && is_same(self.org, org_of(&directory, domain))
            && is_same(of_instance, self.space.or(of_instance))
            && is_same(self.group, directory.resource_group_of(domain))
            && is_same(self.region.as_deref(), directory.region_of(domain));
        is_true.then_some(domain)
    }
}

/// Whether what is said, if anything, is so.
fn is_same<T: PartialEq + Copy>(named: Option<T>, is: Option<T>) -> bool {
    named.is_none() || named == is
}

fn org_of(directory: &Directory, domain: Domain) -> Option<OrgId> {
    match domain {
        Domain::Space(space) => directory.org_of(space),
        Domain::Org(org) => Some(org),
        Domain::Account(_) => None,
    }
}

fn check_service(service: &str) -> Result<(), Refusal> {
    if service == SERVICE_NAME {
        return Ok(());
    }
    check_length("resource", service, &limit::WORD_BYTES)?;
    let message = format!("`resource`: the one service here is `{SERVICE_NAME}`");
    Err(invalid("resource", message))
}

fn guid<T: FromStr>(text: &str) -> Result<T, Refusal> {
    check_length("resource", text, &limit::WORD_BYTES)?;
    text.parse().map_err(|_| {
        let message = format!("`resource`: `{text}` is no GUID");
        let Refusal(problem) = invalid("resource", message);
        Refusal(mended_by(problem, Remedy::NameDomain))
    })
}

fn maybe<T: FromStr>(text: Option<&String>) -> Result<Option<T>, Refusal> {
    text.map(|text| guid(text)).transpose()
}

/// The region, the domain and the instance that a CRN names.
fn of_crn(crn: &str) -> Result<Named, Refusal> {
    check_length("resource", crn, &limit::LABEL_BYTES)?;
    let none = || {
        let message = format!(
            "`resource`: `{crn}` is no CRN of a domain like `crn:v1:bluemix:public:{SERVICE_NAME}::s/GUID:::`"
        );
        invalid("resource", message)
    };
    let parts: Vec<&str> = crn.splitn(10, ':').collect();
    let [
        "crn",
        "v1",
        "bluemix",
        "public",
        service,
        region,
        scope,
        rest @ ..,
    ] = parts.as_slice()
    else {
        return Err(none());
    };
    check_service(service)?;
    // Nothing below an instance has a CRN.
    let (instance, below) = match rest {
        [] => ("", &[] as &[&str]),
        [instance, below @ ..] => (*instance, below),
    };
    if below.iter().any(|part| !part.is_empty()) {
        return Err(none());
    }
    let mut named = Named {
        region: (!region.is_empty()).then(|| (*region).to_owned()),
        instance: match instance {
            "" => None,
            id => Some(guid(id)?),
        },
        ..Named::default()
    };
    match scope.split_once('/') {
        Some(("a", account)) => named.account = Some(guid(account)?),
        Some(("o", org)) => named.org = Some(guid(org)?),
        Some(("s", space)) => named.space = Some(guid(space)?),
        _ => return Err(none()),
    }
    Ok(named)
}

fn of_attributes(wanted: &AuthzResourceAttributes) -> Result<Named, Refusal> {
    if let Some(service) = &wanted.service_name {
        check_service(service)?;
    }
    if wanted
        .service_type
        .as_deref()
        .is_some_and(|kind| kind != SERVICE_TYPE)
    {
        let message = format!("`resource`: `serviceType` can be `{SERVICE_TYPE}` alone");
        return Err(invalid("resource", message));
    }
    if let Some(region) = &wanted.region {
        check_length("resource", region, &limit::WORD_BYTES)?;
    }
    let kind = wanted.resource_type.as_deref();
    Ok(Named {
        kind: kind.map(DomainKind::read).transpose()?,
        account: maybe(wanted.account_id.as_ref())?,
        org: maybe(wanted.organization_id.as_ref())?,
        space: maybe(wanted.space_id.as_ref())?,
        instance: maybe(wanted.service_instance.as_ref())?,
        group: maybe(wanted.resource_group_id.as_ref())?,
        region: wanted.region.clone(),
    })
}
