//! Hints for members whose role is too weak: the command that gives the role that allows what they tried; and hints for an
//! Administrator who invites a member.

use crate::harness::Server;
use crate::no_role::{Person, error_text, people};

const ACCOUNT_ROLE: &str = "`vigie account role-set bea@example.org Editor`";
const ORG_ROLE: &str = "`vigie account org-role-set bea@example.org ORG OrgManager`";

fn hinted(person: &Person<'_>, line: &str, expected: &str) {
    let ran = person.run(line);
    assert!(!ran.status.success(), "{line}: {ran:?}");
    let errors = error_text(&ran);
    assert!(errors.contains(expected), "{line}: {errors}");
}

/// `vigie target` named itself as the mend, which failed; `status` named none.
#[test]
fn regression_7_target_and_status_of_a_member_without_a_role_lead_on() {
    let server = Server::start();
    let (owner, bea) = people(&server);
    let ran = bea.run("target");
    assert!(ran.status.success(), "{ran:?}");
    let stdout = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(!stdout.contains("target -o ORG"), "{stdout}");
    assert!(stdout.contains("you have no role in an organization yet"));
    assert!(error_text(&ran).contains("space-role-set bea@example.org"));
    let status = bea.run("status");
    let led = error_text(&status);
    assert!(led.contains("space-role-set bea@example.org"), "{led}");
    owner.run_ok("account space-role-set bea@example.org vigie dev SpaceDeveloper");
    let led = error_text(&bea.run("status"));
    assert!(led.contains("`vigie target` says"), "{led}");
    assert!(bea.run_ok("target").contains("target -o ORG -s SPACE"));
    // A role, and no target yet: the account is meant, where the role is not.
    hinted(&bea, "metrics list", "`vigie target -o ORG -s SPACE`");
    bea.run_ok("target -o vigie -s dev");
    assert!(!error_text(&bea.run("status")).contains("hint"));
}

/// Who lost what let them in was not told how to get back in: `account spaces` had no hint, and the others named the Administrator alone.
#[test]
fn who_no_longer_sees_their_target_is_told_of_roles_and_of_logins() {
    let server = Server::start();
    let (owner, bea) = people(&server);
    owner.run_ok("account space-role-set bea@example.org vigie dev SpaceDeveloper");
    bea.run_ok("target -o vigie -s dev");
    owner.run_ok("account space-role-unset bea@example.org vigie dev SpaceDeveloper");
    for line in ["account spaces", "target -o vigie -s dev"] {
        for part in [
            "space-role-set bea@example.org",
            "or log in again with `vigie login`",
        ] {
            hinted(&bea, line, part);
        }
    }
}

/// They said which role is needed and no command, or named a role that does not allow it.
#[test]
fn regression_7_a_refusal_names_the_command_that_gives_the_needed_role() {
    let server = Server::start();
    let (owner, bea) = people(&server);
    let administrator = "`vigie account role-set EMAIL Administrator`";
    hinted(&bea, "account users", administrator);
    hinted(&bea, "account user-invite x@example.org", administrator);
    let creator = "`vigie account role-set EMAIL Editor`";
    hinted(&bea, "account org-create lab", creator);
    hinted(&bea, "account space-create lab", ORG_ROLE);
    hinted(&bea, "metrics list --scope account", ACCOUNT_ROLE);
    hinted(&bea, "iam token --curl --scope account", ACCOUNT_ROLE);
    let org = format!("metrics list --scope o-{}", server.owner.org);
    hinted(&bea, &org, ORG_ROLE);
    let token = format!("iam token --env --scope o-{}", server.owner.org);
    hinted(&bea, &token, ORG_ROLE);
    owner.run_ok("account space-role-set bea@example.org vigie dev SpaceDeveloper");
    let org_manager = "`vigie account org-role-set EMAIL ORG OrgManager`";
    hinted(&bea, "account space-create lab -o vigie", org_manager);
    // What the hints say works.
    owner.run_ok("account org-role-set bea@example.org vigie OrgManager");
    bea.run_ok("account space-create lab -o vigie");
    bea.run_ok(&org);
    owner.run_ok("account role-set bea@example.org Editor");
    bea.run_ok("metrics list --scope account");
    bea.run_ok("account org-create lab");
}

/// It said that nobody was invited, and not how a member is given a role.
#[test]
fn regression_7_inviting_a_member_names_the_command_that_gives_the_role() {
    let server = Server::start();
    let (owner, _) = people(&server);
    hinted(
        &owner,
        "account user-invite Bea@example.org -o vigie -s dev --space-role SpaceDeveloper",
        "`vigie account space-role-set Bea@example.org vigie dev SpaceDeveloper`",
    );
    hinted(
        &owner,
        "account user-invite bea@example.org --account-role Viewer",
        "`vigie account role-set bea@example.org Viewer`",
    );
    hinted(&owner, "account user-invite bea@example.org", "role-set");
}

/// It counted `1 spaces`, and named a parameter of the API alone.
#[test]
fn regression_7_an_organization_with_spaces_names_the_flag_that_deletes_them() {
    let server = Server::start();
    let (owner, _) = people(&server);
    let ran = owner.run("account org-delete vigie -f");
    let errors = error_text(&ran);
    assert!(errors.contains("holds 1 space ("), "{errors}");
    assert!(errors.contains("org-delete ORG --recursive`"), "{errors}");
    owner.run_ok("account org-delete vigie -f --recursive");
}
