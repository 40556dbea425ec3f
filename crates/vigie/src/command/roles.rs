//! `account roles`: what each role allows, without a request.

use crate::context::Context;
use crate::error::Failure;
use crate::output::{Column, Row};
use wire::iam::role::{ROLES, RoleMeaning};

/// Lists the roles.
pub(crate) fn list(context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    output.rows(&ROLES, "")?;
    if !output.is_json() {
        output.note("a role counts where it is held and nowhere else: nothing is inherited");
    }
    Ok(())
}

impl Row for RoleMeaning {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Role", |role| role.role.to_owned()),
        Column::new("Held in", |role| role.place.to_owned()),
        Column::new("Send", |role| may(role.send)),
        Column::new("Query", |role| may(role.query)),
        Column::new("List", |role| may(role.list)),
        Column::new("Delete", |role| may(role.delete)),
        Column::new("Settings", |role| may(role.settings)),
        Column::new("Manages", |role| role.manages.unwrap_or("-").to_owned()),
    ];
}

fn may(may: bool) -> String {
    if may { "yes" } else { "-" }.to_owned()
}
