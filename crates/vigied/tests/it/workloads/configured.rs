//! What the operator has named, and has not.

use super::issuer::{CLUSTER, ISSUER, Publishing, Signer};
use super::{CR_TOKEN, Place, code, issuers, message};
use crate::harness::{Server, Serving, VIGIED, init};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

#[test]
fn without_an_issuer_the_grant_is_refused_and_says_so() {
    let server = Server::start();
    let form = [
        ("grant_type", CR_TOKEN),
        ("cr_token", "e30.e30.c2ln"),
        ("profile_name", "ci"),
    ];
    let reply = server.request("POST", "/identity/token").form(&form).send();
    assert_eq!(code(&reply), (400, "BXNIM0106E".to_owned()));
    let answer = message(&reply);
    assert!(
        answer.contains("the operator of this server has named no issuer"),
        "{answer}"
    );
}

#[test]
fn a_client_that_cannot_use_the_grant_is_refused() {
    let place = Place::start();
    let form = [
        ("grant_type", CR_TOKEN),
        ("cr_token", "x"),
        ("profile_name", "ci"),
    ];
    let ask = |client: &str, secret: &str| {
        let request = place.server.request("POST", "/identity/token");
        code(&request.basic(client, secret).form(&form).send())
    };
    assert_eq!(ask("kube", "kube"), (401, "BXNIM0308E".to_owned()));
    assert_eq!(ask("x", "y"), (401, "BXNIM0308E".to_owned()));
    assert_eq!(ask("bx", "bx"), (400, "BXNIM0106E".to_owned()));
}

fn check(data: &Path, file: &Path) -> Output {
    let setting = format!("workloads.issuers_file={}", file.display());
    Command::new(VIGIED)
        .args(["config", "check", "--set", &setting, "--data"])
        .arg(data)
        .output()
        .unwrap()
}

fn error_text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_check_of_the_settings_names_what_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init(&data);
    let file = folder.path().join("issuers.toml");
    let keys = folder.path().join("keys.json");
    let line = format!("jwks_file = \"{}\"", keys.display());
    std::fs::write(&file, issuers(&owner.account, &line)).unwrap();
    let named = keys.display().to_string();

    let missing = check(&data, &file);
    assert!(missing.status.success(), "{}", error_text(&missing));
    assert!(
        error_text(&missing).contains(&named),
        "{}",
        error_text(&missing)
    );
    for (text, reason) in [
        ("nonsense", "no JSON object"),
        ("{\"keys\": []}", "no key with a `kid`"),
    ] {
        std::fs::write(&keys, text).unwrap();
        let errors = error_text(&check(&data, &file));
        assert!(
            errors.contains(&named) && errors.contains(reason),
            "{errors}"
        );
    }
    let set = json!({"keys": [Signer::new("k").jwk()]}).to_string();
    std::fs::write(&keys, &set).unwrap();
    let good = error_text(&check(&data, &file));
    assert!(!good.contains("no workload of the issuer"), "{good}");
    let elsewhere = "0".repeat(32);
    std::fs::write(&file, issuers(&elsewhere, &line)).unwrap();
    let errors = error_text(&check(&data, &file));
    assert!(
        errors.contains("no workload of the issuer") && errors.contains(&elsewhere),
        "{errors}"
    );
    std::fs::write(&file, issuers(&owner.account, &line)).unwrap();
    // Who can write it could make themselves any workload.
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o666)).unwrap();
    let errors = error_text(&check(&data, &file));
    assert!(errors.contains("may be changed by everybody"), "{errors}");
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o600)).unwrap();

    // A file of issuers that cannot be used is an error, of the server too.
    std::fs::write(&file, issuers("x", &line)).unwrap();
    let wrong = check(&data, &file);
    assert!(!wrong.status.success());
    let errors = error_text(&wrong);
    assert!(
        errors.contains("issuers.toml: issuer 1: `account` must be"),
        "{errors}"
    );
    let setting = format!("workloads.issuers_file={}", file.display());
    let log = Serving::try_start(&data, "127.0.0.1:0", &["--set", &setting]).unwrap_err();
    assert!(log.contains("issuer 1: `account` must be"), "{log}");
}

#[test]
fn keys_in_a_file_are_read_when_the_first_token_comes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init(&data);
    let file = folder.path().join("issuers.toml");
    let keys = folder.path().join("keys.json");
    let line = format!("jwks_file = \"{}\"", keys.display());
    std::fs::write(&file, issuers(&owner.account, &line)).unwrap();
    let setting = format!("workloads.issuers_file={}", file.display());
    // They need not be there at the start.
    let serving = Serving::start(&data, "127.0.0.1:0", &["--set", &setting]);
    let server = Server {
        serving,
        owner,
        folder,
    };
    let signer = Signer::new("k");
    std::fs::write(&keys, json!({"keys": [signer.jwk()]}).to_string()).unwrap();
    let token = server.token();
    let call = |path: &str, body: &serde_json::Value| {
        let request = server.request("POST", path).bearer(&token);
        let reply = request.json(body).send();
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json()
    };
    let body = json!({"name": "collector", "account_id": server.owner.account});
    let profile = call("/v1/profiles", &body);
    let path = format!("/v1/profiles/{}/links", profile["id"].as_str().unwrap());
    let link = json!({"crn": CLUSTER, "namespace": "prod", "name": "web"});
    call(&path, &json!({"cr_type": "IKS_SA", "link": link}));
    let presented = signer.token("prod", "web");
    let form = [
        ("grant_type", CR_TOKEN),
        ("cr_token", presented.as_str()),
        ("profile_name", "collector"),
    ];
    let reply = server.request("POST", "/identity/token").form(&form).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// What the operator has taken out is believed no more, also if nothing is left.
#[test]
fn a_file_without_an_issuer_ends_the_logins_of_all() {
    let place = Place::start();
    let profile = place.profile("collector");
    place.link(&profile, "prod", "web");
    let ask = || {
        let token = place.signer.token("prod", "web");
        place.ask(&token, &[("profile_name", "collector")])
    };
    assert_eq!(ask().status, 200);
    let file = place.server.folder.path().join("issuers.toml");
    std::fs::write(&file, "# Nobody any more.\n").unwrap();
    let serving = &place.server.serving;
    serving.signal("HUP");
    serving.wait_for_log("issuers of workloads read again count=0");
    serving.wait_for_log("no issuer of workloads is named");
    let reply = ask();
    assert_eq!(code(&reply), (400, "BXNIM0106E".to_owned()));
    let answer = message(&reply);
    assert!(
        answer.contains("the operator of this server has named no issuer"),
        "{answer}"
    );
    let checked = check(&place.server.data(), &file);
    let errors = error_text(&checked);
    assert!(
        checked.status.success() && errors.contains("names no issuer"),
        "{errors}"
    );
}

/// A file that cannot be used changes nothing; one that names the issuer no more ends its logins.
#[test]
fn the_file_of_issuers_is_read_again_on_sighup() {
    let place = Place::start();
    let profile = place.profile("collector");
    place.link(&profile, "prod", "web");
    let ask = |signer: &Signer| {
        let token = signer.token("prod", "web");
        place.ask(&token, &[("profile_name", "collector")])
    };
    let second = Signer::new("second");
    assert_eq!(ask(&place.signer).status, 200);
    assert_eq!(code(&ask(&second)), (400, "BXNIM0106E".to_owned()));
    let folder = place.server.folder.path();
    let (file, keys) = (folder.join("issuers.toml"), folder.join("keys.json"));
    let account = place.server.owner.account.clone();
    let reread = |text: &str, expected: &str| {
        std::fs::write(&file, text).unwrap();
        place.server.serving.signal("HUP");
        place.server.serving.wait_for_log(expected);
    };

    // The same issuer with other keys.
    std::fs::write(&keys, json!({"keys": [second.jwk()]}).to_string()).unwrap();
    let line = format!("jwks_file = \"{}\"", keys.display());
    let named = issuers(&account, &line);
    reread(&named, "issuers of workloads read again count=1");
    assert_eq!(ask(&second).status, 200);
    assert_eq!(code(&ask(&place.signer)), (400, "BXNIM0106E".to_owned()));

    reread(
        &issuers("x", &line),
        "issuers of workloads not read again: those in force stay",
    );
    assert_eq!(ask(&second).status, 200);
    let log = place.server.serving.log();
    assert!(log.contains("issuer 1: `account` must be"), "{log}");

    let others: String = ["https://a.example", "https://b.example"]
        .map(|other| named.replace(ISSUER, other))
        .concat();
    reread(&others, "issuers of workloads read again count=2");
    let reply = ask(&second);
    assert_eq!(code(&reply), (400, "BXNIM0106E".to_owned()));
    let text = message(&reply);
    assert!(text.contains("its issuer is none"), "{text}");
}

/// Every SIGHUP forgot the keys: workloads of an issuer that was away just then were locked out.
#[test]
fn the_keys_of_an_issuer_that_is_away_at_sighup_stay_known() {
    let place = Place::start();
    let profile = place.profile("collector");
    place.link(&profile, "prod", "web");
    let ask = || {
        let token = place.signer.token("prod", "web");
        place.ask(&token, &[("profile_name", "collector")])
    };
    assert_eq!(ask().status, 200);
    let asked = place.publisher.times_asked();
    place.publisher.change(Publishing::Keys(Vec::new()));
    let serving = &place.server.serving;
    serving.signal("HUP");
    serving.wait_for_log("issuers of workloads read again count=1");
    assert_eq!(ask().status, 200);
    assert_eq!(place.publisher.times_asked(), asked);
}
