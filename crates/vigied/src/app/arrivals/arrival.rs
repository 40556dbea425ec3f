//! The outcome of one batch of a sender.

use base::id::KeyId;
use base::sample::{Appended, Batch, RejectReason};
use base::scope::Domain;
use base::source::Source;
use base::time::Millis;
use std::net::IpAddr;
use wire::ingest::Lines;

/// How many refused samples of one batch are kept.
const REFUSED_PER_BATCH: usize = 3;

/// How much of a name and of a reason is kept.
const TEXT_BYTES: usize = 200;

/// A sender and its listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ArrivalSource {
    /// The setting of the listener, or the path of the route.
    pub(crate) listener: &'static str,
    pub(crate) address: IpAddr,
    /// The API key, if it is one.
    pub(crate) key: Option<KeyId>,
}

impl ArrivalSource {
    pub(crate) const fn new(listener: &'static str, source: Source, key: Option<KeyId>) -> Self {
        Self {
            listener,
            address: source.address(),
            key,
        }
    }
}

/// The outcome of one batch.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(super) domain: Domain,
    pub(super) by: ArrivalSource,
    pub(super) at: Millis,
    /// Stored or overwritten.
    pub(super) taken: u64,
    pub(super) refused: u64,
    pub(super) reasons: Vec<(&'static str, u64)>,
    pub(super) samples: Vec<RefusedSample>,
}

impl Arrival {
    /// So many samples were taken, and nothing was refused.
    pub(crate) const fn new(domain: Domain, by: ArrivalSource, at: Millis, taken: u64) -> Self {
        Self {
            domain,
            by,
            at,
            taken,
            refused: 0,
            reasons: Vec::new(),
            samples: Vec::new(),
        }
    }

    /// The lines that are no samples, and the samples that the store refused.
    pub(crate) fn lines(&mut self, lines: &Lines, appended: &Appended) {
        for reject in &lines.rejects {
            self.refused(reject.name.as_deref(), &reject.reason);
        }
        self.late(&lines.batch, appended);
    }

    /// The samples that the store refused.
    pub(crate) fn late(&mut self, batch: &Batch, appended: &Appended) {
        let mut samples = batch.iter().enumerate();
        for (at, reason) in &appended.rejected {
            if self.samples.len() >= REFUSED_PER_BATCH {
                self.count(reason.code(), 1);
                continue;
            }
            let sample = samples.find(|(position, _)| position == at);
            let name = sample.map(|(_, sample)| sample.name().into_owned());
            self.refused(name.as_deref(), reason);
        }
    }

    /// So many values were refused for the same reason, of which the first is named.
    pub(crate) fn refused_alike(&mut self, name: Option<&str>, reason: &RejectReason, count: u64) {
        if let Some(others) = count.checked_sub(1) {
            self.refused(name, reason);
            self.count(reason.code(), others);
        }
    }

    /// One sample was refused.
    pub(crate) fn refused(&mut self, name: Option<&str>, reason: &RejectReason) {
        self.count(reason.code(), 1);
        if self.samples.len() < REFUSED_PER_BATCH {
            self.samples.push(RefusedSample {
                at: self.at,
                by: self.by,
                reason: reason.code(),
                name: name.map(printable),
                message: printable(&reason.to_string()),
            });
        }
    }

    /// So many were refused for what the listener has a word for.
    pub(crate) fn count(&mut self, reason: &'static str, count: u64) {
        self.refused += count;
        match self.reasons.iter_mut().find(|entry| entry.0 == reason) {
            Some(entry) => entry.1 += count,
            None => self.reasons.push((reason, count)),
        }
    }
}

/// The beginning of a text of a sender. One in which a credential may stand is not kept.
fn printable(text: &str) -> Box<str> {
    let prefixes = ["vgk_", "vgr_", "vgs_", "eyJ"];
    if prefixes.iter().any(|prefix| text.contains(prefix)) {
        return "<hidden: it may hold a credential>".into();
    }
    let mut end = text.len().min(TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().into()
}

/// A sample that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusedSample {
    pub(crate) at: Millis,
    pub(crate) by: ArrivalSource,
    /// A word for the reason.
    pub(crate) reason: &'static str,
    /// The beginning of its name, if it has a readable one.
    pub(crate) name: Option<Box<str>>,
    /// Why it is not a sample.
    pub(crate) message: Box<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_refused_alike_are_all_counted_and_one_is_kept() {
        let by = super::super::tests::by(1);
        let mut arrival = Arrival::new(super::super::tests::space(1), by, Millis(0), 0);
        let reason = RejectReason::Value("the value `x` is not a number".to_owned());
        arrival.refused_alike(Some("a.b"), &reason, 3000);
        arrival.refused_alike(None, &reason, 0);
        arrival.refused_alike(None, &RejectReason::OutOfReach, 1);
        assert_eq!(arrival.refused, 3001);
        assert_eq!(arrival.reasons, [("value", 3000), ("out_of_reach", 1)]);
        let names: Vec<_> = arrival
            .samples
            .iter()
            .map(|sample| sample.name.as_deref())
            .collect();
        assert_eq!(names, [Some("a.b"), None]);
    }

    #[test]
    fn no_credential_is_kept_and_no_long_text() {
        assert_eq!(&*printable("a.b"), "a.b");
        for text in ["vgk_abc.cpu", "vgs_abc", "x eyJhbGciOi y"] {
            assert!(
                !printable(text).contains("abc") && !printable(text).contains("hbG"),
                "{text}"
            );
        }
        assert_eq!(printable(&"ü".repeat(500)).len(), TEXT_BYTES);
    }
}
