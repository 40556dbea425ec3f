//! Invitations: how somebody comes into an account, by his own word.
//!
//! **A password or code that anybody but the person has seen never opens anything outside the account whose Administrator
//! saw it.** An invitation makes no user and opens nothing. A known person accepts it, logged in. An unknown one redeems a
//! one-time code, which has one power: to set a password of his own, which makes the user and accepts the invitation it was
//! made for.
//!
//! An address counts as *proven* when a code that nobody else has seen came to it, or by the operator's word. Where the
//! inviter was shown the code, it is not: such a user stays in that one account until it is. Another code, by mail or from
//! the operator, then lets the true owner of the address begin anew, and ends all that was made with the first.

mod answer;
pub mod code;
pub(crate) mod invite;
mod mail;
mod operator;
mod reclaim;
mod redeem;

pub use crate::config::InvitationConfig;
use crate::refusal::{Reason, Refusal, Remedy};
pub use answer::{Choice, Waiting};

pub(crate) use invite::withdraw;
pub use invite::{Invitation, Invited, Invitee};
pub use mail::Mail;
pub(crate) use operator::of_owner;
pub use operator::{OperatorsCode, Pending, Unproven};

use crate::error::IamError;
use base::secret::Secret;

/// A code that fits nothing: wrong, used up, expired, or of an address that needs none. Which, nobody is told.
pub(super) fn rejected() -> IamError {
    let problem = Refusal::new(
        Reason::WrongCode,
        "the one-time code is wrong for this address, used up or expired",
    );
    IamError::Refused(problem.remedy(Remedy::AnotherCode))
}

/// A new code, and what is stored of it.
pub(super) fn new_code() -> (Secret<String>, Vec<u8>) {
    let code = code::generate();
    let hash = code::hash(code.expose()).to_vec();
    (code, hash)
}
