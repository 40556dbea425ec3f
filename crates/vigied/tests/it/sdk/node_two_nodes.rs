//! The SDKs for Node, and the authenticators of both languages, on two nodes that share a PostgreSQL: tokens of one node send to the other,
//! and the scripts, whose requests go to both in turn, do there what they do on one server with SQLite.

use super::two_nodes::{account_for, second_space, text, wait_for_both};
use super::{
    authenticators, node, node_access, node_account, node_authorizations, node_profiles,
    node_resources,
};
use crate::nodes::Nodes;

/// The scripts that follow [`node_access::PRELUDE`], and what each is told of its account beside its id, a key and its owner.
const SCRIPTS: [(&str, &str, &[&str]); 7] = [
    ("users", node_access::USERS, &["space_guid"]),
    ("policies", node_access::POLICIES, &["space_guid", "second"]),
    ("groups", node_access::GROUPS, &["space_guid"]),
    ("account", node_account::SCRIPT, &[]),
    (
        "resources",
        node_resources::SCRIPT,
        &["space_guid", "second", "region"],
    ),
    ("profiles", node_profiles::SCRIPT, &["space_guid"]),
    (
        "authorizations",
        node_authorizations::SCRIPT,
        &["space_guid", "second", "region"],
    ),
];

#[test]
fn the_node_sdk_does_the_same_on_postgres() {
    let test = "the_node_sdk_does_the_same_on_postgres";
    let Some(nodes) = Nodes::start(test, &[]) else {
        return;
    };
    let url = nodes.url_in_turn();
    let (key, account) = (nodes.owner("api_key"), nodes.owner("account_guid"));
    node::run(test, node::IDENTITY, &[&url, key, account]);
    for (name, script, names) in SCRIPTS {
        let mut account = account_for(&nodes, name);
        let key = text(&account, "api_key").to_owned();
        wait_for_both(&nodes, &key);
        if names.contains(&"second") {
            account["second"] = second_space(&url, &key, text(&account, "org_guid")).into();
        }
        let values = names.iter().map(|name| text(&account, name));
        let whose = ["account_guid", "user"].map(|name| text(&account, name));
        let arguments = [url.as_str(), &key].into_iter().chain(whose);
        let arguments: Vec<&str> = arguments.chain(values).collect();
        node::run(
            test,
            &format!("{}{script}", node_access::PRELUDE),
            &arguments,
        );
    }
}

/// Runs a script of the authenticators, which get their tokens at the first node and use them at the second.
fn authenticate(test: &str, run: fn(&str, &str, &[&str]), script: &str) {
    let Some(nodes) = Nodes::start(test, &[]) else {
        return;
    };
    let (key, space) = (nodes.owner("api_key"), nodes.owner("space_guid"));
    run(test, script, &[&nodes.url(0), key, space, &nodes.url(1)]);
}

#[test]
fn the_python_sdk_uses_tokens_of_one_node_at_the_other_while_they_expire() {
    authenticate(
        "the_python_sdk_uses_tokens_of_one_node_at_the_other_while_they_expire",
        super::run,
        authenticators::SCRIPT,
    );
}

#[test]
fn the_node_sdk_uses_tokens_of_one_node_at_the_other_while_they_expire() {
    authenticate(
        "the_node_sdk_uses_tokens_of_one_node_at_the_other_while_they_expire",
        node::run,
        node::TOKENS,
    );
}
