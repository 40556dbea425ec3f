//! Service IDs and their API keys.

use crate::fixture::{ACCOUNT, SPACE, service_id};
use crate::person::Person;
use crate::terminal::{Terminal, mode};
use insta::assert_snapshot;
use serde_json::json;

#[test]
fn a_service_id_from_creation_to_deletion() {
    let mut terminal = Terminal::logged_in();
    let id = service_id(1);
    for line in [
        "vigie iam service-ids",
        "vigie iam service-ids -n ci --output json",
        "vigie iam service-ids --uuid",
        "vigie iam service-ids -d two",
        "vigie iam service-ids -n nobody",
        "vigie iam service-id ci",
        "vigie iam service-id ci --uuid",
        &format!("ibmcloud iam service-id {id} --output json"),
        &format!("vigie iam service-id iam-{id} --uuid"),
        "vigie iam service-id-create ci2 -d builds --lock",
        "vigie iam service-id-create ci2 -q --output json",
        "vigie iam service-id-update ci -n cd -f",
        "vigie iam service-id-lock ci",
        "vigie iam service-id-unlock ci --output json",
        "vigie iam service-id-delete ci",
        "vigie iam service-id-delete ci -f",
        "vigie iam service-id-delete ci --yes --output json",
        "vigie iam service-id-delete twin -f",
        &format!("vigie iam service-id-delete {} -f", service_id(2)),
        &format!("vigie iam service-id {}", service_id(5)),
        "vigie iam service-id nobody",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
    let ran = terminal.run("vigie iam service-id-update ci");
    assert_eq!(ran.code, 2, "{ran:?}");
    let asked = "<--name <NAME>|--description <DESCRIPTION>>";
    assert!(ran.stderr.contains(asked), "{ran:?}");
    let one = format!("/v1/serviceids/{id}");
    let update = &terminal.server.requests("PUT", &one)[0];
    assert_eq!(update.header("if-match"), "1-bb");
    assert_eq!(update.json(), json!({"name": "cd"}));
    let made = terminal.server.requests("POST", "/v1/serviceids");
    assert_eq!(made[0].header("entity-lock"), "true");
    let wanted = json!({"account_id": ACCOUNT, "name": "ci2", "description": "builds"});
    assert_eq!(made[0].json(), wanted);
}

#[test]
fn a_key_of_a_service_id_from_creation_to_deletion() {
    let mut terminal = Terminal::logged_in();
    for line in [
        "vigie iam service-api-keys ci",
        "vigie iam service-api-keys --all",
        "vigie iam service-api-keys -a -n spare --output json",
        "vigie iam service-api-keys ci --uuid",
        "vigie iam service-api-key first ci",
        "vigie iam service-api-key first ci --uuid -f",
        "vigie iam service-api-key-create second ci -d builds --lock",
        "vigie iam service-api-key-create second ci --file key.json -f",
        "vigie iam service-api-key-create second ci -f --output json",
        "vigie iam service-api-key-update first ci -n last",
        "vigie iam service-api-key-lock first ci",
        "vigie iam service-api-key-unlock first ci",
        "vigie iam service-api-key-disable first ci --output json",
        "vigie iam service-api-key-enable first ci",
        "vigie iam service-api-key-delete first ci",
        "vigie iam service-api-key-delete first ci -f",
        "vigie iam service-api-key-delete nothing ci -f",
        "vigie iam service-api-key-delete first nobody -f",
        "vigie iam service-api-key-delete first twin -f",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
    for line in ["", " ci --all"] {
        let ran = terminal.run(&format!("vigie iam service-api-keys{line}"));
        assert_eq!(ran.code, 2, "{ran:?}");
        // Each way to say which keys is named.
        for way in ["SERVICE_ID", "--all"] {
            assert!(ran.stderr.contains(way), "{way}: {ran:?}");
        }
    }
    let owner = format!("iam-{}", service_id(1));
    let made = terminal.server.requests("POST", "/v1/apikeys");
    assert_eq!(made.len(), 3);
    assert!(made.iter().all(|asked| asked.json()["iam_id"] == owner));
    assert_eq!(made[0].header("entity-lock"), "true");
    let listed = terminal.server.requests("GET", "/v1/apikeys");
    let asked = format!("pagesize=100&account_id={ACCOUNT}&iam_id={owner}");
    assert_eq!(listed[0].query, asked);
    assert!(listed[1].query.ends_with("&scope=account&type=serviceid"));
    // Each is done to the key of the service ID, by its id.
    for (method, path) in [
        ("PUT", ""),
        ("DELETE", ""),
        ("POST", "/lock"),
        ("DELETE", "/lock"),
        ("POST", "/disable"),
        ("DELETE", "/disable"),
    ] {
        let path = format!("/v1/apikeys/ApiKey-11{path}");
        assert_eq!(
            terminal.server.requests(method, &path).len(),
            1,
            "{method} {path}"
        );
    }
}

#[test]
fn a_key_of_a_service_id_is_narrowed_and_kept_as_a_key_of_a_user_is() {
    let mut terminal = Terminal::logged_in();
    let create = "vigie iam service-api-key-create web1 ci";
    let ran = terminal.run(&format!(
        "{create} --file key.json --domain space --only send --expires 2096-01-31T12:00Z"
    ));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!ran.stdout.contains("vgk_"), "{ran:?}");
    assert_eq!(mode(&terminal.path("key.json")), 0o600);
    let asked = terminal.server.requests("POST", "/v1/apikeys");
    let body = asked[0].json();
    assert_eq!(
        body["reach"],
        json!({"domain": format!("s-{SPACE}"), "only": "send"})
    );
    assert_eq!(body["expires_at"], "2096-01-31T12:00Z");
    // A file that is there may hold the only copy of another key.
    let ran = terminal.run(&format!("{create} --file key.json"));
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(terminal.server.requests("POST", "/v1/apikeys").len(), 1);
    let address = terminal.server.address;
    terminal.run(&format!("vigie login -a {address} --apikey @key.json"));
    let sent = terminal.server.requests("POST", "/identity/token");
    assert!(sent.last().unwrap().body.contains("apikey=vgk_shown_once"));
}

/// `-f` answers for people who are not there: of several with the name, none is taken.
#[test]
fn of_several_with_a_name_one_is_chosen_unless_nobody_is_to_be_asked() {
    let mut terminal = Terminal::logged_in();
    terminal.set("NO_COLOR", "1");
    let mut person = Person::at(&terminal, "vigie iam service-id-lock twin");
    person.answer("Enter a number or a name> ", "2");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    let path = format!("/v1/serviceids/{}/lock", service_id(3));
    assert_eq!(terminal.server.requests("POST", &path).len(), 1);

    let mut person = Person::at(&terminal, "vigie iam service-id-delete ci");
    person.answer("with its API keys and roles? [y/N]> ", "n");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("Nothing was deleted."), "{screen}");

    for line in [
        "vigie iam service-id-lock twin -f",
        "vigie iam service-id-delete twin --yes",
        "vigie iam service-api-keys twin --force",
    ] {
        let person = Person::at(&terminal, line);
        let (screen, code) = person.leave();
        assert_eq!(code, 2, "{line}: {screen}");
        assert!(
            screen.contains("the choice among the 2 service IDs named `twin` is missing"),
            "{line}: {screen}"
        );
    }
    assert_eq!(terminal.server.requests("POST", &path).len(), 1);
}

/// A list that another server continues would take the token there.
#[test]
fn the_next_page_is_asked_of_the_server_of_the_login() {
    let mut terminal = Terminal::logged_in();
    terminal.server.configure(|behavior| {
        let next = "http://127.0.0.1:1/v1/serviceids?pagetoken=2";
        let page = json!({"offset": 0, "limit": 100, "next": next, "serviceids": []});
        behavior.patches = vec![("/v1/serviceids", "", page)];
    });
    let ran = terminal.run("vigie iam service-ids");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("has more than 1000 pages"), "{ran:?}");
    let asked = terminal.server.requests("GET", "/v1/serviceids");
    assert_eq!(asked.len(), 1000);
    assert_eq!(asked[1].query, "pagetoken=2");
}
