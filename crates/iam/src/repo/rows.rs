//! The rows of the directory: all of them, or those that a few changes are about. They are read at one moment of the
//! database and decoded later, because decoding takes time and must not run on a reactor thread.

use super::{
    account_limits, accounts, api_keys, counters, deleted_roles, deletions, departures, domains,
    issuers, members, orgs, regions, roles, service_ids, spaces, users,
};
use crate::blocking::run_blocking;
use crate::error::IamError;
use crate::model::directory::Directory;
use crate::model::directory::change::{Change, Changed};
use db::{Db, Row, Tx};

/// The rows.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(super) accounts: Vec<Row>,
    pub(super) limits: Vec<Row>,
    /// All of them, or none if no change is about them.
    pub(super) regions: Option<Vec<Row>>,
    pub(super) orgs: Vec<Row>,
    pub(super) spaces: Vec<Row>,
    pub(super) users: Vec<Row>,
    pub(super) services: Vec<Row>,
    pub(super) members: Vec<Row>,
    pub(super) departures: Vec<Row>,
    pub(super) roles: Vec<Row>,
    pub(super) domains: Vec<Row>,
    pub(super) deletions: Vec<Row>,
    /// The managers of deleted domains.
    pub(super) managers: Vec<Row>,
    pub(super) keys: Vec<Row>,
    /// Like the regions.
    pub(super) issuers: Option<Vec<Row>>,
}

impl Rows {
    /// All rows.
    pub(crate) async fn all(tx: &mut Tx) -> Result<Self, IamError> {
        Ok(Self {
            accounts: accounts::ROWS.all(tx).await?,
            limits: account_limits::ROWS.all(tx).await?,
            regions: Some(regions::rows(tx).await?),
            orgs: orgs::ROWS.all(tx).await?,
            spaces: spaces::ROWS.all(tx).await?,
            users: users::ROWS.all(tx).await?,
            services: service_ids::ROWS.all(tx).await?,
            members: members::ROWS.all(tx).await?,
            departures: departures::ROWS.all(tx).await?,
            roles: roles::ROWS.all(tx).await?,
            domains: domains::ROWS.all(tx).await?,
            deletions: deletions::ROWS.all(tx).await?,
            managers: deleted_roles::managers(tx).await?,
            keys: api_keys::ROWS.all(tx).await?,
            issuers: Some(issuers::rows(tx).await?),
        })
    }

    /// The rows that the changes are about, as they are now.
    pub(crate) async fn of(tx: &mut Tx, changed: &Changed) -> Result<Self, IamError> {
        let mut own = Self::default();
        for change in changed.iter() {
            match *change {
                Change::Account(account) => {
                    let found = accounts::ROWS.of(tx, account.to_string()).await?;
                    own.accounts.extend(found);
                }
                Change::Limits(account) => {
                    let found = account_limits::ROWS.of(tx, account.to_string()).await?;
                    own.limits.extend(found);
                }
                Change::Regions => own.regions = Some(regions::rows(tx).await?),
                Change::Org(org) => own.orgs.extend(orgs::ROWS.of(tx, org.to_string()).await?),
                Change::Space(space) => {
                    let found = spaces::ROWS.of(tx, space.to_string()).await?;
                    own.spaces.extend(found);
                }
                Change::User(user) => {
                    let found = users::ROWS.of(tx, user.0.to_string()).await?;
                    own.users.extend(found);
                }
                Change::Service(service) => {
                    let found = service_ids::ROWS.of(tx, service.0.to_string()).await?;
                    own.services.extend(found);
                }
                Change::Principal(guid) => {
                    let id = guid.to_string();
                    own.members.extend(members::ROWS.of(tx, id.clone()).await?);
                    let left = departures::ROWS.of(tx, id.clone()).await?;
                    own.departures.extend(left);
                    own.roles.extend(roles::ROWS.of(tx, id).await?);
                }
                Change::Domain(domain) => {
                    let found = domains::ROWS.of(tx, domain.to_string()).await?;
                    own.domains.extend(found);
                }
                Change::Deletion(domain) => {
                    let found = deletions::ROWS.of(tx, domain.to_string()).await?;
                    own.deletions.extend(found);
                    let managers = deleted_roles::managers_of(tx, domain).await?;
                    own.managers.extend(managers);
                }
                Change::Key(key) => {
                    let found = api_keys::ROWS.of(tx, key.0.to_string()).await?;
                    own.keys.extend(found);
                }
                Change::Issuers => own.issuers = Some(issuers::rows(tx).await?),
                // Not part of the directory.
                Change::SigningKeys => {}
            }
        }
        Ok(own)
    }
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
pub(crate) async fn load(db: &Db) -> Result<Directory, IamError> {
    let (made, rows) = everything(db).await?;
    run_blocking(move || Ok(Directory::build(made, rows.facts()?))).await
}
