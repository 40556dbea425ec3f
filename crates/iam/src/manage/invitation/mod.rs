//! Invitations: how users join an account, by their own consent.
//!
//! **A password or code that somebody else has seen never opens anything outside the account whose Administrator saw
//! it.** An invitation creates no user and opens nothing. An existing user logs in and accepts it. A new user redeems a
//! one-time code, which can do one thing: set the user's own password, which creates the user and accepts the
//! invitation.
//!
//! An address is *proven* when its user received a code that nobody else has seen, or when the operator confirms it. If
//! the inviter saw the code, the address is not proven: such a user stays in that one account until it is. Another
//! code, by mail or from the operator, lets the true owner of the address start anew, and ends all that was made with
//! the first code.

mod answer;
pub mod code;
mod groups;
pub(crate) mod invite;
mod mail;
mod operator;
mod reclaim;
mod redeem;

pub use crate::config::InvitationConfig;
use crate::refusal::{Reason, Refusal, Remedy};
pub use answer::{Choice, ReceivedInvitation};

pub(crate) use invite::withdraw;
pub use invite::{Invitation, Invited, InvitedAccess, Invitee};
pub use mail::Mail;
pub(crate) use operator::of_owner;
pub use operator::{OpenInvitation, OperatorsCode, Unproven};

use crate::error::IamError;
use base::secret::Secret;

/// The refusal of a code that is wrong, used, expired, replaced, or for an address that needs none. The caller does not learn
/// which.
pub(super) fn rejected() -> IamError {
    let problem = Refusal::new(
        Reason::WrongCode,
        "the one-time code is wrong for this address, used up, expired, or replaced by a newer one",
    );
    IamError::Refused(problem.remedy(Remedy::AnotherCode))
}

/// A new code and its stored hash.
pub(super) fn new_code() -> (Secret<String>, Vec<u8>) {
    let code = code::generate();
    let hash = code::hash(code.expose()).to_vec();
    (code, hash)
}
