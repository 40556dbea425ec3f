//! A loop that deletes what it reads and follows `next` leaves nothing out: its pages begin at a place, not after a number of entries.

use super::{ask, get, make};
use crate::harness::Server;
use serde_json::{Value, json};

/// A list whose pages begin at a place.
pub(super) struct List {
    pub(super) path: &'static str,
    size: &'static str,
    entries: &'static str,
    /// Where a page has the address of the next one.
    next: &'static str,
    id: &'static str,
    make: fn(&Server, usize),
}

const OF_IDENTITIES: List = List {
    path: "",
    size: "pagesize",
    entries: "",
    next: "/next",
    id: "id",
    make: |_, _| (),
};

const OF_POLICIES: List = List {
    path: "",
    size: "limit",
    entries: "policies",
    next: "/next/href",
    id: "id",
    make: policy,
};

pub(super) const LISTS: [List; 7] = [
    List {
        path: "/v1/apikeys",
        entries: "apikeys",
        make: key,
        ..OF_IDENTITIES
    },
    List {
        path: "/v1/serviceids",
        entries: "serviceids",
        make: |server, number| drop(service(server, number)),
        ..OF_IDENTITIES
    },
    List {
        path: "/v1/profiles",
        entries: "profiles",
        make: profile,
        ..OF_IDENTITIES
    },
    List {
        path: "/v1/policies",
        ..OF_POLICIES
    },
    List {
        path: "/v2/policies",
        ..OF_POLICIES
    },
    List {
        path: "/v2/resource_instances",
        size: "limit",
        entries: "resources",
        next: "/next_url",
        id: "guid",
        make: |server, number| drop(instance(server, number)),
    },
    List {
        path: "/v2/resource_keys",
        size: "limit",
        entries: "resources",
        next: "/next_url",
        id: "guid",
        make: |server, number| {
            let made = instance(server, number + 5);
            let body = json!({"name": "ci", "source": made["crn"], "role": "Reader"});
            make(server, "/v2/resource_keys", &body);
        },
    },
];

fn key(server: &Server, number: usize) {
    let me = get(server, "/v1/apikeys")["apikeys"][0]["iam_id"].clone();
    let body = json!({"name": format!("key-{number}"), "iam_id": me});
    make(server, "/v1/apikeys", &body);
}

/// The IAM id of a new service ID.
fn service(server: &Server, number: usize) -> Value {
    let body = json!({"name": format!("ci-{number}"), "account_id": server.owner.account});
    let reply = ask(server, "POST", "/v1/serviceids", Some(&body));
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["iam_id"].clone()
}

fn profile(server: &Server, number: usize) {
    let body = json!({"name": format!("ops-{number}"), "account_id": server.owner.account});
    make(server, "/v1/profiles", &body);
}

fn policy(server: &Server, number: usize) {
    let account = json!({"name": "accountId", "value": server.owner.account});
    let subject = json!({"name": "iam_id", "value": service(server, number)});
    let body = json!({
        "type": "access",
        "subjects": [{"attributes": [subject]}],
        "roles": [{"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"}],
        "resources": [{"attributes": [account]}],
    });
    make(server, "/v1/policies", &body);
}

/// An instance of a new space.
fn instance(server: &Server, number: usize) -> Value {
    let body = json!({"name": format!("space-{number}"), "organization_guid": server.owner.org});
    let space = ask(server, "POST", "/v2/spaces", Some(&body)).json();
    let body = json!({
        "name": "monitoring", "target": server.owner.region, "resource_group": server.owner.account,
        "resource_plan_id": "lite", "parameters": {"space_id": space["metadata"]["guid"]},
    });
    let reply = ask(server, "POST", "/v2/resource_instances", Some(&body));
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()
}

/// The ids of the entries of a page, without the key that asks.
fn ids(list: &List, page: &Value) -> Vec<String> {
    let entries = page[list.entries].as_array().unwrap().iter();
    let others = entries.filter(|entry| entry["name"] != "owner");
    others
        .map(|entry| entry[list.id].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_loop_that_deletes_what_it_reads_leaves_nothing_out() {
    delete_in_a_loop(&Server::start());
}

/// The pages come from both nodes, and both delete what is on them.
#[test]
fn loops_leave_nothing_and_nobody_out_on_two_nodes() {
    if let Some(server) = Server::on_two_nodes("loops_leave_nothing_and_nobody_out_on_two_nodes") {
        delete_in_a_loop(&server);
        remove_in_a_loop(&server);
    }
}

fn delete_in_a_loop(server: &Server) {
    for list in &LISTS {
        let path = list.path;
        for number in 0..5 {
            (list.make)(server, number);
        }
        let mut address = format!("{path}?{}=2", list.size);
        let mut deleted = 0;
        for _ in 0..9 {
            let page = get(server, &address);
            for id in ids(list, &page) {
                let reply = ask(server, "DELETE", &format!("{path}/{id}"), None);
                assert_eq!(reply.status / 100, 2, "{path}: {}", reply.text());
                deleted += 1;
            }
            let next = page.pointer(list.next).and_then(Value::as_str);
            let Some(next) = next else {
                break;
            };
            address = next[server.serving.url().len()..].to_owned();
        }
        assert_eq!(deleted, 5, "{path}");
        assert!(ids(list, &get(server, path)).is_empty(), "{path}");
    }
}

/// Nothing is shown twice either, though what was made meanwhile comes before the page.
#[test]
fn what_is_made_meanwhile_moves_no_page() {
    let server = Server::start();
    for number in 1..5 {
        service(&server, number);
    }
    let mut address = "/v1/serviceids?pagesize=2".to_owned();
    let mut read = Vec::new();
    for _ in 0..9 {
        let page = get(&server, &address);
        let names = page["serviceids"].as_array().unwrap().iter();
        read.extend(names.map(|entry| entry["name"].clone()));
        service(&server, 0);
        let Some(next) = page["next"].as_str() else {
            break;
        };
        address = next[server.serving.url().len()..].to_owned();
    }
    assert_eq!(json!(read), json!(["ci-1", "ci-2", "ci-3", "ci-4"]));
}

#[test]
fn a_loop_that_removes_users_leaves_nobody_out() {
    remove_in_a_loop(&Server::start());
}

fn remove_in_a_loop(server: &Server) {
    let path = format!("/v2/accounts/{}/users", server.owner.account);
    let users = (0..5).map(|at| json!({"email": format!("P{at}@example.org")}));
    let body = json!({"users": users.collect::<Vec<Value>>()});
    assert_eq!(ask(server, "POST", &path, Some(&body)).status, 202);
    let mut address = format!("{path}?limit=2");
    let mut removed = 0;
    for _ in 0..9 {
        let page = get(server, &address);
        assert_eq!(page["total_results"], 6 - removed);
        for user in page["resources"].as_array().unwrap() {
            if user["user_id"] == server.owner.user.as_str() {
                continue;
            }
            let id = user["iam_id"].as_str().unwrap();
            let reply = ask(server, "DELETE", &format!("{path}/{id}"), None);
            assert_eq!(reply.status, 204, "{}", reply.text());
            removed += 1;
        }
        let Some(next) = page["next_url"].as_str() else {
            break;
        };
        next.clone_into(&mut address);
    }
    assert_eq!(removed, 5);
    let wrong = ask(server, "GET", &format!("{path}?_start=1"), None);
    assert_eq!(wrong.status, 400, "{}", wrong.text());
    assert!(wrong.text().contains("_start"), "{}", wrong.text());
}

#[test]
fn a_place_is_one_in_its_own_list_and_order() {
    let server = Server::start();
    for number in 0..2 {
        service(&server, number);
    }
    let page = get(&server, "/v1/serviceids?pagesize=1");
    let next = page["next"].as_str().unwrap();
    let token = next.split("pagetoken=").nth(1).unwrap();
    let token = token.split('&').next().unwrap();
    for (list, part) in [
        ("profiles?", "another list"),
        ("serviceids?sort=created_at&", "another order"),
        ("serviceids?order=desc&", "another order"),
    ] {
        let path = format!("/v1/{list}pagetoken={token}");
        let reply = ask(&server, "GET", &path, None);
        let body = reply.text();
        assert_eq!(reply.status, 400, "{path}: {body}");
        assert!(body.contains("pagetoken") && body.contains(part), "{body}");
    }
    let page = get(&server, &format!("/v1/serviceids?pagetoken={token}"));
    assert_eq!(page["serviceids"][0]["name"], "ci-1", "{page}");
}
