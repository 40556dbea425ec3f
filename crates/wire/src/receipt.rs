//! The receipt of a write: received, stored, overwritten and rejected samples, with a reason for each rejection.

use crate::ingest::Reject;
use crate::problem::MonitoringError;
use base::invisible::shown;
use base::limit::REJECTIONS_PER_RECEIPT;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The outcome of the items of one body; `received = stored + overwritten + rejected`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Receipt {
    /// Items the body held.
    pub received: u64,
    /// Items now in the store.
    pub stored: u64,
    /// Items of which a later one of the same name and instant in the same body is in the store instead. That what an earlier
    /// request stored was replaced is not counted.
    #[serde(default)]
    pub overwritten: u64,
    /// Items that are not.
    pub rejected: u64,
    /// The rejected items, each with its reason, ascending by index; of more than `rejections_per_receipt` the first.
    #[serde(default)]
    pub rejections: Vec<Rejection>,
    /// How many rejected items `rejections` does not list; absent where it lists all.
    #[serde(default, skip_serializing_if = "is_none_left_out")]
    pub rejections_left_out: u64,
    /// How many items were rejected for what, listed or not; absent where `rejections` lists all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rejected_by_code: BTreeMap<String, u64>,
    /// Why the whole request failed; absent from a receipt of status 200.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<MonitoringError>,
}

impl Receipt {
    /// Whether it accounts for each of `sent` items. Senders drop their items when it does.
    #[must_use]
    pub fn accounts_for(&self, sent: u64) -> bool {
        let parts = [self.stored, self.overwritten, self.rejected];
        let sum = parts.into_iter().try_fold(0_u64, u64::checked_add);
        self.received == sent
            && sum == Some(sent)
            && self.lists_what_it_can()
            && self.rejections.iter().all(|one| one.index < sent)
    }

    /// As many as fit are listed, the rest is counted, and so is why.
    fn lists_what_it_can(&self) -> bool {
        let listed = self.rejected.min(REJECTIONS_PER_RECEIPT.default);
        let mut counts = self.rejected_by_code.values().copied();
        let counted = counts.try_fold(0_u64, u64::checked_add);
        self.rejections.len() as u64 == listed
            && self.rejections_left_out == self.rejected - listed
            && (self.rejections_left_out == 0 || counted == Some(self.rejected))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_none_left_out(count: &u64) -> bool {
    *count == 0
}

/// One item that was not stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Rejection {
    /// Its position in the body, from 0.
    pub index: u64,
    /// Its name, where it has a readable one; a character that is not seen stands there as its number (`\u{202e}`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A stable word, for example `timestamp`.
    pub code: String,
    /// The reason in words.
    pub reason: String,
}

impl From<&Reject> for Rejection {
    fn from(reject: &Reject) -> Self {
        Self {
            index: reject.index as u64,
            name: reject.name.as_deref().map(|name| shown(name).into_owned()),
            code: reject.reason.code().to_owned(),
            reason: shown(&reject.reason.to_string()).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::sample::RejectReason;

    #[test]
    fn a_receipt_accounts_for_what_was_sent() {
        let receipt = |received, stored, overwritten, rejected| Receipt {
            received,
            stored,
            overwritten,
            rejected,
            ..Receipt::default()
        };
        assert!(receipt(3, 2, 1, 0).accounts_for(3));
        for (answer, sent) in [
            (receipt(4, 3, 1, 0), 3),
            (receipt(3, 1, 1, 0), 3),
            (receipt(3, 0, 0, 3), 3),
            (receipt(3, u64::MAX, 4, 0), 3),
            (receipt(u64::MAX, u64::MAX, 0, 0), 3),
        ] {
            assert!(!answer.accounts_for(sent), "{answer:?}");
        }
    }

    #[test]
    fn what_a_receipt_does_not_list_it_counts() {
        let listed = |index| Rejection {
            index,
            name: None,
            code: "value".to_owned(),
            reason: "x".to_owned(),
        };
        let receipt = |count: u64, left_out, counted| Receipt {
            received: 1500,
            rejected: 1500,
            rejections: (0..count).map(listed).collect(),
            rejections_left_out: left_out,
            rejected_by_code: BTreeMap::from([("value".to_owned(), counted)]),
            ..Receipt::default()
        };
        assert!(receipt(1000, 500, 1500).accounts_for(1500));
        for answer in [
            receipt(1000, 0, 1500),
            receipt(1000, 501, 1500),
            receipt(1000, 500, 1499),
            receipt(999, 501, 1500),
            receipt(1500, 0, 1500),
            receipt(0, 1500, 1500),
        ] {
            assert!(!answer.accounts_for(1500), "{}", answer.rejections.len());
        }
    }

    #[test]
    fn what_is_not_seen_in_an_item_is_told_by_its_number() {
        let rejection = Rejection::from(&Reject {
            index: 0,
            name: Some("a\u{202e}b".to_owned()),
            reason: RejectReason::Value("`\u{1b}[2J` is no number".to_owned()),
        });
        assert_eq!(rejection.name.as_deref(), Some(r"a\u{202e}b"));
        assert_eq!(rejection.reason, r"`\u{1b}[2J` is no number");
    }

    #[test]
    fn a_good_receipt_has_no_errors_field() {
        let receipt = Receipt {
            received: 4,
            stored: 1,
            overwritten: 2,
            rejected: 1,
            rejections: vec![Rejection::from(&Reject {
                index: 1,
                name: Some("a.b".to_owned()),
                reason: RejectReason::TooOld { retention_days: 45 },
            })],
            ..Receipt::default()
        };
        let text = serde_json::to_string(&receipt).unwrap();
        assert_eq!(
            text,
            "{\"received\":4,\"stored\":1,\"overwritten\":2,\"rejected\":1,\"rejections\":[{\"index\":1,\"name\":\"a.b\",\
             \"code\":\"too_old\",\"reason\":\"the sample is older than the retention of 45 days\"}]}"
        );
        assert_eq!(serde_json::from_str::<Receipt>(&text).unwrap(), receipt);
    }
}
