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
use std::ops::RangeInclusive;

/// The hours that a report of the inactive may be about: up to ten years.
const HOURS: RangeInclusive<u32> = 1..=87_600;

const HOUR_MILLISECONDS: i64 = 3_600_000;

/// How long a report is kept.
const KEPT_MILLISECONDS: i64 = 24 * HOUR_MILLISECONDS;

const WHAT: &str = "reports about identities";

/// Who has not authenticated for some time, with when each had last.
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

/// What is asked of each user beside the password.
#[derive(Debug)]
pub struct MfaReport {
    /// Its reference.
    pub reference: Guid,
    /// Who asked for it.
    pub created_by: Principal,
    /// When.
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
) -> Vec<ReportEntry> {
    let mut found = Vec::new();
    let mut add_if_inactive = |guid: Guid, id: String| {
        let last = last.get(&guid).copied();
        if last.is_none_or(|last| last < start) {
            found.push((id, last.map(|last| last.0)));
        }
    };
    for principal in directory.principals_of(account) {
        if let Some(guid) = principal.guid() {
            add_if_inactive(guid, principal.to_string());
        }
        for key in directory.keys_of(account, *principal) {
            add_if_inactive(key.0, key.to_string());
        }
    }
    found
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
        let found = run_blocking(move || Ok(inactive(&directory, account, &last, start))).await?;
        self.keep_report(caller, ReportKind::Inactive, hours, found)
            .await
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
        let users = move || {
            let members = directory.principals_of(account).iter();
            let users = members.filter(|principal| principal.user().is_some());
            Ok(users.map(|user| (user.to_string(), None)).collect())
        };
        let found = run_blocking(users).await?;
        let detail = i64::from(refused);
        self.keep_report(caller, ReportKind::Mfa, detail, found)
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
        let unwritten = &self.0.activity;
        let _turn = unwritten.turn.lock().await;
        let mut last = activity::last_of_account(&self.0.db, account).await?;
        for (guid, at) in unwritten.last_of_account(account) {
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
        check_length(kind, length)?;
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
        let found = reports::find(&self.0.db, caller.account(), kind, reference).await?;
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

/// Whom a report lists, by what the directory says of them now.
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
            Principal::Server => {}
        }
    }
    Ok(report)
}

/// Refuses a report of too many.
fn check_length(kind: ReportKind, length: usize) -> Result<(), Refusal> {
    let limit = &limit::REPORT_ENTRIES;
    if length as u64 <= limit.default {
        return Ok(());
    }
    let found = format!(
        "the report would list {length} identities, more than `{}` = {}",
        limit.name, limit.default
    );
    let refusal = match kind {
        ReportKind::Inactive => {
            let message = format!("{found}: a longer `duration` lists fewer");
            Refusal::invalid("duration", message)
        }
        ReportKind::Mfa => Refusal::new(Reason::Conflict, found),
    };
    Err(refusal.limit(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_lists_so_many() {
        let most = usize::try_from(limit::REPORT_ENTRIES.default).unwrap();
        for kind in [ReportKind::Inactive, ReportKind::Mfa] {
            assert_eq!(check_length(kind, most), Ok(()));
            let refused = check_length(kind, most + 1).unwrap_err();
            assert_eq!(refused.limit, Some(&limit::REPORT_ENTRIES));
            assert!(refused.message.contains(limit::REPORT_ENTRIES.name));
        }
    }
}
