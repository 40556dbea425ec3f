//! Whether what the attributes of a policy's resource name is there, so that a slip does not become a policy without any effect.

use super::Directory;
use super::policy_target::{AttributeKey, DomainKind, PolicyTarget, is_met, missing, wrong};
use crate::refusal::Refusal;
use base::id::AccountId;
use base::scope::Domain;

impl PolicyTarget {
    /// Checks that everything the attributes name is in the account, and can be said of one domain.
    pub(crate) fn check_named(
        &self,
        directory: &Directory,
        account: AccountId,
    ) -> Result<(), Refusal> {
        let is_elsewhere = |domain| directory.account_of(domain) != Some(account);
        let mut domains = self.named_domains();
        if let Some((key, _)) = domains.find(|(_, domain)| is_elsewhere(*domain)) {
            return Err(missing(key));
        }
        if let Some(group) = self.named_group() {
            let found = directory.resource_group(group);
            if found.is_none_or(|found| found.account != account) {
                return Err(missing(AttributeKey::ResourceGroup));
            }
        }
        if let Some((operator, value)) = &self.region {
            let mut all = directory.regions.iter();
            if !all.any(|region| is_met(*operator, value, &region.name)) {
                let all = directory.regions.iter();
                let all: Vec<String> = all.map(|region| format!("`{}`", region.name)).collect();
                let what = format!("is no region of this server, which has {}", all.join(", "));
                return Err(wrong(AttributeKey::Region, &what));
            }
        }
        if let Some((one, other)) = self.contradiction(directory) {
            let what = format!(
                "cannot be met together with `{}`: nothing in the account has both",
                other.name()
            );
            return Err(wrong(one, &what));
        }
        Ok(())
    }

    /// Two attributes that no domain has together, now or later. (The instance of a space can go to another resource group.)
    fn contradiction(&self, directory: &Directory) -> Option<(AttributeKey, AttributeKey)> {
        use AttributeKey::{Kind, Org, Region, Resource, Space};
        let of_kind = self.kind.zip(self.resource);
        let of_kind = of_kind.map(|(kind, guid)| kind.domain(guid));
        if let Some(space) = self.space {
            if self.kind.is_some_and(|kind| kind != DomainKind::Space) {
                return Some((Space, Kind));
            }
            if of_kind.is_some_and(|other| other != Domain::Space(space)) {
                return Some((Space, Resource));
            }
            if self
                .org
                .is_some_and(|org| directory.org_of(space) != Some(org))
            {
                return Some((Space, Org));
            }
        }
        if let Some(org) = self.org {
            let is_in_org = match of_kind {
                Some(Domain::Space(space)) => directory.org_of(space) == Some(org),
                Some(Domain::Org(other)) => other == org,
                Some(Domain::Account(_)) | None => true,
            };
            if self.kind == Some(DomainKind::Account) {
                return Some((Org, Kind));
            }
            if !is_in_org {
                return Some((Org, Resource));
            }
        }
        let named = self.space.map(|space| (Space, Domain::Space(space)));
        let named = named.or(of_kind.map(|domain| (Resource, domain)));
        let (key, domain) = named.or(self.org.map(|org| (Org, Domain::Org(org))))?;
        let (operator, value) = self.region.as_ref()?;
        let is_elsewhere = |candidate: &str| !is_met(*operator, value, candidate);
        let has_another = directory.region_of(domain).is_some_and(is_elsewhere);
        has_another.then_some((key, Region))
    }
}
