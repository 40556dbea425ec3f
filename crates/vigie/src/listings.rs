//! The accounts, regions, organizations and spaces that the caller can see.

use crate::client::{Request, encode};
use crate::config::DomainFields;
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::pages::PAGE_SIZE;
use serde::de::DeserializeOwned;
use wire::cf::list::{List, Resource};
use wire::cf::organization::OrganizationEntity;
use wire::cf::region::{Region, Regions};
use wire::cf::space::SpaceEntity;
use wire::iam::account::{AccountResource, Accounts};

/// An organization as listed.
pub(crate) type Org = Resource<OrganizationEntity>;
/// A space as listed.
pub(crate) type Space = Resource<SpaceEntity>;

impl From<Org> for DomainFields {
    fn from(org: Org) -> Self {
        Self {
            guid: org.metadata.guid,
            name: org.entity.name,
            ..Self::default()
        }
    }
}

impl From<Space> for DomainFields {
    fn from(space: Space) -> Self {
        Self {
            guid: space.metadata.guid,
            name: space.entity.name,
            ..Self::default()
        }
    }
}

impl Context {
    /// A URL of the Cloud Foundry API.
    pub(crate) fn cf_url(&self, path: &str) -> Result<String, Failure> {
        Ok(format!("{}{path}", self.cf_root()?))
    }

    /// The root URL of the Cloud Foundry API.
    pub(crate) fn cf_root(&self) -> Result<String, Failure> {
        let target = self.cf()?.target;
        if target.is_empty() {
            self.api_endpoint()
        } else {
            Ok(target.trim_end_matches('/').to_owned())
        }
    }

    /// The regions; no login is needed.
    pub(crate) fn regions(&self) -> Result<Vec<Region>, Failure> {
        let url = format!("{}/v2/regions", self.api_endpoint()?);
        let regions: Regions = self.send(Request::get(url))?.parse("list regions")?;
        Ok(regions.resources)
    }

    /// The accounts the caller belongs to.
    pub(crate) fn accounts(&self) -> Result<Vec<AccountResource>, Failure> {
        self.require_manager()?;
        let api = self.api_endpoint()?;
        let first = Request::get(format!("{api}/coe/v2/accounts"));
        self.pages::<Accounts>(&api, first, "list accounts")
    }

    /// The organizations the caller sees, of one region or all.
    pub(crate) fn orgs(&self, region: &str) -> Result<Vec<Org>, Failure> {
        self.require_manager()?;
        let mut request = Request::get(self.cf_url("/v2/organizations")?);
        if !region.is_empty() {
            request = request.query("region", region);
        }
        self.list(request, "list organizations")
    }

    /// The organization of this name.
    pub(crate) fn org_named(&self, name: &str, region: &str) -> Result<Org, Failure> {
        self.require_manager()?;
        let mut request =
            Request::get(self.cf_url("/v2/organizations")?).query("q", &format!("name:{name}"));
        if !region.is_empty() {
            request = request.query("region", region);
        }
        self.list::<OrganizationEntity>(request, "find the organization")?
            .into_iter()
            .find(|org| org.entity.name == name)
            .ok_or_else(|| {
                Failure::new(
                    Kind::NotFound,
                    format!("no organization `{name}` was found"),
                )
                .hint(self.hint_at_orgs())
            })
    }

    /// The organization that a flag names, else the targeted one.
    pub(crate) fn resolve_org(&self, named: Option<&str>) -> Result<DomainFields, Failure> {
        self.resolve_org_in(&self.config().region, named)
    }

    /// The organization that a flag names in this region; else the targeted one, if its region is that.
    pub(crate) fn resolve_org_in(
        &self,
        region: &str,
        named: Option<&str>,
    ) -> Result<DomainFields, Failure> {
        self.require_manager()?;
        if let Some(name) = named {
            return Ok(self.org_named(name, region)?.into());
        }
        let targeted = self.cf()?.organization_fields;
        if region == self.config().region && !targeted.guid.is_empty() {
            return Ok(targeted);
        }
        // As a login does: the only one is taken.
        match self.orgs(region)?.as_slice() {
            [only] => Ok(only.clone().into()),
            [] => Err(self.no_org()),
            _ => Err(
                Failure::usage("no organization is named and none is targeted").hint(
                    "name one with `-o ORG`, or choose one for good with `vigie target -o ORG`",
                ),
            ),
        }
    }

    /// The spaces of an organization that the caller sees.
    pub(crate) fn spaces(&self, org_guid: &str) -> Result<Vec<Space>, Failure> {
        let url = self.cf_url(&format!("/v2/organizations/{}/spaces", encode(org_guid)))?;
        self.list(Request::get(url), "list spaces")
            .map_err(|failure| self.lost_org(failure))
    }

    /// The space of this name.
    pub(crate) fn space_named(&self, org: &DomainFields, name: &str) -> Result<Space, Failure> {
        let url = self.cf_url(&format!("/v2/organizations/{}/spaces", encode(&org.guid)))?;
        self.list::<SpaceEntity>(
            Request::get(url).query("q", &format!("name:{name}")),
            "find the space",
        )
        .map_err(|failure| self.lost_org(failure))?
        .into_iter()
        .find(|space| space.entity.name == name)
        .ok_or_else(|| {
            Failure::new(
                Kind::NotFound,
                format!(
                    "no space `{}` was found in organization `{}`",
                    name, org.name
                ),
            )
            .hint(self.hint_at_spaces(org))
        })
    }

    /// Every page of a `/v2` list.
    pub(crate) fn list<T: DeserializeOwned>(
        &self,
        first: Request,
        doing: &str,
    ) -> Result<Vec<Resource<T>>, Failure> {
        let first = first.query("results-per-page", PAGE_SIZE);
        self.pages::<List<T>>(&self.cf_root()?, first, doing)
    }
}
