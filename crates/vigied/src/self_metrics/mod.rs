//! The server's own metrics: static counters, written out in the Prometheus text format.
//!
//! Per tenant `received = stored + overwritten + rejected` holds at every moment because `received` is not a counter of its own: it
//! is the sum of the other two, which are read under one lock.

pub(crate) mod name_bytes;
mod not_stored;
mod requests;
mod text;

pub(crate) use requests::NO_ROUTE;

use base::limit::{self, Limit};
use base::mutex::lock;
use base::sample::{Appended, RejectReason};
use base::scope::Domain;
use base::store::Figure;
use not_stored::NotStored;
use requests::Requests;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use text::head;

#[derive(Debug, Default, Clone)]
struct Samples {
    stored: u64,
    overwritten: u64,
    rejected: [u64; RejectReason::CODES.len()],
}

/// A limit in force, and how often it was reached.
#[derive(Debug)]
struct LimitCount {
    limit: Limit,
    value: u64,
    hits: AtomicU64,
}

/// Every counter of the process.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    samples: Mutex<BTreeMap<Domain, Samples>>,
    requests: Requests,
    limits: Vec<LimitCount>,
    notices: Mutex<BTreeMap<&'static str, u64>>,
    refused: Mutex<BTreeMap<&'static str, u64>>,
    panics: Mutex<BTreeMap<&'static str, u64>>,
    not_stored: NotStored,
    in_flight: AtomicU64,
}

/// Values that are rendered with the counters.
#[derive(Debug, Default, Clone)]
pub(crate) struct Facts<'a> {
    /// The figures of the store; `None` if it does not answer.
    pub(crate) store: Option<&'a [Figure]>,
    /// Whether the store takes writes.
    pub(crate) store_answers: bool,
    pub(crate) identity_answers: bool,
    pub(crate) identity_out_of_room: bool,
    /// Seconds since the directory last read changes.
    pub(crate) directory_age_seconds: i64,
    /// Whether this node has not read one of its own changes yet.
    pub(crate) directory_behind: bool,
    /// Logins that waited for another password check.
    pub(crate) password_waits: u64,
    /// Hits of limits that are counted elsewhere.
    pub(crate) counted_elsewhere: Vec<(Limit, u64)>,
}

/// Counts a request as in flight while it lives.
#[derive(Debug)]
pub(crate) struct InFlight<'a>(&'a AtomicU64);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// Counters for these limits and routes.
    pub(crate) fn new(
        limits: impl Iterator<Item = (Limit, u64)>,
        routes: impl Iterator<Item = &'static str>,
    ) -> Self {
        let count = |(limit, value)| LimitCount {
            limit,
            value,
            hits: AtomicU64::new(0),
        };
        Self {
            limits: limits.map(count).collect(),
            requests: Requests::of(routes),
            ..Self::default()
        }
    }

    /// Counts the outcome of a write.
    pub(crate) fn wrote<'a>(
        &self,
        domain: Domain,
        appended: &Appended,
        rejected: impl Iterator<Item = &'a RejectReason>,
    ) {
        let mut samples = lock(&self.samples);
        let counts = samples.entry(domain).or_default();
        counts.stored += appended.stored;
        counts.overwritten += appended.overwritten;
        for reason in rejected {
            let at = RejectReason::CODES
                .iter()
                .position(|code| *code == reason.code());
            if let Some(count) = at.and_then(|at| counts.rejected.get_mut(at)) {
                *count += 1;
            }
            if let Some(limit) = reason.limit() {
                self.limited(&limit);
            }
        }
    }

    /// Counts one answered request.
    pub(crate) fn answered(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        self.requests.answered(route, method, status, took);
    }

    /// Counts a hit of a limit: by a request, a sample, a connection or a login.
    pub(crate) fn limited(&self, limit: &Limit) {
        if let Some(counter) = self.limits.iter().find(|counter| counter.limit == *limit) {
            counter.hits.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a credential that was malformed and repaired.
    pub(crate) fn repaired(&self, what: &'static str) {
        *lock(&self.notices).entry(what).or_default() += 1;
    }

    /// Counts a refused credential.
    pub(crate) fn refused(&self, code: &'static str) {
        *lock(&self.refused).entry(code).or_default() += 1;
    }

    /// Counts a panic of work in the background.
    pub(crate) fn panicked(&self, work: &'static str) {
        *lock(&self.panics).entry(work).or_default() += 1;
    }

    /// Counts what came through a listener for senders and belongs to no domain's counters.
    pub(crate) fn not_stored(&self, listener: &'static str, reason: &'static str, count: u64) {
        self.not_stored.add(listener, reason, count);
    }

    /// Counts a request as in flight until the guard is dropped.
    pub(crate) fn start(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(&self.in_flight)
    }

    /// Drops the counters of domains that do not exist any more, so that nobody learns their names.
    pub(crate) fn forget(&self, exists: impl Fn(Domain) -> bool) {
        lock(&self.samples).retain(|domain, _| exists(*domain));
    }

    /// Renders the counters of these domains. Each is looked up by itself: nobody who counts waits for many of them.
    pub(crate) fn render_own(&self, domains: impl Iterator<Item = Domain>) -> String {
        let counted =
            domains.filter_map(|domain| Some((domain, lock(&self.samples).get(&domain)?.clone())));
        let mut samples: Vec<(Domain, Samples)> = counted.collect();
        samples.sort_unstable_by_key(|(domain, _)| *domain);
        let mut out = String::new();
        Self::render_samples(&mut out, &samples);
        out
    }

    /// The domains that have counters, in order.
    pub(crate) fn counted(&self) -> Vec<Domain> {
        lock(&self.samples).keys().copied().collect()
    }

    /// Those of these domains that have counters.
    pub(crate) fn counted_among(&self, domains: &[Domain]) -> Vec<Domain> {
        let mut domains = domains.to_vec();
        domains.retain(|domain| lock(&self.samples).contains_key(domain));
        domains
    }

    /// Renders everything.
    pub(crate) fn render(&self, facts: &Facts<'_>) -> String {
        let store = facts.store.unwrap_or_default();
        let mut out = String::with_capacity(16 * 1024);
        let all = lock(&self.samples).clone();
        let samples: Vec<(Domain, Samples)> = all.into_iter().collect();
        Self::render_samples(&mut out, &samples);
        self.render_limits(&mut out, facts);
        for (name, help, value) in [
            (
                "vigie_store_answers",
                "Whether the store answers: 0 while it is stuck or takes no writes.",
                i64::from(facts.store_answers),
            ),
            (
                "vigie_identity_answers",
                "Whether the identity database answers, and has room for what is written.",
                i64::from(facts.identity_answers),
            ),
            (
                "vigie_identity_out_of_room",
                "1 while the identity database's disk has no room for a write.",
                i64::from(facts.identity_out_of_room),
            ),
            (
                "vigie_directory_age_seconds",
                "How long ago this node last heard of changes from the identity database; below 1 while it answers.",
                facts.directory_age_seconds,
            ),
            (
                "vigie_directory_behind",
                "1 while this node cannot read one of its own changes; meanwhile it trusts no credential.",
                i64::from(facts.directory_behind),
            ),
        ] {
            head(&mut out, name, help, "gauge");
            let _ = writeln!(out, "{name} {value}");
        }
        self.requests.render(&mut out);
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        head(
            &mut out,
            "vigie_http_requests_in_flight",
            "Requests being worked on.",
            "gauge",
        );
        let _ = writeln!(out, "vigie_http_requests_in_flight {in_flight}");
        let labelled = [
            (
                &self.notices,
                "vigie_credential_repairs_total",
                "notice",
                "Malformed credentials that were repaired.",
            ),
            (
                &self.refused,
                "vigie_credentials_refused_total",
                "code",
                "Requests refused for their credential.",
            ),
            (
                &self.panics,
                "vigie_background_panics_total",
                "work",
                "Panics in background work, which is restarted after each.",
            ),
        ];
        for (counts, name, label, help) in labelled {
            head(&mut out, name, help, "counter");
            for (value, count) in lock(counts).iter() {
                let _ = writeln!(out, "{name}{{{label}=\"{value}\"}} {count}");
            }
        }
        self.not_stored.render(&mut out);
        for figure in store {
            let name = format!("vigie_store_{}", figure.name);
            let kind = if figure.name.ends_with("_total") {
                "counter"
            } else {
                "gauge"
            };
            head(&mut out, &name, figure.help, kind);
            let _ = writeln!(out, "{name} {}", figure.value);
        }
        out
    }

    fn render_samples(out: &mut String, samples: &[(Domain, Samples)]) {
        head(
            out,
            "vigie_samples_received_total",
            "Samples that arrived: stored plus overwritten plus rejected.",
            "counter",
        );
        for (domain, counts) in samples {
            let received = counts.stored + counts.overwritten + counts.rejected.iter().sum::<u64>();
            let _ = writeln!(
                out,
                "vigie_samples_received_total{{domain=\"{domain}\"}} {received}"
            );
        }
        head(
            out,
            "vigie_samples_stored_total",
            "Samples now in the store.",
            "counter",
        );
        for (domain, counts) in samples {
            let _ = writeln!(
                out,
                "vigie_samples_stored_total{{domain=\"{domain}\"}} {}",
                counts.stored
            );
        }
        head(
            out,
            "vigie_samples_overwritten_total",
            "Samples that a later one of the same write replaced.",
            "counter",
        );
        for (domain, counts) in samples {
            let _ = writeln!(
                out,
                "vigie_samples_overwritten_total{{domain=\"{domain}\"}} {}",
                counts.overwritten
            );
        }
        head(
            out,
            "vigie_samples_rejected_total",
            "Samples refused, by reason.",
            "counter",
        );
        for (domain, counts) in samples {
            for (code, count) in RejectReason::CODES
                .iter()
                .zip(counts.rejected)
                .filter(|(_, count)| *count > 0)
            {
                let _ = writeln!(
                    out,
                    "vigie_samples_rejected_total{{domain=\"{domain}\",reason=\"{code}\"}} {count}"
                );
            }
        }
    }

    fn render_limits(&self, out: &mut String, facts: &Facts<'_>) {
        head(
            out,
            "vigie_limit",
            "The limits in force; the unit is a label.",
            "gauge",
        );
        for limit in &self.limits {
            let (name, unit) = (limit.limit.name, limit.limit.unit);
            let _ = writeln!(
                out,
                "vigie_limit{{limit=\"{name}\",unit=\"{unit}\"}} {}",
                limit.value
            );
        }
        head(
            out,
            "vigie_limit_hits_total",
            "Hits of a limit by requests, samples, connections and logins.",
            "counter",
        );
        for counter in &self.limits {
            let elsewhere = facts.counted_elsewhere.iter();
            let elsewhere: u64 = elsewhere
                .filter(|(limit, _)| *limit == counter.limit)
                .map(|(_, hits)| hits)
                .sum();
            let hits = if counter.limit == limit::CONCURRENT_PASSWORD_CHECKS {
                facts.password_waits
            } else {
                counter
                    .hits
                    .load(Ordering::Relaxed)
                    .saturating_add(elsewhere)
            };
            let name = counter.limit.name;
            let _ = writeln!(out, "vigie_limit_hits_total{{limit=\"{name}\"}} {hits}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, SpaceId};

    #[test]
    fn received_is_stored_plus_overwritten_plus_rejected() {
        let metrics = Metrics::default();
        let domain = Domain::Space(SpaceId(Guid::from_random([7; 16])));
        let rejects = [
            RejectReason::Value("x".into()),
            RejectReason::TooOld { retention_days: 1 },
        ];
        let appended = |stored, overwritten| Appended {
            stored,
            overwritten,
            ..Appended::default()
        };
        metrics.wrote(domain, &appended(3, 4), rejects.iter());
        metrics.wrote(domain, &appended(2, 0), std::iter::empty());
        let text = metrics.render(&Facts::default());
        assert!(
            text.contains(&format!(
                "vigie_samples_received_total{{domain=\"{domain}\"}} 11\n"
            )),
            "{text}"
        );
        assert!(text.contains(&format!(
            "vigie_samples_stored_total{{domain=\"{domain}\"}} 5\n"
        )));
        assert!(text.contains("reason=\"too_old\"} 1\n"));
    }

    #[test]
    fn what_is_gone_is_forgotten_and_only_ones_own_is_shown() {
        let metrics = Metrics::default();
        let domain = |byte| Domain::Space(SpaceId(Guid::from_random([byte; 16])));
        let appended = Appended {
            stored: 1,
            ..Appended::default()
        };
        for byte in [1, 2] {
            metrics.wrote(domain(byte), &appended, std::iter::empty());
        }
        let mine = metrics.render_own([domain(3), domain(1)].into_iter());
        assert!(mine.contains(&domain(1).to_string()) && !mine.contains(&domain(2).to_string()));
        assert!(!mine.contains("vigie_limit"), "{mine}");
        metrics.forget(|one| one == domain(2));
        let all = metrics.render(&Facts::default());
        assert!(!all.contains(&domain(1).to_string()) && all.contains(&domain(2).to_string()));
    }
}
