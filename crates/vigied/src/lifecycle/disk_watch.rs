//! Logs once when the disk becomes full, file descriptors run out, or the store is stuck or takes no writes, and once when that is over, instead of once per
//! refused request.

use crate::app::App;
use crate::http::fault_log::IDENTITY_AWAY;
use base::store::{Outage, StoreError};
use iam::Iam;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// Time between checks.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long a test write to the identity database may take; no other check runs meanwhile.
const TRY_LIMIT: Duration = Duration::from_secs(5);

/// For how long no request has met an outage that is over.
const QUIET: Duration = Duration::from_secs(10);

/// The last logged state.
#[derive(Debug, Default)]
struct Reported(Option<(Kind, Instant)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reserve,
    Full,
    Exhausted,
    Identity,
    ReadOnly,
    Stuck,
}

/// The transition to log.
#[derive(Debug, PartialEq, Eq)]
enum Transition {
    Began(Kind),
    Over(Duration),
}

impl Reported {
    /// The change since the last logged state.
    fn change_to(&mut self, found: Option<Kind>, now: Instant) -> Option<Transition> {
        match (self.0, found) {
            (Some((reported, _)), Some(kind)) if reported == kind => None,
            (before, Some(kind)) => {
                self.0 = Some((kind, before.map_or(now, |(_, since)| since)));
                Some(Transition::Began(kind))
            }
            (Some((_, since)), None) => {
                self.0 = None;
                Some(Transition::Over(now.duration_since(since)))
            }
            (None, None) => None,
        }
    }
}

/// Watches until the server stops.
pub(crate) async fn watch(app: Weak<App>) {
    // On a separate task: a file system that hangs blocks the check for room, and then the store is stuck as well.
    tokio::join!(watch_room(app.clone()), watch_health(app));
}

async fn watch_health(app: Weak<App>) {
    let mut reported = Reported::default();
    loop {
        tokio::time::sleep(INTERVAL).await;
        let Some(app) = app.upgrade() else { return };
        let store = Arc::clone(&app.store);
        drop(app);
        if let Ok(health) = tokio::task::spawn_blocking(move || store.health()).await {
            log_health(health, &mut reported);
        }
    }
}

async fn watch_room(app: Weak<App>) {
    let (mut reported, mut reported_identity) = (Reported::default(), Reported::default());
    let mut reported_resources = Reported::default();
    loop {
        tokio::time::sleep(INTERVAL).await;
        let Some(app) = app.upgrade() else { return };
        let (store, iam) = (Arc::clone(&app.store), app.iam.clone());
        drop(app);
        // The identity database may be on another disk.
        check_identity(&iam, &mut reported_identity).await;
        check_identity_back(&iam).await;
        // This call reads the file system, which may hang.
        let Ok(found) = tokio::task::spawn_blocking(move || store.check_disk_space()).await else {
            continue;
        };
        log_resources(&found, &mut reported_resources);
        let kind = match found.as_ref().err().and_then(StoreError::outage) {
            Some(Outage::DiskFull) => Some(Kind::Full),
            Some(Outage::DiskReserveReached) => Some(Kind::Reserve),
            _ => None,
        };
        match (reported.change_to(kind, Instant::now()), found) {
            (Some(Transition::Began(kind)), Err(error)) => log_outage(kind, &error),
            (Some(Transition::Over(full)), _) => tracing::info!(
                seconds = full.as_secs(),
                "there is room on the disk again: samples are stored"
            ),
            _ => {}
        }
    }
}

/// Logs the end of an outage of the identity database, which requests report: the database can be written, and no request has
/// met the outage for a while, since a busy database comes and goes.
async fn check_identity_back(iam: &Iam) {
    if !IDENTITY_AWAY.is_quiet(Instant::now(), QUIET) {
        return;
    }
    let tried = tokio::time::timeout(TRY_LIMIT, iam.probe_disk_space()).await;
    if matches!(tried, Ok(Ok(())))
        && let Some(refused) = IDENTITY_AWAY.back()
    {
        tracing::info!(refused, "the identity database is available again");
    }
}

/// Checks for room by a test write. Otherwise only a login or a change would find that there is room again, and a server that
/// is not ready gets no requests.
async fn check_identity(iam: &Iam, reported: &mut Reported) {
    if iam.is_disk_full() {
        // `iam` remembers a failure itself.
        let _ = tokio::time::timeout(TRY_LIMIT, iam.probe_disk_space()).await;
    }
    let kind = iam.is_disk_full().then_some(Kind::Identity);
    match reported.change_to(kind, Instant::now()) {
        Some(Transition::Began(_)) => tracing::error!(
            hint = "make room: logins and changes go on by themselves",
            "the identity database's disk is full: logins, deletions and changes are refused with 503"
        ),
        Some(Transition::Over(full)) => tracing::info!(
            seconds = full.as_secs(),
            "the identity database has room again: logins and changes are accepted"
        ),
        None => {}
    }
}

/// Logs that file descriptors or memory ran out, and that there are some again.
fn log_resources(found: &Result<(), StoreError>, reported: &mut Reported) {
    let refused = found.as_ref().err();
    let refused = refused.filter(|error| error.outage() == Some(Outage::ResourcesExhausted));
    let kind = refused.map(|_| Kind::Exhausted);
    match (reported.change_to(kind, Instant::now()), refused) {
        (Some(Transition::Began(kind)), Some(error)) => log_outage(kind, error),
        (Some(Transition::Over(short)), _) => tracing::info!(
            seconds = short.as_secs(),
            "the store has file descriptors and memory again: samples are stored"
        ),
        _ => {}
    }
}

/// Logs problems of the store other than a lack of room.
fn log_health(health: Result<(), StoreError>, reported: &mut Reported) {
    let kind = match health.as_ref().err().and_then(StoreError::outage) {
        Some(Outage::ReadOnly) => Some(Kind::ReadOnly),
        Some(Outage::Stuck) => Some(Kind::Stuck),
        _ => None,
    };
    match (reported.change_to(kind, Instant::now()), health) {
        (Some(Transition::Began(kind)), Err(error)) => log_outage(kind, &error),
        (Some(Transition::Over(duration)), _) => tracing::info!(
            seconds = duration.as_secs(),
            "the store works again: samples are stored"
        ),
        _ => {}
    }
}

fn log_outage(kind: Kind, error: &StoreError) {
    match kind {
        Kind::Identity => {}
        Kind::ReadOnly => tracing::error!(
            %error,
            hint = "fix the cause, then restart: all that was acknowledged is recovered",
            "the store takes no writes"
        ),
        Kind::Stuck => tracing::error!(%error, "the store is stuck"),
        Kind::Full => tracing::error!(
            %error,
            hint = "make room: writing resumes by itself, and nothing that was acknowledged is lost",
            "the disk is full: samples and deletions are refused with 503"
        ),
        Kind::Exhausted => tracing::warn!(
            %error,
            hint = "raise the limit of open files: writing resumes by itself, and nothing that was acknowledged is lost",
            "the store is out of file descriptors or memory"
        ),
        Kind::Reserve => tracing::error!(
            %error,
            hint = "make room, or delete metrics: writing resumes by itself",
            "the disk is nearly full: samples are refused with 503"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_stuck_or_takes_no_writes_is_told_and_no_lack_of_room() {
        let kind_of = |outage| {
            let mut reported = Reported::default();
            let error = base::store::Unavailable::new(outage, "a reason");
            log_health(Err(error.into()), &mut reported);
            let before = reported.0;
            log_health(Ok(()), &mut reported);
            assert!(reported.0.is_none());
            before.map(|(kind, _)| kind)
        };
        assert_eq!(kind_of(Outage::ReadOnly), Some(Kind::ReadOnly));
        assert_eq!(kind_of(Outage::Stuck), Some(Kind::Stuck));
        assert_eq!(kind_of(Outage::DiskFull), None);
    }

    #[test]
    fn a_lack_of_descriptors_is_told_apart_from_a_lack_of_room() {
        let kind_of = |outage| {
            let mut reported = Reported::default();
            let error = base::store::Unavailable::new(outage, "a reason");
            log_resources(&Err(error.into()), &mut reported);
            let before = reported.0;
            log_resources(&Ok(()), &mut reported);
            assert!(reported.0.is_none());
            before.map(|(kind, _)| kind)
        };
        assert_eq!(kind_of(Outage::ResourcesExhausted), Some(Kind::Exhausted));
        assert_eq!(kind_of(Outage::DiskFull), None);
    }

    #[test]
    fn each_change_is_told_once() {
        let (mut reported, start) = (Reported::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(reported.change_to(None, at(0)), None);
        assert_eq!(
            reported.change_to(Some(Kind::Reserve), at(1)),
            Some(Transition::Began(Kind::Reserve))
        );
        assert_eq!(reported.change_to(Some(Kind::Reserve), at(2)), None);
        assert_eq!(
            reported.change_to(Some(Kind::Full), at(3)),
            Some(Transition::Began(Kind::Full))
        );
        assert_eq!(reported.change_to(Some(Kind::Full), at(4)), None);
        assert_eq!(
            reported.change_to(None, at(9)),
            Some(Transition::Over(Duration::from_secs(8)))
        );
        assert_eq!(reported.change_to(None, at(10)), None);
    }
}
