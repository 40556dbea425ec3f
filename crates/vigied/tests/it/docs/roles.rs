//! The documented roles are those by which the server decides.

use base::scope::Action;
use iam::role::Role;
use wire::iam::role::{ROLES, RoleMeaning};

/// The server's own name for a role.
fn role(told: &RoleMeaning) -> Role {
    let name = match told.role {
        "OrgUser" => "Member",
        other => ["Org", "Space"]
            .iter()
            .find_map(|place| other.strip_prefix(place))
            .unwrap_or(other),
    };
    name.parse().unwrap()
}

#[test]
fn the_table_of_roles_is_that_of_the_server() {
    for told in ROLES {
        let actions = role(&told).actions();
        let may = [
            (Action::Write, told.send),
            (Action::Render, told.query),
            (Action::Find, told.list),
            (Action::Delete, told.delete),
            (Action::Configure, told.settings),
        ];
        for (action, may) in may {
            assert_eq!(actions.contains(action), may, "{} {action:?}", told.role);
        }
    }
}

#[test]
fn the_documentation_shows_the_table_of_roles() {
    let page =
        std::fs::read_to_string(super::docs().join("concepts/domains-and-roles.md")).unwrap();
    for told in ROLES {
        let may = [told.send, told.query, told.list, told.delete, told.settings];
        let cells = [told.role, told.place].map(str::to_owned).into_iter();
        let cells = cells.chain(may.map(|may| if may { "yes" } else { "" }.to_owned()));
        let row = cells
            .chain([told.manages.unwrap_or_default().to_owned()])
            .map(|cell| {
                if cell.is_empty() {
                    " |".to_owned()
                } else {
                    format!(" {cell} |")
                }
            })
            .collect::<String>();
        assert!(page.contains(&format!("\n|{row}\n")), "not told: |{row}");
    }
}
