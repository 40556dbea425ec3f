//! `account roles`: what each role allows. Asks no server.

use crate::context::Context;
use crate::error::Failure;
use wire::iam::role::{ROLES, RoleMeaning};

/// Lists the roles.
pub(crate) fn list(context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    if output.is_json() {
        return output.json(&ROLES);
    }
    let rows: Vec<Vec<String>> = ROLES.iter().map(row).collect();
    let header = [
        "Role", "Held in", "Send", "Query", "List", "Delete", "Settings", "Manages",
    ];
    output.table(&header, &rows)?;
    output.note("a role counts where it is held and nowhere else: nothing is inherited");
    Ok(())
}

fn row(role: &RoleMeaning) -> Vec<String> {
    let may = |may: bool| if may { "yes" } else { "-" };
    [
        role.role,
        role.place,
        may(role.send),
        may(role.query),
        may(role.list),
        may(role.delete),
        may(role.settings),
        role.manages.unwrap_or("-"),
    ]
    .map(str::to_owned)
    .to_vec()
}
