//! How far a deletion has gone, for the lists of deletions.

use crate::config::Settings;
use crate::control;
use base::scope::Domain;
use base::time::{Clock, SystemClock};
use iam::Iam;
use iam::directory::Deleted;
use serde::Serialize;
use std::collections::BTreeSet;

/// The state of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It can be restored until it is due.
    Waits,
    /// It is due, and its series are being removed.
    Goes,
    /// Its series are removed; their bytes leave the disk within a day or two.
    Gone,
}

impl State {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Goes => "goes",
            Self::Gone => "gone",
        }
    }
}

/// Prints the state of each deletion.
pub(super) fn states(settings: &Settings, iam: &Iam) -> impl Fn(&Deleted) -> State {
    let directory = iam.directory();
    let now = SystemClock.now();
    let due = directory
        .deletions()
        .into_iter()
        .filter(|deletion| !deletion.is_kept(now));
    let due: Vec<Domain> = due.map(|deleted| deleted.domain).collect();
    // Only a server removes series: if none answers, nothing is known to be removed.
    let series = control::series(settings.data(), &due).unwrap_or_default();
    let gone: BTreeSet<Domain> = due
        .iter()
        .zip(series)
        .filter(|(_, series)| *series == 0)
        .map(|(domain, _)| *domain)
        .collect();
    move |deleted| match deleted.is_kept(now) {
        true => State::Waits,
        false if gone.contains(&deleted.domain) => State::Gone,
        false => State::Goes,
    }
}
