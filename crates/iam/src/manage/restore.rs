//! Restores a deletion as long as its samples exist: the name, the roles of those who are still in the account,
//! settings and samples are as before.

use super::administrator::still_manages;
use super::new_key::check_not_revoked;
use super::{org, space};
use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::model::directory::{Deleted, Directory, Org, Space};
use crate::model::page::{Page, PageRequest};
use crate::model::text::name;
use crate::policy::{administers, manages};
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::counts::CountedItem;
use crate::repo::deletions::{self, RestorableDomain};
use crate::repo::members::lock_member;
use crate::repo::{deleted_roles, orgs, spaces, transactions};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{OrgId, SpaceId};
use base::limit;
use base::scope::Domain;
use base::time::Millis;
use db::Tx;

impl Iam {
    /// A page of the deleted domains that the caller may restore, in the order of their removal. It costs what the caller's accounts
    /// have deleted.
    #[must_use]
    pub fn deleted(&self, caller: &Identity, window: PageRequest) -> Page<Deleted> {
        let (directory, now) = (self.directory(), self.0.clock.now());
        let accounts = directory.accounts_of(caller.principal()).iter();
        let open = accounts.filter(|account| caller.check_address(&directory, **account).is_ok());
        let mut deletions: Vec<&Deleted> = open
            .flat_map(|account| directory.deletions.of(*account))
            .filter(|deletion| deletion.is_kept(now) && may_restore(&directory, caller, deletion))
            .collect();
        deletions.sort_unstable_by_key(|deletion| (deletion.due_at, deletion.tenant));
        window.of(deletions.into_iter())
    }

    /// Whether the caller may restore the domain.
    ///
    /// # Errors
    /// When it is not deleted, or no longer exists, or the caller could not have deleted it; when its account lets nobody in from the
    /// caller's address.
    pub async fn may_restore(&self, caller: &Identity, domain: Domain) -> Result<(), IamError> {
        self.deleted_domain(caller, domain).await.map(drop)
    }

    /// A deletion that the caller may restore, also if another node has made it a moment ago.
    async fn deleted_domain(&self, caller: &Identity, domain: Domain) -> Result<Deleted, IamError> {
        self.found_at_any_node(|| self.known_deleted_domain(caller, domain))
            .await
    }

    fn known_deleted_domain(&self, caller: &Identity, domain: Domain) -> Result<Deleted, IamError> {
        let what = match domain {
            Domain::Space(_) => "space",
            _ => "organization",
        };
        let (directory, now) = (self.directory(), self.0.clock.now());
        let accounts = directory.accounts_of(caller.principal()).iter();
        let mut deletions = accounts.flat_map(|account| directory.deletions.of(*account));
        let found = deletions.find(|deletion| {
            deletion.domain == domain
                && deletion.is_kept(now)
                && may_restore(&directory, caller, deletion)
        });
        let none = || match self.is_visible(caller, domain) {
            true => {
                let message = format!("the {what} is not deleted, so there is nothing to restore");
                IamError::Refused(Refusal::new(Reason::Conflict, message).maybe_unknown())
            }
            false => IamError::not_found(&format!("a deleted {what} of this GUID")),
        };
        let found = found.ok_or_else(none)?;
        caller.check_address(&directory, found.account)?;
        Ok(found.clone())
    }

    fn is_visible(&self, caller: &Identity, domain: Domain) -> bool {
        match domain {
            Domain::Space(id) => self.known_space(caller, id).is_ok(),
            Domain::Org(id) => self.known_org(caller, id).is_ok(),
            Domain::Account(_) => false,
        }
    }

    /// Restores a deleted space under its name or `new_name`.
    ///
    /// # Errors
    /// Without the right to delete it; when the time for a restore is over; when its organization is deleted or its
    /// name is taken.
    pub async fn restore_space(
        &self,
        caller: &Identity,
        id: SpaceId,
        new_name: Option<&str>,
    ) -> Result<Space, IamError> {
        let domain = Domain::Space(id);
        let found = self.deleted_domain(caller, domain).await?;
        let new_name = new_name.map(|text| name("name", text)).transpose()?;
        let mut tx = self.0.db.begin().await?;
        self.still_may(&mut tx, caller, &found).await?;
        let (row, now) = self.lock_deleted(&mut tx, domain).await?;
        if !orgs::is_there(&mut tx, found.org).await? {
            return Err(IamError::conflict_with_remedy(
                format!("its organization `{}` was deleted too", found.org),
                Remedy::RestoreOrg,
            ));
        }
        self.check_room(
            &mut tx,
            found.account,
            &limit::SPACES_PER_ACCOUNT,
            CountedItem::Spaces,
        )
        .await?;
        let space = Space {
            id,
            org: found.org,
            name: new_name.unwrap_or(found.name),
            created_at: row.created_at,
            updated_at: now,
        };
        spaces::write(&mut tx, &space)
            .await
            .map_err(|error| name_taken(space::taken(error)))?;
        restore(&mut tx, domain, now).await?;
        let entry = Entry::by(caller, Action::SpaceRestored).in_account(found.account);
        let entry = entry.on(domain).with("name", &space.name);
        self.commit(tx, entry.with("org", space.org)).await?;
        Ok(space)
    }

    /// Restores a deleted organization under its name or `new_name`, with the spaces that were deleted with it.
    ///
    /// # Errors
    /// Without the right to delete it; when the time for a restore is over or the name is taken.
    pub async fn restore_org(
        &self,
        caller: &Identity,
        id: OrgId,
        new_name: Option<&str>,
    ) -> Result<Org, IamError> {
        let domain = Domain::Org(id);
        let found = self.deleted_domain(caller, domain).await?;
        let new_name = new_name.map(|text| name("name", text)).transpose()?;
        let mut tx = self.0.db.begin().await?;
        self.still_may(&mut tx, caller, &found).await?;
        let (row, now) = self.lock_deleted(&mut tx, domain).await?;
        let limit = &limit::ORGANIZATIONS_PER_ACCOUNT;
        self.check_room(&mut tx, found.account, limit, CountedItem::Orgs)
            .await?;
        let org = Org {
            id,
            account: found.account,
            region: row.region,
            name: new_name.unwrap_or_else(|| found.name.clone()),
            created_at: row.created_at,
            updated_at: now,
        };
        orgs::write(&mut tx, &org)
            .await
            .map_err(|error| name_taken(org::taken(error)))?;
        spaces::restore_of_org(&mut tx, domain, now).await?;
        let limit = &limit::SPACES_PER_ACCOUNT;
        self.check_within_limit(&mut tx, found.account, limit, CountedItem::Spaces)
            .await?;
        restore(&mut tx, domain, now).await?;
        self.commit(tx, org::about(caller, Action::OrgRestored, &org))
            .await?;
        Ok(org)
    }

    /// Locks the rows of the deletion until the transaction ends, and returns the one instant at which the restore
    /// judges what still exists. It is taken once the rows are locked: with a new instant for each statement, the time
    /// of the deletion could pass between two of them, and only half of it would be restored.
    async fn lock_deleted(
        &self,
        tx: &mut Tx,
        domain: Domain,
    ) -> Result<(RestorableDomain, Millis), IamError> {
        deletions::lock(tx, domain).await?;
        let now = self.0.clock.now();
        let row = deletions::restorable(tx, domain, now).await?;
        Ok((row.ok_or_else(too_late)?, now))
    }

    /// Asks the database, within the transaction that depends on it, whether the caller still has the right and a credential that
    /// counts.
    async fn still_may(
        &self,
        tx: &mut Tx,
        caller: &Identity,
        found: &Deleted,
    ) -> Result<(), IamError> {
        let (account, principal) = (found.account, caller.principal());
        lock_member(tx, account, principal).await?;
        let may = still_manages(tx, caller, account, &[Domain::Org(found.org)]).await?
            || deleted_roles::managed(tx, principal, found.domain).await?;
        match may {
            true => check_not_revoked(tx, caller, self.0.clock.now()).await,
            false => Err(IamError::not_found("what was deleted")),
        }
    }
}

async fn restore(tx: &mut Tx, domain: Domain, now: Millis) -> Result<(), IamError> {
    if transactions::restore::restore(tx, domain, now).await? {
        return Ok(());
    }
    Err(too_late())
}

fn too_late() -> IamError {
    IamError::conflict("it is too late: its metrics are being removed, or it is back already")
}

/// A caller who may delete the domain may also restore it, from an address that its account lets in.
fn may_restore(directory: &Directory, caller: &Identity, deleted: &Deleted) -> bool {
    caller.bounds().opens(directory, deleted.account)
        && (administers(directory, caller, deleted.account)
            || manages(directory, caller, Domain::Org(deleted.org))
            || deleted.managers.contains(&caller.principal()))
}

fn name_taken(error: IamError) -> IamError {
    let IamError::Refused(problem) = error else {
        return error;
    };
    IamError::Refused(problem.remedy(Remedy::RestoreUnderAnotherName))
}
