//! The documented roles are those by which the server decides.

use base::scope::Action;
use iam::role::Role;
use wire::iam::role::{ROLES, RoleMeaning};

/// The server's own name for a role.
fn role(meaning: &RoleMeaning) -> Role {
    let name = match meaning.role {
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
    for meaning in ROLES {
        let actions = role(&meaning).actions();
        let may = [
            (Action::Write, meaning.send),
            (Action::Render, meaning.query),
            (Action::Find, meaning.list),
            (Action::Delete, meaning.delete),
            (Action::Configure, meaning.settings),
        ];
        for (action, may) in may {
            assert_eq!(actions.contains(action), may, "{} {action:?}", meaning.role);
        }
    }
}

#[test]
fn the_documentation_shows_the_table_of_roles() {
    let page =
        std::fs::read_to_string(super::docs().join("concepts/domains-and-roles.md")).unwrap();
    for meaning in ROLES {
        let may = [
            meaning.send,
            meaning.query,
            meaning.list,
            meaning.delete,
            meaning.settings,
        ];
        let cells = [meaning.role, meaning.place].map(str::to_owned).into_iter();
        let cells = cells.chain(may.map(|may| if may { "yes" } else { "" }.to_owned()));
        let row = cells
            .chain([meaning.manages.unwrap_or_default().to_owned()])
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
