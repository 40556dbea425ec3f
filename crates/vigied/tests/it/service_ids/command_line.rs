//! The real command line: a service ID is made, given a role and a key, sends with that key, and is deleted.

use crate::harness::{Server, vigie};
use serde_json::Value;
use std::process::{Command, Output, Stdio};

/// A home of the command line, beside the server.
struct Desk<'a> {
    server: &'a Server,
    home: &'static str,
}

impl Desk<'_> {
    fn try_run(&self, words: &str) -> Output {
        Command::new(vigie())
            .args(words.split(' '))
            .env_clear()
            .env("VIGIE_HOME", self.server.folder.path().join(self.home))
            .current_dir(self.server.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn run(&self, words: &str) -> String {
        let ran = self.try_run(words);
        assert!(ran.status.success(), "{words}: {ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    }

    fn json(&self, words: &str) -> Value {
        serde_json::from_str(&self.run(&format!("{words} --output json"))).unwrap()
    }

    /// The exit code and the errors of a line that fails.
    fn refused(&self, words: &str) -> (Option<i32>, String) {
        let ran = self.try_run(words);
        assert!(!ran.status.success(), "{words}: {ran:?}");
        (ran.status.code(), String::from_utf8(ran.stderr).unwrap())
    }
}

#[test]
fn the_command_line_makes_a_service_id_that_sends() {
    let server = Server::start();
    let url = server.serving.url();
    let owner = Desk {
        server: &server,
        home: "owner",
    };
    let program = Desk {
        server: &server,
        home: "program",
    };
    owner.run(&format!(
        "login -a {url} --apikey {} -o vigie -s dev",
        server.owner.api_key
    ));
    let made = owner.json("iam service-id-create web1 -d sends");
    let (id, iam_id) = (
        made["id"].as_str().unwrap(),
        made["iam_id"].as_str().unwrap(),
    );

    // A key for a domain in which it has no role is refused, and leaves no file.
    let create = "iam service-api-key-create host web1 --file key.json --domain space --only send";
    let (code, errors) = owner.refused(create);
    assert_eq!(code, Some(5), "{errors}");
    assert!(
        errors.contains("the service ID has no role in it"),
        "{errors}"
    );
    assert!(!server.folder.path().join("key.json").exists());
    owner.run(&format!(
        "account space-role-set {iam_id} vigie dev SpaceDeveloper"
    ));
    let printed = owner.run(create);
    assert!(!printed.contains("vgk_"), "{printed}");
    let keys = owner.json(&format!("iam service-api-keys {id}"));
    assert_eq!(keys.as_array().unwrap().len(), 1, "{keys}");
    assert_eq!(keys[0]["iam_id"], iam_id);
    assert_eq!(keys[0]["reach"]["only"], "send");
    let all = owner.json("iam service-api-keys --all");
    assert_eq!(all, keys);
    let listed = owner.json("iam api-keys");
    let listed = listed.as_array().unwrap();
    assert!(!listed.is_empty(), "the owner has a key of their own");
    assert!(listed.iter().all(|key| key["id"] != keys[0]["id"]));

    program.run(&format!("login -a {url} --apikey @key.json"));
    program.run("metrics send service.sent=7");
    assert!(owner.run("metrics list service.*").contains("service.sent"));
    // It manages nothing, not even itself.
    let (code, _) = program.refused("iam service-ids");
    assert_eq!(code, Some(4));

    // A whole key opens what the roles of the service ID say; Cloud Foundry's tokens are for people.
    owner.run("iam service-api-key-create whole web1 --file whole.json");
    let whole = Desk {
        server: &server,
        home: "whole",
    };
    whole.run(&format!(
        "login -a {url} --apikey @whole.json -o vigie -s dev"
    ));
    whole.run("metrics get service.sent --from -1h");
    assert_eq!(whole.json(&format!("iam service-id {id}"))["id"], id);
    let (code, errors) = whole.refused("iam service-ids");
    assert_eq!(code, Some(4), "{errors}");
    let (code, errors) = whole.refused("cf oauth-token");
    assert_eq!(code, Some(4), "{errors}");
    assert!(errors.contains("UAA tokens are for users"), "{errors}");
    assert!(errors.contains("`vigie iam token`"), "{errors}");
    assert!(!errors.contains("log in again"), "{errors}");
    let (_, errors) = whole.refused("account invitations");
    assert!(!errors.contains("vigie login"), "{errors}");

    owner.run("iam service-api-key-disable host web1");
    let (code, errors) = program.refused("metrics send service.sent=8");
    assert_eq!(code, Some(3), "{errors}");
    owner.run("iam service-api-key-enable host web1");

    let (code, errors) = owner.refused("iam service-id-delete web1");
    assert_eq!(code, Some(2), "{errors}");
    owner.run("iam service-id-lock web1");
    let (code, errors) = owner.refused("iam service-id-delete web1 -f");
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("is locked"), "{errors}");
    assert!(
        errors.contains("`vigie iam service-id-unlock SERVICE_ID`"),
        "{errors}"
    );
    owner.run("iam service-id-unlock web1");
    owner.run("iam service-id-delete web1 -f");
    let (code, errors) = program.refused("metrics send service.sent=9");
    assert_eq!(code, Some(3), "{errors}");
    let (code, errors) = owner.refused(&format!("iam service-id {id}"));
    assert_eq!(code, Some(5), "{errors}");
    assert_eq!(owner.json("iam service-ids"), serde_json::json!([]));
}

/// Whatever is chosen at the login, and whatever the service ID may see.
#[test]
fn a_service_id_logs_in_with_or_without_a_place_to_work() {
    let server = Server::start();
    let url = server.serving.url();
    let owner = Desk {
        server: &server,
        home: "owner",
    };
    owner.run(&format!("login -a {url} --apikey {}", server.owner.api_key));
    let made = owner.json("iam service-id-create web1");
    let iam_id = made["iam_id"].as_str().unwrap();
    owner.run("iam service-api-key-create whole web1 --file whole.json");
    let program = Desk {
        server: &server,
        home: "program",
    };
    let log_in = format!("login -a {url} --apikey @whole.json");
    // Without any role: it is told who gives one, and to whom.
    let ran = program.try_run(&log_in);
    assert!(ran.status.success(), "{ran:?}");
    let errors = String::from_utf8(ran.stderr).unwrap();
    assert!(
        errors.contains(&format!("space-role-set {iam_id} ORG")),
        "{errors}"
    );
    owner.run(&format!(
        "account space-role-set {iam_id} vigie dev SpaceDeveloper"
    ));
    for flags in [
        "",
        " -o vigie -s dev",
        " -o vigie",
        " --no-region",
        " --no-account",
    ] {
        program.run(&format!("{log_in}{flags}"));
        program.run("iam token");
        program.run("account spaces -o vigie");
    }
    program.run(&log_in);
    // The only place that it sees is chosen.
    program.run("metrics send service.sent=7");

    owner.run("iam service-api-key-delete whole web1 -f");
    for line in ["metrics send service.sent=8", log_in.as_str()] {
        let (code, errors) = program.refused(line);
        assert_eq!(code, Some(3), "{errors}");
        assert!(errors.contains("service-api-key-create"), "{errors}");
    }
}
