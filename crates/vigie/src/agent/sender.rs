//! Takes the oldest records of the spool to the server, and gives them up when a receipt accounts for them.

use super::spool::{Record, Spool, SpoolError};
use crate::client::{Reply, Request};
use crate::error::{Failure, code};
use crate::monitoring::{Monitoring, Patience};
use crate::shown::{Shown, shown};
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
        let report = self.judge(&reply, samples, records.len())?;
        self.with_spool(|spool| spool.discard(&records))?;
        Ok(report)
    }

    /// What the answer means for the records; a failure: they are to be sent again.
    fn judge(&mut self, reply: &Reply, samples: u64, records: usize) -> Result<Report, Failure> {
        let refusal = match receipt(reply, samples) {
            Ok(receipt) => {
                return Ok(Report::Sent {
                    stored: receipt.stored,
                    rejected: receipt.rejected,
                    reason: receipt
                        .rejections
                        .first()
                        .map(|rejection| Shown::told(&rejection.reason).into_string()),
                });
            }
            Err(refusal) => refusal,
        };
        let hopeless = match reply.status {
            // A smaller request may pass; a record alone cannot be made smaller.
            413 if records > 1 => {
                self.bytes_max /= 2;
                false
            }
            413 => true,
            _ => refusal.code.as_deref() == Some(BODY_MALFORMED),
        };
        if !hopeless {
            return Err(refusal);
        }
        Ok(Report::Sent {
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

/// The receipt for `sent` samples, of a reply that is one: with 200, or with 400 where nothing was stored. Samples are given
/// up on its strength, so that one whose figures do not account for all of them is none.
pub(crate) fn receipt(reply: &Reply, sent: u64) -> Result<Receipt, Failure> {
    let doing = "send metrics";
    let receipt: Receipt = match reply.status {
        200 => reply.read(doing)?,
        400 => serde_json::from_slice(&reply.body).map_err(|_| reply.refusal(doing))?,
        _ => return Err(reply.refusal(doing)),
    };
    if accounts_for(&receipt, sent) {
        return Ok(receipt);
    }
    Err(Failure::failed(shown!(
        "cannot {}: the server's receipt does not account for the {} samples that were sent: received {}, stored {}, overwritten {}, rejected {}, reasons {}",
        doing,
        sent,
        receipt.received,
        receipt.stored,
        receipt.overwritten,
        receipt.rejected,
        receipt.rejections.len()
    ))
    .coded(code::ANSWER_MALFORMED)
    .hint("is this address a Vigie server? see `vigie api`"))
}

fn accounts_for(receipt: &Receipt, sent: u64) -> bool {
    let parts = [receipt.stored, receipt.overwritten, receipt.rejected];
    let sum = parts.into_iter().try_fold(0_u64, u64::checked_add);
    receipt.received == sent
        && sum == Some(sent)
        && receipt.rejections.len() as u64 == receipt.rejected
        && receipt.rejections.iter().all(|one| one.index < sent)
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
    fn a_receipt_accounts_for_what_was_sent() {
        let receipt = |received, stored, overwritten, rejected| Receipt {
            received,
            stored,
            overwritten,
            rejected,
            ..Receipt::default()
        };
        assert!(accounts_for(&receipt(3, 2, 1, 0), 3));
        for (told, sent) in [
            (receipt(4, 3, 1, 0), 3),
            (receipt(3, 1, 1, 0), 3),
            (receipt(3, 0, 0, 3), 3),
            (receipt(3, u64::MAX, 4, 0), 3),
            (receipt(u64::MAX, u64::MAX, 0, 0), 3),
        ] {
            assert!(!accounts_for(&told, sent), "{told:?}");
        }
    }

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
