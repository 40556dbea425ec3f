//! The command line's lists of roles, which policies are beside.

use super::{Account, VIEWER};
use crate::no_role::{error_text, people};

/// They read as if they were all that anybody may do.
#[test]
fn lists_of_roles_say_that_there_are_policies_and_programs_beside() {
    let account = Account::start();
    let (owner, bea) = people(&account.server);
    let (subject, _) = account.service("ci");
    let lists = [
        "account users --all-roles",
        "account space-users dev -o vigie",
        "account org-users vigie",
    ];
    for line in lists {
        let errors = error_text(&owner.run(line));
        assert!(!errors.contains("access polic"), "{line}: {errors}");
        assert!(!errors.contains("service ID"), "{line}: {errors}");
    }
    account.make("/v1/policies", &account.first(&subject, VIEWER, &[]));
    for line in lists {
        let errors = error_text(&owner.run(line));
        assert!(errors.contains("has 1 access policy, "), "{line}: {errors}");
        let quiet = error_text(&owner.run(&format!("{line} -q")));
        assert!(!quiet.contains("access polic"), "{line}: {quiet}");
    }
    owner.run_ok(&format!(
        "account space-role-set {subject} vigie dev SpaceAuditor"
    ));
    // An account's Administrator has to find every other one.
    owner.run_ok(&format!("account role-set {subject} Editor"));
    let all = owner.run_ok(lists[0]);
    let row = all.lines().find(|row| row.contains(&subject)).unwrap();
    assert!(row.contains("Editor, SpaceAuditor of vigie/dev"), "{all}");
    assert!(owner.run_ok(lists[1]).contains(&subject));
    // Who may not list the policies is told nothing of them.
    owner.run_ok("account space-role-set bea@example.org vigie dev SpaceAuditor");
    let ran = bea.run(lists[1]);
    assert!(ran.status.success(), "{ran:?}");
    assert!(!error_text(&ran).contains("access polic"), "{ran:?}");
}
