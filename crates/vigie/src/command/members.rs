//! Roles in an organization or space: `account org-users`, `account space-users`, and `account users --all-roles`.

pub(crate) mod org_users;
pub(crate) mod policies;
pub(crate) mod space_users;

use crate::client::{Request, encode};
use crate::command::role::{self, AccountRole, OrgRole, SpaceRole};
use crate::context::Context;
use crate::error::Failure;
use crate::output::Output;
use crate::printable_text::{PrintableText, escaped};
use clap::ValueEnum;
use serde::Serialize;
use std::collections::BTreeMap;
use wire::cf::organization::MemberEntity;

/// The maximum number of organizations and spaces searched for the roles of a whole account: each takes three or four requests.
const PLACES_MAX: usize = 200;

/// A role and a user who has it.
#[derive(Debug, Serialize)]
struct RoleHolder {
    user: String,
    role: String,
}

/// A role of a user, with its organization and space.
#[derive(Debug, Serialize)]
pub(crate) struct RoleAssignment {
    org: String,
    role: String,
    space: Option<String>,
}

impl RoleAssignment {
    /// The role and its place, in words.
    pub(crate) fn text(&self) -> String {
        match &self.space {
            Some(space) => format!("{} of {}/{space}", self.role, self.org),
            None => format!("{} of {}", self.role, self.org),
        }
    }
}

const ORG_ROLES: [OrgRole; 4] = [
    OrgRole::OrgManager,
    OrgRole::BillingManager,
    OrgRole::OrgAuditor,
    OrgRole::OrgUser,
];

const SPACE_ROLES: [SpaceRole; 3] = [
    SpaceRole::SpaceManager,
    SpaceRole::SpaceDeveloper,
    SpaceRole::SpaceAuditor,
];

/// A role's name, and the names of the users, service IDs and profiles who have it.
type Holders = (String, Vec<String>);

fn holders(context: &Context, path: &str, role: String) -> Result<Holders, Failure> {
    let request = Request::get(context.cf_url(path)?);
    let members = context.list::<MemberEntity>(request, "list who holds the role")?;
    let mut users: Vec<String> = (members.into_iter())
        .map(|member| member.entity.username)
        .collect();
    users.sort();
    Ok((role, users))
}

fn of_org(context: &Context, guid: &str, roles: &[OrgRole]) -> Result<Vec<Holders>, Failure> {
    let path = |role: &OrgRole| format!("/v2/organizations/{}/{}", encode(guid), role.members());
    roles
        .iter()
        .map(|role| holders(context, &path(role), role::name(role)))
        .collect()
}

fn of_space(context: &Context, guid: &str) -> Result<Vec<Holders>, Failure> {
    let path = |role: &SpaceRole| format!("/v2/spaces/{}/{}", encode(guid), role.members());
    SPACE_ROLES
        .iter()
        .map(|role| holders(context, &path(role), role::name(role)))
        .collect()
}

fn show(found: Vec<Holders>, output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        let rows = found.into_iter().flat_map(|(role, users)| {
            users.into_iter().map(move |user| RoleHolder {
                user,
                role: role.clone(),
            })
        });
        return output.json(&rows.collect::<Vec<_>>());
    }
    output.ok()?;
    for (role, users) in found {
        let mut section = escaped!("\n{}\n", role);
        if users.is_empty() {
            section.push(&PrintableText::from("  none\n"));
        }
        for user in users {
            section.push(&escaped!("  {}\n", user));
        }
        output.text(&section)?;
    }
    Ok(())
}

/// The service IDs and profiles that have a role in the account, each with its roles there.
pub(crate) fn programs_of_account(
    context: &Context,
    account: &str,
) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for role in AccountRole::value_variants() {
        let role = role::name(role);
        let path = format!("/v2/accounts/{}/roles/{role}", encode(account));
        let (role, names) = holders(context, &path, role)?;
        for name in names.into_iter().filter(|name| is_program(name)) {
            all.entry(name).or_default().push(role.clone());
        }
    }
    Ok(all)
}

/// The look-up key of a holder: lower case for an address, which may be written in any case; an IAM id as it is.
fn key(name: String) -> String {
    match is_program(&name) {
        true => name,
        false => name.to_lowercase(),
    }
}

/// Whether it is the IAM id of a service ID or of a trusted profile: users are listed by their addresses.
pub(crate) fn is_program(name: &str) -> bool {
    name.starts_with("iam-") && !name.contains('@')
}

/// The roles in every organization and space that the caller sees, by user.
pub(crate) fn all_assignments(
    context: &Context,
) -> Result<BTreeMap<String, Vec<RoleAssignment>>, Failure> {
    let mut all: BTreeMap<String, Vec<RoleAssignment>> = BTreeMap::new();
    let mut add = |found: Vec<Holders>, org: &str, space: Option<&str>| {
        for (role, users) in found {
            for user in users {
                all.entry(key(user)).or_default().push(RoleAssignment {
                    role: role.clone(),
                    org: org.to_owned(),
                    space: space.map(str::to_owned),
                });
            }
        }
    };
    let mut places = 0;
    let mut room = || {
        places += 1;
        if places <= PLACES_MAX {
            return Ok(());
        }
        let why = format!("there are more than {PLACES_MAX} organizations and spaces to look into");
        Err(Failure::failed(why).hint(
            "look into one with `vigie account org-users NAME` or `vigie account space-users NAME -o ORG`",
        ))
    };
    for org in context.orgs("")? {
        room()?;
        let name = &org.entity.name;
        add(of_org(context, &org.metadata.guid, &ORG_ROLES)?, name, None);
        for space in context.spaces(&org.metadata.guid)? {
            room()?;
            let found = of_space(context, &space.metadata.guid)?;
            add(found, name, Some(&space.entity.name));
        }
    }
    Ok(all)
}
