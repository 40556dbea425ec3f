//! Takes the oldest records of the spool to the server, and gives them up when a receipt accounts for them.

use super::spool::{Record, Spool, SpoolError};
use crate::client::{Reply, Request};
use crate::error::Failure;
use crate::monitoring::{Monitoring, Patience};
use crate::shown::Shown;
use std::sync::{Mutex, PoisonError};
use wire::receipt::Receipt;

/// One request holds no more: well under the server's `body_bytes`.
const BODY_BYTES_MAX: usize = 4 << 20;
const SAMPLES_MAX: u64 = 5000;
/// The server could not read the body at all.
const BODY_MALFORMED: &str = "BXNMSMT01E";

/// What became of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Report {
    /// There was nothing to send.
    Idle,
    /// The receipt's figures, and the first reason for a rejection.
    Sent {
        stored: u64,
        rejected: u64,
        reason: Option<String>,
    },
}

/// The way from the spool to the server.
#[derive(Debug)]
pub(crate) struct Sender<'a> {
    monitoring: &'a Monitoring<'a>,
    spool: &'a Mutex<Spool>,
    bytes_max: usize,
}

impl<'a> Sender<'a> {
    /// Between these two.
    pub(crate) const fn new(monitoring: &'a Monitoring<'a>, spool: &'a Mutex<Spool>) -> Self {
        Self {
            monitoring,
            spool,
            bytes_max: BODY_BYTES_MAX,
        }
    }

    /// Sends one request's worth. After a failure everything is still in the spool.
    pub(crate) fn send(&mut self) -> Result<Report, Failure> {
        let records = self.with_spool(|spool| spool.oldest(self.bytes_max, SAMPLES_MAX))?;
        if records.is_empty() {
            self.bytes_max = BODY_BYTES_MAX;
            return Ok(Report::Idle);
        }
        let body = joined(&records);
        let url = self.monitoring.url("/v1/metrics");
        let reply = self.monitoring.exchange(
            || Request::post(&url).body("application/json", body.clone()),
            Patience::Once,
        )?;
        let samples = records.iter().map(|record| u64::from(record.samples)).sum();
        match self.judge(&reply, samples, records.len()) {
            Some(report) => {
                self.with_spool(|spool| spool.discard(&records))?;
                Ok(report)
            }
            None => Err(reply.refusal("send metrics")),
        }
    }

    /// What the answer means for the records; `None`: they are to be sent again.
    fn judge(&mut self, reply: &Reply, samples: u64, records: usize) -> Option<Report> {
        if let Some(receipt) = receipt(reply) {
            return Some(Report::Sent {
                stored: receipt.stored,
                rejected: receipt.rejected,
                reason: receipt
                    .rejections
                    .first()
                    .map(|rejection| Shown::told(&rejection.reason).into_string()),
            });
        }
        let refusal = reply.refusal("send metrics");
        let hopeless = match reply.status {
            // A smaller request may pass; a record alone cannot be made smaller.
            413 if records > 1 => {
                self.bytes_max /= 2;
                false
            }
            413 => true,
            _ => refusal.code.as_deref() == Some(BODY_MALFORMED),
        };
        hopeless.then(|| Report::Sent {
            stored: 0,
            rejected: samples,
            reason: Some(
                refusal
                    .text
                    .unwrap_or_else(|| refusal.message.into_string()),
            ),
        })
    }

    fn with_spool<T>(
        &self,
        act: impl FnOnce(&mut Spool) -> Result<T, SpoolError>,
    ) -> Result<T, Failure> {
        let mut spool = self.spool.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut spool).map_err(|error| Failure::failed(error.to_string()))
    }
}

/// The receipt of a reply that is one: with 200, or with 400 where nothing was stored.
pub(crate) fn receipt(reply: &Reply) -> Option<Receipt> {
    if !matches!(reply.status, 200 | 400) {
        return None;
    }
    serde_json::from_slice(&reply.body).ok()
}

/// Several JSON arrays as one.
fn joined(records: &[Record]) -> Vec<u8> {
    let inner = |payload: &[u8]| -> Vec<u8> {
        let text = payload.trim_ascii();
        let text = text.strip_prefix(b"[").unwrap_or(text);
        text.strip_suffix(b"]")
            .unwrap_or(text)
            .trim_ascii()
            .to_owned()
    };
    let items: Vec<Vec<u8>> = records
        .iter()
        .map(|record| inner(&record.payload))
        .filter(|items| !items.is_empty())
        .collect();
    [b"[".as_slice(), &items.join(b",".as_slice()), b"]"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_joined() {
        let directory = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(directory.path(), 1 << 22).unwrap();
        for payload in ["[1,2]", "[]", "[\n3\n]"] {
            spool.append(payload.as_bytes(), 1).unwrap();
        }
        let records = spool.oldest(usize::MAX, u64::MAX).unwrap();
        assert_eq!(joined(&records), b"[1,2,3]");
        assert_eq!(joined(&[]), b"[]");
    }
}
