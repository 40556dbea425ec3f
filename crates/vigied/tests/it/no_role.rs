//! A member whom nobody has given a role yet: every way ends at the command that gives one, with the member's address in it, and no
//! hint leads to another that fails.

use crate::harness::{Server, vigie};
use serde_json::Value;
use std::process::{Command, Output, Stdio};

const EMAIL: &str = "bea@example.org";
const PASSWORD: &str = "four words of hers";
const GIVES: &str = "`vigie account space-role-set bea@example.org ORG SPACE SpaceDeveloper`";
const UNKNOWN: &str = "s-00000000-0000-4000-8000-000000000000";

/// A person at the command line, with a configuration of their own.
pub(crate) struct Person<'a> {
    server: &'a Server,
    name: &'static str,
}

impl Person<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(vigie());
        command
            .env_clear()
            .env("VIGIE_HOME", self.server.folder.path().join(self.name))
            .env("HOME", self.server.folder.path().join(self.name))
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.command().args(line.split(' ')).output().unwrap()
    }

    pub(crate) fn run_ok(&self, line: &str) -> String {
        let ran = self.run(line);
        assert!(ran.status.success(), "{line}: {ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    }

    fn log_in(&self, more: &[&str]) {
        let url = self.server.serving.url();
        let ran = self
            .command()
            .args(["login", "-a", &url])
            .args(more)
            .output();
        let ran = ran.unwrap();
        assert!(ran.status.success(), "{ran:?}");
    }
}

/// The owner and the member, both logged in.
pub(crate) fn people(server: &Server) -> (Person<'_>, Person<'_>) {
    let (owner, bea) = (
        Person {
            server,
            name: "owner-cli",
        },
        Person {
            server,
            name: "bea-cli",
        },
    );
    let person = &server.owner;
    owner.log_in(&["-u", &person.user, "-p", &person.password]);
    let invited = owner.run_ok(&format!("account user-invite {EMAIL} --output json"));
    let invited: Value = serde_json::from_str(&invited).unwrap();
    let code = invited[0]["one_time_code"].as_str().unwrap();
    bea.log_in(&["-u", EMAIL, "-p", code, "--new-password", PASSWORD]);
    (owner, bea)
}

pub(crate) fn error_text(ran: &Output) -> String {
    String::from_utf8(ran.stderr.clone()).unwrap()
}

/// Each led to `account spaces`, `account orgs` or `--scope account`, which show and open nothing without a role.
#[test]
fn regression_7_without_a_role_every_way_ends_at_the_command_that_gives_one() {
    let server = Server::start();
    let (owner, bea) = people(&server);
    let space = format!("s-{}", server.owner.space);
    let org = format!("o-{}", server.owner.org);
    let lines = [
        ("metrics list", 5),
        ("metrics get a.b", 5),
        ("metrics find a.*", 5),
        ("metrics settings", 5),
        ("metrics schemas get", 5),
        ("metrics list --scope account", 5),
        (&*format!("metrics list --scope {space}"), 5),
        (&*format!("metrics list --scope {org}"), 5),
        (&*format!("metrics list --scope {UNKNOWN}"), 5),
        ("metrics list --scope space", 2),
        ("metrics send a.b=1", 2),
        ("metrics send a.b=1 --scope account", 5),
        (&*format!("metrics send a.b=1 --scope {space}"), 5),
        (&*format!("metrics send a.b=1 --scope {UNKNOWN}"), 5),
        ("metrics delete a.b --yes", 2),
        ("metrics delete a.b --yes --scope account", 5),
        ("agent --once", 2),
        ("target -o vigie", 5),
        ("target -s dev", 5),
        ("account org vigie", 5),
        ("account spaces", 5),
        ("account space dev", 5),
        ("account org-users vigie", 5),
        ("iam token --curl", 5),
        ("iam token --env", 5),
        ("iam token --curl --scope account", 5),
    ];
    for (line, code) in lines {
        let ran = bea.run(line);
        let errors = error_text(&ran);
        assert_eq!(ran.status.code(), Some(code), "{line}: {ran:?}");
        // What a script reads: nothing that cannot work.
        let is_script = line.starts_with("iam token");
        assert!(!is_script || ran.stdout.is_empty(), "{line}: {ran:?}");
        assert!(errors.contains(GIVES), "{line}: {errors}");
        for circle in [
            "account spaces`",
            "account orgs`",
            "account spaces -o",
            "--scope account`",
            "vigie target",
        ] {
            assert!(!errors.contains(circle), "{line}: {errors}");
        }
        let ran = bea.run(&format!("{line} --output json"));
        let errors = error_text(&ran);
        if is_script {
            // A text for a shell is no JSON.
            assert_eq!(ran.status.code(), Some(2), "{line}: {errors}");
            assert!(
                ran.stdout.is_empty() && errors.contains("`--json`"),
                "{line}: {ran:?}"
            );
            continue;
        }
        let report: Value = serde_json::from_str(errors.lines().last().unwrap()).unwrap();
        let hint = report["error"]["hint"].as_str().unwrap();
        assert!(hint.contains(GIVES), "{line}: {hint}");
    }
    // The list is a list, and says why it is empty.
    let ran = bea.run("account orgs");
    assert!(
        ran.status.success() && error_text(&ran).contains(GIVES),
        "{ran:?}"
    );

    // A key for a domain that she does not see.
    let ran = bea.run(&format!("iam api-key-create narrow --domain {space}"));
    assert!(!ran.status.success(), "{ran:?}");
    let errors = error_text(&ran);
    assert!(
        errors.contains(GIVES) && !errors.contains("account spaces`"),
        "{errors}"
    );

    // A key of hers alone, as an agent has it.
    let key = bea.run_ok("iam api-key-create ci --output json");
    let key: Value = serde_json::from_str(&key).unwrap();
    let mut agent = Command::new(vigie());
    agent
        .env_clear()
        .env("VIGIE_HOME", server.folder.path().join("nobody"))
        .env("HOME", server.folder.path().join("nobody"))
        .env("VIGIE_API", server.serving.url())
        .env("VIGIE_API_KEY", key["apikey"].as_str().unwrap())
        .stdin(Stdio::null());
    let ran = agent.args(["agent", "--once"]).output().unwrap();
    let errors = error_text(&ran);
    assert!(!ran.status.success() && errors.contains(GIVES), "{ran:?}");
    assert!(!errors.contains("--scope account"), "{errors}");

    // What the hint says works, and then nothing is missing.
    owner.run_ok(&format!(
        "account space-role-set {EMAIL} vigie dev SpaceDeveloper"
    ));
    bea.run_ok("target -o vigie -s dev");
    bea.run_ok("metrics send a.b=1");
    bea.run_ok("metrics list");
    let ran = bea.run("account org nowhere");
    assert!(error_text(&ran).contains("`vigie account orgs`"), "{ran:?}");
    // The account itself is still closed to her, and a list shows where she may go.
    let ran = bea.run("metrics list --scope account");
    assert!(
        error_text(&ran).contains("`vigie account spaces`"),
        "{ran:?}"
    );
}

/// A role in the account alone shows no space: `account spaces` would be empty.
#[test]
fn regression_7_with_a_role_in_the_account_alone_that_is_what_is_named() {
    let server = Server::start();
    let (owner, bea) = people(&server);
    owner.run_ok(&format!("account role-set {EMAIL} Editor"));
    let ran = bea.run(&format!("metrics list --scope s-{}", server.owner.space));
    let errors = error_text(&ran);
    assert_eq!(ran.status.code(), Some(5), "{ran:?}");
    assert!(errors.contains("`--scope account`"), "{errors}");
    assert!(errors.contains(GIVES), "{errors}");
    let ran = bea.run("metrics send a.b=1");
    assert!(error_text(&ran).contains("`--scope account`"), "{ran:?}");
    bea.run_ok("metrics send a.b=1 --scope account");
    bea.run_ok("iam token --curl");
}

/// The account stood there as the scope, to which nothing may be sent and of which nothing may be read.
#[test]
fn regression_7_the_account_is_no_scope_without_a_role_in_it() {
    let server = Server::start();
    let (owner, bea) = people(&server);
    let scope = |line: &str| -> Value {
        let json: Value = serde_json::from_str(&bea.run_ok(line)).unwrap();
        json["scope"].clone()
    };
    let lines = ["status --output json", "iam token --json"];
    for line in lines {
        assert_eq!(scope(line), Value::Null, "{line}");
    }
    let ran = bea.run("iam token --json");
    assert!(error_text(&ran).contains(GIVES), "{ran:?}");
    let ran = bea.run("status");
    let stdout = String::from_utf8_lossy(&ran.stdout).into_owned();
    let mut rows = stdout.lines().filter(|line| line.starts_with("Scope:"));
    let row = rows.next().unwrap();
    assert!(row.ends_with(" none"), "{stdout}");
    assert!(error_text(&ran).contains(GIVES), "{ran:?}");
    // With a role, it is where a command works that names none.
    owner.run_ok(&format!("account role-set {EMAIL} Editor"));
    for line in lines {
        let account = format!("a-{}", server.owner.account);
        assert_eq!(scope(line), account, "{line}");
    }
}

/// Members of an organization who see none of its spaces were sent to the empty list of its spaces.
#[test]
fn regression_7_an_organization_without_a_space_to_see_names_who_gives_one() {
    let server = Server::start();
    let (owner, bea) = people(&server);
    owner.run_ok(&format!("account org-role-set {EMAIL} vigie OrgUser"));
    let gives = "`vigie account space-role-set bea@example.org vigie SPACE SpaceDeveloper`";
    for line in [
        "account spaces -o vigie",
        "account space dev -o vigie",
        "target -o vigie -s dev",
    ] {
        let ran = bea.run(line);
        let errors = error_text(&ran);
        assert!(errors.contains(gives), "{line}: {ran:?}");
        assert!(!errors.contains("account spaces -o"), "{line}: {errors}");
    }
}

/// The answer depends on the caller's own roles, never on whether the domain exists.
#[test]
fn regression_7_a_hidden_domain_and_one_that_is_not_there_are_told_alike() {
    let server = Server::start();
    let (owner, bea) = people(&server);
    let hidden = format!("s-{}", server.owner.space);
    let alike = |what: &str| {
        let token = bea.run_ok("iam token");
        let answer = |scope: &str| {
            let reply = server
                .request("GET", "/v1/metrics/list?query=*")
                .header("X-Auth-User-Token", &format!("iam {}", token.trim()))
                .header("X-Auth-Scope-Id", scope)
                .send();
            assert_eq!(reply.status, 404, "{what}: {}", reply.text());
            let mut body = reply.json();
            if let Some(body) = body.as_object_mut() {
                body.remove("transaction_id");
            }
            body.to_string().replace(scope, "SCOPE")
        };
        let (one, other) = (answer(&hidden), answer(UNKNOWN));
        assert_eq!(one, other, "{what}");
        one
    };
    let without = alike("no role");
    owner.run_ok(&format!("account role-set {EMAIL} Editor"));
    let of_account = alike("in the account");
    owner.run_ok("account space-create prod -o vigie");
    owner.run_ok(&format!(
        "account space-role-set {EMAIL} vigie prod SpaceAuditor"
    ));
    let somewhere = alike("in another space");
    assert_ne!(without, of_account);
    assert_ne!(of_account, somewhere);
}

/// The first invitation spoke of an earlier code, and there was none.
#[test]
fn regression_7_an_invitation_speaks_of_an_earlier_code_where_there_was_one() {
    let server = Server::start();
    let person = &server.owner;
    let owner = Person {
        server: &server,
        name: "owner-cli",
    };
    owner.log_in(&["-u", &person.user, "-p", &person.password]);
    let invite = "account user-invite zoe@example.org";
    let first = owner.run_ok(invite);
    assert!(
        first.contains("One-time code, shown this once: "),
        "{first}"
    );
    assert!(!first.contains("good for nothing"), "{first}");
    let second = owner.run_ok(invite);
    assert!(second.contains("good for nothing now"), "{second}");
    let printed = owner.run_ok(&format!("{invite} --output json"));
    let json: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(json[0]["replaces_code"], true, "{json}");
}
