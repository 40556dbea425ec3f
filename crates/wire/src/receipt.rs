//! The answer to a write: nothing disappears unsaid.

use crate::ingest::Reject;
use crate::problem::MonitoringError;
use serde::{Deserialize, Serialize};

/// What became of the items of one body; `received = stored + overwritten + rejected`.
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
    /// Items that are not, each with its reason in `rejections`.
    pub rejected: u64,
    /// The rejected items, ascending by index.
    #[serde(default)]
    pub rejections: Vec<Rejection>,
    /// Why the whole request failed; absent from a receipt of status 200.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<MonitoringError>,
}

impl Receipt {
    /// Whether it says of each of `sent` items what became of it. Whoever sent them gives them up on its strength.
    #[must_use]
    pub fn accounts_for(&self, sent: u64) -> bool {
        let parts = [self.stored, self.overwritten, self.rejected];
        let sum = parts.into_iter().try_fold(0_u64, u64::checked_add);
        self.received == sent
            && sum == Some(sent)
            && self.rejections.len() as u64 == self.rejected
            && self.rejections.iter().all(|one| one.index < sent)
    }
}

/// One item that was not stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Rejection {
    /// Its position in the body, from 0.
    pub index: u64,
    /// Its name, where it has a readable one.
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
            name: reject.name.clone(),
            code: reject.reason.code().to_owned(),
            reason: reject.reason.to_string(),
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
        for (told, sent) in [
            (receipt(4, 3, 1, 0), 3),
            (receipt(3, 1, 1, 0), 3),
            (receipt(3, 0, 0, 3), 3),
            (receipt(3, u64::MAX, 4, 0), 3),
            (receipt(u64::MAX, u64::MAX, 0, 0), 3),
        ] {
            assert!(!told.accounts_for(sent), "{told:?}");
        }
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
            errors: Vec::new(),
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
