//! The history of a service ID: what each change changed, and how a long one ends.

use super::{Account, path_of, text};
use crate::harness::Server;
use base::limit::{HISTORY_ENTRIES, HISTORY_ENTRIES_IN_LISTS};
use serde_json::{Value, json};

fn history(account: &Account, path: &str) -> Vec<Value> {
    let reply = account.call("GET", &format!("{path}?include_history=true"));
    let shown = reply.send().json();
    shown["history"].as_array().unwrap().clone()
}

fn change(account: &Account, path: &str, body: &Value) {
    let request = account.call("PUT", path).header("If-Match", "*");
    let reply = request.json(body).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// What either node has changed is in the one history that both tell.
#[test]
fn a_history_is_the_same_at_two_nodes() {
    if let Some(server) = Server::on_two_nodes("a_history_is_the_same_at_two_nodes") {
        let account = Account::on(server);
        list_latest_changes(&account);
        say_what_has_changed(&account);
        cut_a_long_history(&account);
    }
}

#[test]
fn a_change_says_what_has_become_another() {
    say_what_has_changed(&Account::start());
}

/// A change of the description said only what the name is.
fn say_what_has_changed(account: &Account) {
    let made = account.make(json!({
        "name": "ci",
        "description": "old",
        "apikey": {"name": "first"},
    }));
    let path = path_of(&made);
    change(account, &path, &json!({"description": "new"}));
    change(account, &path, &json!({"name": "cd"}));
    let entries = history(account, &path);
    // Besides the key by which it was made.
    let changed = |entry: &Value| -> Vec<String> {
        let params = entry["params"].as_array().unwrap().iter();
        let params = params.map(|param| param.as_str().unwrap().to_owned());
        params
            .filter(|param| !param.starts_with("by_key="))
            .collect()
    };
    assert_eq!(changed(&entries[0]), ["name=cd"]);
    assert_eq!(changed(&entries[1]), ["description=new", "name=ci"]);
    // An end is written as the key itself has it.
    let key = format!("/v1/apikeys/{}", text(&made["apikey"]["id"]));
    let end = "2099-01-31T12:00+0000";
    change(
        account,
        &key,
        &json!({"expires_at": end, "description": "of ci"}),
    );
    let params = history(account, &key)[0]["params"].clone();
    for param in [format!("expires_at={end}"), "description=of ci".to_owned()] {
        assert!(
            params.as_array().unwrap().contains(&json!(param)),
            "{params}"
        );
    }
}

/// The history is doubled in the database until it is longer than what is shown: copies of its entries, before all others.
fn lengthen(account: &Account, target: &str) {
    let sql = "INSERT INTO audit (number, at, kind, event, outcome, who, credential, source, account, target, details, transaction_id, times) \
               SELECT number - (SELECT MAX(number) - MIN(number) + 1 FROM audit), at, kind, event, outcome, who, credential, source, \
               account, target, details, transaction_id, times FROM audit WHERE target = $1";
    let mut entries = 1;
    while entries <= HISTORY_ENTRIES.default {
        let copied = account.server.change_rows(sql, &[target.into()]);
        assert!(copied > 0);
        entries = copied * 2;
    }
}

#[test]
fn a_long_history_says_that_it_is_cut() {
    cut_a_long_history(&Account::start());
}

/// A list that is cut in silence looks whole.
fn cut_a_long_history(account: &Account) {
    let made = account.make(json!({"name": "ci"}));
    let path = path_of(&made);
    let most = usize::try_from(HISTORY_ENTRIES.default).unwrap();
    assert_eq!(history(account, &path).len(), 1);
    lengthen(account, &text(&made["iam_id"]));
    let entries = history(account, &path);
    assert_eq!(entries.len(), most + 1);
    let last = entries.last().unwrap();
    assert_eq!(last["action"], "older_changes_left_out");
    assert_eq!(
        last["params"],
        json!([format!("{}={most}", HISTORY_ENTRIES.name)])
    );
    assert!(text(&last["message"]).contains("operator"), "{last}");
    assert!(
        entries[..most]
            .iter()
            .all(|entry| entry["action"] == "service_id_made")
    );
}

#[test]
fn a_list_shows_the_latest_changes_of_each() {
    list_latest_changes(&Account::start());
}

/// Each has its own, and only so much of it that a page stays small; the next page has them, too.
fn list_latest_changes(account: &Account) {
    let busy = account.make(json!({"name": "a", "apikey": {"name": "first"}}));
    account.make(json!({"name": "b"}));
    let most = usize::try_from(HISTORY_ENTRIES_IN_LISTS.default).unwrap();
    for times in 0..most {
        let body = json!({"description": times.to_string()});
        change(account, &path_of(&busy), &body);
    }
    let read = |path: &str| account.call("GET", path).send().json();
    let first = read("/v1/serviceids?pagesize=1&include_history=true");
    let entries = first["serviceids"][0]["history"].as_array().unwrap();
    assert_eq!(entries.len(), most + 1, "{first}");
    let latest = json!(format!("description={}", most - 1));
    assert!(entries[0]["params"].as_array().unwrap().contains(&latest));
    let whole = history(account, &path_of(&busy));
    assert_eq!((&entries[..most], whole.len()), (&whole[..most], most + 1));
    let last = &entries[most];
    assert_eq!(last["action"], "older_changes_left_out");
    assert!(text(&last["message"]).contains("by itself"), "{last}");
    let shown = format!("{}={most}", HISTORY_ENTRIES_IN_LISTS.name);
    assert_eq!(last["params"], json!([shown]));
    let next = text(&first["next"]);
    let (_, next) = next.split_at(account.server.serving.url().len());
    let second = read(next);
    let actions = |list: &Value, name: &str| -> Vec<String> {
        let entries = list[name][0]["history"].as_array().unwrap();
        entries.iter().map(|entry| text(&entry["action"])).collect()
    };
    assert_eq!(actions(&second, "serviceids"), ["service_id_made"]);
    let keys = read("/v1/apikeys?scope=account&type=serviceid&include_history=true");
    assert_eq!(actions(&keys, "apikeys"), ["key_made"]);
    let plain = read("/v1/serviceids");
    assert_eq!(plain["serviceids"][0].get("history"), None, "{plain}");
}
