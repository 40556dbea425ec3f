//! Reports about the identities of an account: who has not authenticated for some time, and what is asked of each user beside the
//! password. A report is of the moment at which it was asked for, and is kept for a day.

use crate::audit::{Action, Entry};
use crate::blocking::run_blocking;
use crate::entropy;
use crate::error::IamError;
use crate::model::directory::{ApiKey, Directory, Profile, Service, User};
use crate::model::page::row_count;
use crate::model::report::{ReportEntry, ReportKind, StoredReport};
use crate::refusal::{Reason, Refusal};
use crate::repo::{activity, reports};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{AccountId, Guid, KeyId};
use base::limit;
use base::principal::Principal;
use base::time::Millis;
use std::collections::HashMap;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// The hours that a report of the inactive may be about: up to ten years.
const HOURS: RangeInclusive<u32> = 1..=87_600;

const HOUR_MILLISECONDS: i64 = 3_600_000;

/// How long a report is kept.
const KEPT_MILLISECONDS: i64 = 24 * HOUR_MILLISECONDS;

const WHAT: &str = "reports about identities";

/// The users and service IDs that have not authenticated for some time, each with the last time.
#[derive(Debug)]
pub struct InactiveReport {
    /// Its reference.
    pub reference: Guid,
    /// Who asked for it.
    pub created_by: Principal,
    /// When: the end of the time that it is about.
    pub created_at: Millis,
    /// How many hours it is about.
    pub hours: i64,
    /// Users; those who have left since are left out, and so on.
    pub users: Vec<(User, Option<Millis>)>,
    /// Service IDs.
    pub services: Vec<(Service, Option<Millis>)>,
    /// Trusted profiles.
    pub profiles: Vec<(Profile, Option<Millis>)>,
    /// API keys.
    pub keys: Vec<(ApiKey, Option<Millis>)>,
}

/// The second factor that is required of each user.
#[derive(Debug)]
pub struct MfaReport {
    /// Its reference.
    pub reference: Guid,
    /// Who asked for it.
    pub created_by: Principal,
    /// When it was asked for.
    pub created_at: Millis,
    /// Whether a password alone gave no token.
    pub password_grant_refused: bool,
    /// The users; those who have left since are left out.
    pub users: Vec<User>,
}

/// The principals and API keys of an account that have not authenticated since `start`.
fn inactive(
    directory: &Directory,
    account: AccountId,
    last: &HashMap<Guid, Millis>,
    start: Millis,
) -> impl Iterator<Item = ReportEntry> {
    let inactive = move |guid: Guid, id: &dyn Display| {
        let last = last.get(&guid).copied();
        let is_inactive = last.is_none_or(|last| last < start);
        is_inactive.then(|| (id.to_string(), last.map(|last| last.0)))
    };
    let principals = directory.principals_of(account).iter();
    principals.flat_map(move |principal| {
        let itself = principal.guid().and_then(|guid| inactive(guid, principal));
        let keys = directory.keys_of(account, *principal).iter();
        let keys = keys.filter_map(move |key| inactive(key.0, key));
        itself.into_iter().chain(keys)
    })
}

/// The entries of a report, which ends where there would be too many.
fn bounded(
    kind: ReportKind,
    entries: impl Iterator<Item = ReportEntry>,
) -> Result<Vec<ReportEntry>, Refusal> {
    let most = usize::try_from(limit::REPORT_ENTRIES.default).unwrap_or(usize::MAX);
    let found: Vec<_> = entries.take(most.saturating_add(1)).collect();
    if found.len() > most {
        return Err(too_many(kind));
    }
    Ok(found)
}

impl Iam {
    /// Makes a report of who has not authenticated for so many hours; returns its reference.
    ///
    /// # Errors
    /// Without Administrator of the account; when there are no such hours; when it would list too many.
    pub async fn report_inactive(&self, caller: &Identity, hours: u32) -> Result<Guid, IamError> {
        let account = caller.account();
        self.may_make_reports(caller)?;
        if !HOURS.contains(&hours) {
            let (first, last) = (HOURS.start(), HOURS.end());
            let message = format!("`duration` is {first} to {last} hours");
            return Err(IamError::invalid("duration", message));
        }
        let hours = i64::from(hours);
        let start = self.0.clock.now().plus(-hours * HOUR_MILLISECONDS);
        let last = self.last_activities(account).await?;
        let directory = self.directory();
        let kind = ReportKind::Inactive;
        let entries = move || {
            let all = inactive(&directory, account, &last, start);
            bounded(kind, all).map_err(IamError::from)
        };
        let found = run_blocking(entries).await?;
        self.keep_report(caller, kind, hours, found).await
    }

    /// Makes a report of what is asked of each user beside the password; returns its reference.
    ///
    /// # Errors
    /// Without Administrator of the account; when it would list too many.
    pub async fn report_mfa(&self, caller: &Identity) -> Result<Guid, IamError> {
        let account = caller.account();
        self.may_make_reports(caller)?;
        let refused = (self.account_settings(caller, account)?.settings).password_grant_refused;
        let directory = self.directory();
        let kind = ReportKind::Mfa;
        let users = move || {
            let members = directory.principals_of(account).iter();
            let users = members.filter(|principal| principal.user().is_some());
            let entries = users.map(|user| (user.to_string(), None));
            bounded(kind, entries).map_err(IamError::from)
        };
        let found = run_blocking(users).await?;
        self.keep_report(caller, kind, i64::from(refused), found)
            .await
    }

    /// Checks that the caller may make and read reports about the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn may_make_reports(&self, caller: &Identity) -> Result<(), IamError> {
        self.administer(caller, caller.account(), WHAT)
    }

    /// When each principal and API key of an account has authenticated last.
    async fn last_activities(&self, account: AccountId) -> Result<HashMap<Guid, Millis>, IamError> {
        // First what is only here: it is on its way into the database, which is read next.
        let unwritten = self.0.activity.last_of_account(account);
        let mut last = activity::last_of_account(&self.0.db, account).await?;
        for (guid, at) in unwritten {
            let known = last.entry(guid).or_insert(at);
            *known = at.max(*known);
        }
        Ok(last)
    }

    async fn keep_report(
        &self,
        caller: &Identity,
        kind: ReportKind,
        detail: i64,
        entries: Vec<ReportEntry>,
    ) -> Result<Guid, IamError> {
        let (account, now) = (caller.account(), self.0.clock.now());
        let length = entries.len();
        let new = StoredReport {
            reference: entropy::guid(),
            created_at: now,
            created_by: caller.principal(),
            detail,
            entries: run_blocking(move || Ok(reports::written(&entries))).await?,
        };
        let mut tx = self.begin_administered(caller, account, WHAT).await?;
        let kept = row_count(limit::REPORTS_KEPT.default).saturating_sub(1);
        reports::sweep(&mut tx, account, kind, now.plus(-KEPT_MILLISECONDS), kept).await?;
        reports::insert(&mut tx, account, kind, &new).await?;
        let entry = Entry::by(caller, Action::ReportMade)
            .in_account(account)
            .on(account)
            .with("reference", new.reference)
            .with("kind", kind.name())
            .with("entries", length);
        self.commit_without_read_back(tx, entry).await?;
        Ok(new.reference)
    }

    async fn stored_report(
        &self,
        caller: &Identity,
        kind: ReportKind,
        reference: Option<Guid>,
    ) -> Result<StoredReport, IamError> {
        self.may_make_reports(caller)?;
        let older = self.0.clock.now().plus(-KEPT_MILLISECONDS);
        let found = reports::find(&self.0.db, caller.account(), kind, older, reference).await?;
        found.ok_or_else(|| IamError::not_found("the report"))
    }

    /// The report of the inactive with this reference, or the latest.
    ///
    /// # Errors
    /// Without Administrator of the account; when there is no such report.
    pub async fn inactive_report(
        &self,
        caller: &Identity,
        reference: Option<Guid>,
    ) -> Result<InactiveReport, IamError> {
        let kind = ReportKind::Inactive;
        let stored = self.stored_report(caller, kind, reference).await?;
        let (account, directory) = (caller.account(), self.directory());
        run_blocking(move || listed(&stored, &directory, account)).await
    }

    /// The report of what is asked beside the password with this reference, or the latest.
    ///
    /// # Errors
    /// Without Administrator of the account; when there is no such report.
    pub async fn mfa_report(
        &self,
        caller: &Identity,
        reference: Option<Guid>,
    ) -> Result<MfaReport, IamError> {
        let stored = self
            .stored_report(caller, ReportKind::Mfa, reference)
            .await?;
        let (account, directory) = (caller.account(), self.directory());
        run_blocking(move || {
            let report = listed(&stored, &directory, account)?;
            Ok(MfaReport {
                reference: report.reference,
                created_by: report.created_by,
                created_at: report.created_at,
                password_grant_refused: stored.detail != 0,
                users: report.users.into_iter().map(|(user, _)| user).collect(),
            })
        })
        .await
    }
}

/// The report, with the entries that the directory still has.
fn listed(
    stored: &StoredReport,
    directory: &Directory,
    account: AccountId,
) -> Result<InactiveReport, IamError> {
    let mut report = InactiveReport {
        reference: stored.reference,
        created_by: stored.created_by,
        created_at: stored.created_at,
        hours: stored.detail,
        users: Vec::new(),
        services: Vec::new(),
        profiles: Vec::new(),
        keys: Vec::new(),
    };
    for (id, last) in reports::entries(stored)? {
        let last = last.map(Millis);
        if let Ok(id) = id.parse::<KeyId>() {
            let key = directory.keys.get(&id);
            let key = key.filter(|key| key.account == account);
            report.keys.extend(key.map(|key| (key.clone(), last)));
            continue;
        }
        let Ok(principal) = id.parse::<Principal>() else {
            continue;
        };
        if !directory.is_member(principal, account) {
            continue;
        }
        match principal {
            Principal::User(id) => {
                let user = directory.user(id);
                report.users.extend(user.map(|user| (user.clone(), last)));
            }
            Principal::Service(id) => {
                let service = directory.service(id);
                let service = service.map(|service| (service.clone(), last));
                report.services.extend(service);
            }
            Principal::Profile(id) => {
                let profile = directory.profile(id);
                let profile = profile.map(|profile| (profile.clone(), last));
                report.profiles.extend(profile);
            }
            Principal::Instance(_) | Principal::Server => {}
        }
    }
    Ok(report)
}

/// The refusal of a report of too many.
fn too_many(kind: ReportKind) -> Refusal {
    let limit = &limit::REPORT_ENTRIES;
    let found = format!(
        "the report would list more identities than `{}` = {}",
        limit.name, limit.default
    );
    let refusal = match kind {
        ReportKind::Inactive => {
            let message = format!("{found}: a longer `duration` lists fewer");
            Refusal::invalid("duration", message)
        }
        ReportKind::Mfa => Refusal::new(Reason::Conflict, found),
    };
    refusal.limit(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_lists_so_many_and_looks_at_no_more() {
        let most = usize::try_from(limit::REPORT_ENTRIES.default).unwrap();
        let entry = || (String::new(), None);
        for kind in [ReportKind::Inactive, ReportKind::Mfa] {
            let full = bounded(kind, std::iter::repeat_with(entry).take(most));
            assert_eq!(full.map(|all| all.len()), Ok(most));
            let refused = bounded(kind, std::iter::repeat_with(entry)).unwrap_err();
            assert_eq!(refused.limit, Some(&limit::REPORT_ENTRIES));
            assert!(refused.message.contains(limit::REPORT_ENTRIES.name));
        }
    }
}
