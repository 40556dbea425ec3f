//! The rows of the directory: all of them, or those that a few changes are about. They are read at one moment of the
//! database and decoded later, except the keys, because decoding takes time and must not run on a reactor thread.

use super::{
    access_group_members, access_group_rules, access_groups, account_limits, account_settings,
    accounts, api_keys, counters, custom_roles, deleted_roles, deletions, departures, domains,
    issuers, members, orgs, policies, principals, profiles, public_access, regions,
    resource_groups, resource_instances, roles, service_ids, spaces, users,
};
use crate::blocking::run_blocking;
use crate::error::IamError;
use crate::model::directory::change::{ChangedIds, Kind};
use crate::model::directory::facts::Facts;
use crate::model::directory::{ApiKey, Directory};
use base::time::{Clock, Millis};
use db::{Db, Row, Tx};
use std::collections::HashMap;
use std::sync::Arc;

/// The rows.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    accounts: Vec<Row>,
    limits: Vec<Row>,
    account_settings: Vec<Row>,
    /// All of them, or none if no change is about them.
    regions: Option<Vec<Row>>,
    orgs: Vec<Row>,
    spaces: Vec<Row>,
    users: Vec<Row>,
    services: Vec<Row>,
    profiles: profiles::ProfileRows,
    access_groups: Vec<Row>,
    group_rules: Vec<Row>,
    group_members: Vec<Row>,
    public_access: Vec<Row>,
    members: Vec<Row>,
    departures: Vec<Row>,
    roles: Vec<Row>,
    policies: Vec<Row>,
    custom_roles: Vec<Row>,
    resource_groups: Vec<Row>,
    instances: Vec<Row>,
    domains: Vec<Row>,
    deletions: Vec<Row>,
    /// The managers of deleted domains.
    managers: Vec<Row>,
    /// Decoded, as there may be a million of them, and a row takes several times the memory.
    keys: Vec<Arc<ApiKey>>,
    /// Like the regions.
    issuers: Option<Vec<Row>>,
}

impl Rows {
    /// All rows.
    pub(crate) async fn all(tx: &mut Tx) -> Result<Self, IamError> {
        Ok(Self {
            accounts: accounts::ROWS.all(tx).await?,
            limits: account_limits::ROWS.all(tx).await?,
            account_settings: account_settings::ROWS.all(tx).await?,
            regions: Some(regions::rows(tx).await?),
            orgs: orgs::ROWS.all(tx).await?,
            spaces: spaces::ROWS.all(tx).await?,
            users: users::ROWS.all(tx).await?,
            services: service_ids::ROWS.all(tx).await?,
            profiles: profiles::ProfileRows::all(tx).await?,
            access_groups: access_groups::ROWS.all(tx).await?,
            group_rules: access_group_rules::ROWS.all(tx).await?,
            group_members: access_group_members::ROWS.all(tx).await?,
            public_access: public_access::ROWS.all(tx).await?,
            members: members::ROWS.all(tx).await?,
            departures: departures::ROWS.all(tx).await?,
            roles: roles::ROWS.all(tx).await?,
            policies: policies::ROWS.all(tx).await?,
            custom_roles: custom_roles::ROWS.all(tx).await?,
            resource_groups: resource_groups::ROWS.all(tx).await?,
            instances: resource_instances::ROWS.all(tx).await?,
            domains: domains::ROWS.all(tx).await?,
            deletions: deletions::ROWS.all(tx).await?,
            managers: deleted_roles::MANAGERS.all(tx).await?,
            keys: api_keys::all(tx).await?,
            issuers: Some(issuers::rows(tx).await?),
        })
    }

    /// The rows that the changes are about, as they are now.
    pub(crate) async fn of(tx: &mut Tx, changed: &ChangedIds) -> Result<Self, IamError> {
        let ids = |kind: Kind| changed.of(kind);
        Ok(Self {
            accounts: accounts::ROWS.of(tx, ids(Kind::Account)).await?,
            limits: account_limits::ROWS.of(tx, ids(Kind::Limits)).await?,
            account_settings: account_settings::ROWS
                .of(tx, ids(Kind::AccountSettings))
                .await?,
            regions: match changed.has(Kind::Regions) {
                true => Some(regions::rows(tx).await?),
                false => None,
            },
            orgs: orgs::ROWS.of(tx, ids(Kind::Org)).await?,
            spaces: spaces::ROWS.of(tx, ids(Kind::Space)).await?,
            users: users::ROWS.of(tx, ids(Kind::User)).await?,
            services: service_ids::ROWS.of(tx, ids(Kind::Service)).await?,
            profiles: profiles::ProfileRows::of(tx, ids(Kind::Profile)).await?,
            access_groups: access_groups::ROWS.of(tx, ids(Kind::AccessGroup)).await?,
            group_rules: access_group_rules::ROWS
                .of(tx, ids(Kind::AccessGroup))
                .await?,
            group_members: access_group_members::ROWS
                .of(tx, ids(Kind::Principal))
                .await?,
            public_access: public_access::ROWS.of(tx, ids(Kind::PublicAccess)).await?,
            members: members::ROWS.of(tx, ids(Kind::Principal)).await?,
            departures: departures::ROWS.of(tx, ids(Kind::Principal)).await?,
            roles: roles::ROWS.of(tx, ids(Kind::Principal)).await?,
            policies: policies::ROWS.of(tx, ids(Kind::Policy)).await?,
            custom_roles: custom_roles::ROWS.of(tx, ids(Kind::CustomRole)).await?,
            resource_groups: resource_groups::ROWS
                .of(tx, ids(Kind::ResourceGroup))
                .await?,
            instances: resource_instances::ROWS.of(tx, ids(Kind::Instance)).await?,
            domains: domains::ROWS.of(tx, ids(Kind::Domain)).await?,
            deletions: deletions::ROWS.of(tx, ids(Kind::Deletion)).await?,
            managers: deleted_roles::MANAGERS.of(tx, ids(Kind::Deletion)).await?,
            keys: api_keys::of_ids(tx, ids(Kind::Key)).await?,
            issuers: match changed.has(Kind::Issuers) {
                true => Some(issuers::rows(tx).await?),
                false => None,
            },
        })
    }

    /// Decodes them, each by the file of its table. This takes time, so it does not run on a reactor thread.
    pub(crate) fn facts(self, now: Millis) -> Result<Facts, IamError> {
        // Only deletions have managers.
        let managers = match self.deletions.is_empty() {
            true => HashMap::new(),
            false => deleted_roles::read_managers(&self.managers)?,
        };
        let mut rules = access_group_rules::read(&self.group_rules)?;
        let groups = self.access_groups.iter();
        let groups: Result<Vec<_>, _> = groups
            .map(|row| access_groups::read(row, &mut rules))
            .collect();
        Ok(Facts {
            at: now,
            accounts: accounts::read_active(&self.accounts)?,
            limits: each(&self.limits, account_limits::read)?,
            account_settings: each(&self.account_settings, account_settings::read)?,
            regions: self
                .regions
                .map(|rows| each(&rows, regions::read))
                .transpose()?,
            orgs: each(&self.orgs, orgs::read)?,
            spaces: each(&self.spaces, spaces::read)?,
            users: each(&self.users, users::read)?,
            services: each(&self.services, service_ids::read)?,
            profiles: self.profiles.read()?,
            access_groups: groups?,
            group_members: principals::read_known(&self.group_members, access_group_members::read)?,
            public_access: each(&self.public_access, public_access::read)?,
            members: principals::read_known(&self.members, members::read)?,
            departures: principals::read_known(&self.departures, departures::read)?,
            domains: domains::read_in_use(&self.domains)?,
            roles: roles::read_known(&self.roles)?,
            policies: policies::read_known(&self.policies)?,
            custom_roles: each(&self.custom_roles, custom_roles::read)?,
            resource_groups: each(&self.resource_groups, resource_groups::read)?,
            instances: resource_instances::read_known(&self.instances)?,
            deletions: each(&self.deletions, |row| deletions::read(row, &managers))?,
            keys: self.keys,
            issuers: self.issuers.map(|rows| issuers::read(&rows)).transpose()?,
        })
    }
}

fn each<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T, IamError>) -> Result<Vec<T>, IamError> {
    rows.iter().map(read).collect()
}

/// All rows, as of one moment, and the number of changes by then.
pub(crate) async fn everything(db: &Db) -> Result<(i64, Rows), IamError> {
    let mut tx = db.snapshot().await?;
    let (made, _) = counters::made_and_dropped(&mut tx).await?;
    let rows = Rows::all(&mut tx).await?;
    tx.end().await?;
    Ok((made, rows))
}

/// Reads a directory of everything.
pub(crate) async fn load(db: &Db, clock: Arc<dyn Clock>) -> Result<Directory, IamError> {
    let (made, rows) = everything(db).await?;
    run_blocking(move || Ok(Directory::build(made, rows.facts(clock.now())?))).await
}
