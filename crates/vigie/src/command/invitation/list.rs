//! `account invitations`.

use super::waiting;
use crate::context::Context;
use crate::error::Failure;
use crate::output::{Column, Row};
use serde::Serialize;
use wire::iam::invitation::Invitation;

/// Lists the caller's pending invitations.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    output.action(format!("Getting invitations of {}...", context.user()))?;
    let waiting = waiting(context)?;
    output.ok()?;
    let waiting: Vec<InvitationListing> = waiting.into_iter().map(InvitationListing::of).collect();
    output.rows(&waiting, "No invitations found.")
}

/// A pending invitation. Fields that the server withholds until the address is proven are `null`, as is an inviter who is no user.
#[derive(Serialize)]
struct InvitationListing {
    account_id: String,
    account_name: Option<String>,
    created_at: String,
    expires_at: String,
    id: String,
    invited_by: Option<String>,
}

impl InvitationListing {
    fn of(one: Invitation) -> Self {
        let non_empty = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            id: one.id,
            account_id: one.account_id,
            account_name: non_empty(one.account_name),
            invited_by: non_empty(one.invited_by),
            created_at: one.created_at,
            expires_at: one.expires_at,
        }
    }

    fn inviter(&self) -> &str {
        match (&self.account_name, &self.invited_by) {
            (None, _) => "",
            (Some(_), None) => "the operator",
            (Some(_), Some(inviter)) => inviter,
        }
    }
}

impl Row for InvitationListing {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Account GUID", |invitation| invitation.account_id.clone()),
        Column::new("Name", |invitation| {
            (invitation.account_name.clone())
                .unwrap_or_else(|| "hidden until your address is proven".to_owned())
        }),
        Column::new("Invited by", |invitation| invitation.inviter().to_owned()),
        Column::new("Good until", |invitation| invitation.expires_at.clone()),
    ];
}
