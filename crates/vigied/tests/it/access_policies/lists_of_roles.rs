//! The command line's lists of roles, which policies are beside.

use super::{Account, VIEWER};
use crate::no_role::{error_text, people};

/// They read as if they were all that anybody may do.
#[test]
fn lists_of_roles_say_that_there_are_policies_and_programs_beside() {
    let account = Account::start();
    let (owner, bea) = people(&account.server);
    let (subject, _) = account.service();
    let lists = [
        "account users --all-roles",
        "account space-users dev -o vigie",
        "account org-users vigie",
    ];
    for line in lists {
        let told = error_text(&owner.run(line));
        assert!(!told.contains("access polic"), "{line}: {told}");
        assert!(!told.contains("service ID"), "{line}: {told}");
    }
    account.make("/v1/policies", &account.first(&subject, VIEWER, &[]));
    for line in lists {
        let told = error_text(&owner.run(line));
        assert!(told.contains("has 1 access policy, "), "{line}: {told}");
        let quiet = error_text(&owner.run(&format!("{line} -q")));
        assert!(!quiet.contains("access polic"), "{line}: {quiet}");
    }
    owner.run_ok(&format!(
        "account space-role-set {subject} vigie dev SpaceAuditor"
    ));
    let told = error_text(&owner.run(lists[0]));
    assert!(
        told.contains("1 service ID or profile with roles"),
        "{told}"
    );
    assert!(owner.run_ok(lists[1]).contains(&subject));
    // Who may not list the policies is told nothing of them.
    owner.run_ok("account space-role-set bea@example.org vigie dev SpaceAuditor");
    let told = bea.run(lists[1]);
    assert!(told.status.success(), "{told:?}");
    assert!(!error_text(&told).contains("access polic"), "{told:?}");
}
