//! Reads the server's receipt for sent samples.

use crate::client::Reply;
use crate::error::{Failure, code};
use crate::figures::counted;
use crate::printable_text::escaped;
use wire::receipt::Receipt;

/// The receipt for `sent` samples: a reply with 200, or with 400 if nothing was stored. The caller discards the samples after that,
/// so a receipt whose counts do not add up is rejected.
pub(crate) fn receipt(reply: &Reply, sent: u64) -> Result<Receipt, Failure> {
    let doing = "send metrics";
    let receipt: Receipt = match reply.status {
        200 => reply.read(doing)?,
        400 => serde_json::from_slice(&reply.body).map_err(|_| reply.refusal(doing))?,
        _ => return Err(reply.refusal(doing)),
    };
    if receipt.accounts_for(sent) {
        return Ok(receipt);
    }
    Err(Failure::failed(escaped!(
        "cannot {}: the server's receipt does not account for the {} sent: received {}, stored {}, overwritten {}, rejected {}, reasons {}",
        doing,
        counted(sent, "sample", "samples"),
        receipt.received,
        receipt.stored,
        receipt.overwritten,
        receipt.rejected,
        receipt.rejections.len()
    ))
    .coded(code::ANSWER_MALFORMED)
    .hint("is this address a Vigie server? see `vigie api`"))
}
