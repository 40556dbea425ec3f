//! Lists are paged in the style of their interface: no list is longer than a page, and following `next_url` returns every entry
//! once.

mod accounts;
mod cleanup;
mod unpaged;

use crate::harness::{Reply, Server};
use crate::limits::hits;
use base::limit::{self, Limit};
use serde_json::{Value, json};

/// Tried in `a_page_that_cannot_be_is_refused_by_the_name_of_its_limit`, and in `unpaged.rs`.
pub(crate) const LIMITS: [Limit; 2] = [limit::PAGE_ENTRIES, limit::UNPAGED_ENTRIES];

fn ask(server: &Server, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let request = server.request(method, path).header(
        "X-Auth-User-Token",
        &format!("apikey {}", server.owner.api_key),
    );
    match body {
        Some(body) => request.json(body).send(),
        None => request.send(),
    }
}

fn get(server: &Server, path: &str) -> Value {
    let reply = ask(server, "GET", path, None);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

/// All entries of the pages from `first` on, in order; each page has at most `most`.
fn follow(server: &Server, first: &str, most: usize, name: fn(&Value) -> String) -> Vec<String> {
    let (mut path, mut found) = (first.to_owned(), Vec::new());
    for _ in 0..200 {
        let page = get(server, &path);
        let entries = page["resources"].as_array().unwrap();
        assert!(entries.len() <= most, "{path}: {} entries", entries.len());
        found.extend(entries.iter().map(name));
        match page["next_url"].as_str() {
            Some(next) => next.clone_into(&mut path),
            None => return found,
        }
    }
    panic!("{first} goes in circles");
}

fn entity_name(entry: &Value) -> String {
    entry["entity"]["name"].as_str().unwrap().to_owned()
}

fn make(server: &Server, path: &str, body: &Value) {
    let reply = ask(server, "POST", path, Some(body));
    assert_eq!(reply.status, 201, "{}", reply.text());
}

#[test]
fn organizations_spaces_and_holders_of_roles_come_in_pages() {
    let server = Server::start();
    for number in 1..5 {
        make(
            &server,
            "/v2/organizations",
            &json!({"name": format!("org-{number}")}),
        );
        let body =
            json!({"name": format!("space-{number}"), "organization_guid": server.owner.org});
        make(&server, "/v2/spaces", &body);
    }
    let of_org = format!("/v2/organizations/{}/spaces", server.owner.org);
    for path in ["/v2/organizations", "/v2/spaces", of_org.as_str()] {
        let whole = get(&server, path);
        assert_eq!(
            (&whole["total_results"], &whole["total_pages"]),
            (&json!(5), &json!(1)),
            "{path}"
        );
        assert!(whole["next_url"].is_null() && whole["prev_url"].is_null());
        let all: Vec<String> = whole["resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(entity_name)
            .collect();
        assert!(all.is_sorted(), "{all:?}");

        let first = get(&server, &format!("{path}?results-per-page=2"));
        assert_eq!(
            (&first["total_results"], &first["total_pages"]),
            (&json!(5), &json!(3)),
            "{path}"
        );
        let next = first["next_url"].as_str().unwrap();
        assert!(next.starts_with(&format!("{path}?")), "{next}");
        let second = get(&server, next);
        let back = second["prev_url"].as_str().unwrap();
        assert_eq!(get(&server, back)["resources"], first["resources"]);
        assert_eq!(
            follow(
                &server,
                &format!("{path}?results-per-page=2"),
                2,
                entity_name
            ),
            all
        );
        // A page after the end is empty, and no error.
        let beyond = get(&server, &format!("{path}?results-per-page=2&page=9"));
        assert_eq!(beyond["resources"], json!([]));
        assert_eq!(beyond["total_results"], 5);
    }
    // The links to other pages repeat the filters of the list.
    let chosen = get(
        &server,
        "/v2/organizations?q=name:org-1&region=here&results-per-page=1",
    );
    assert_eq!(
        chosen["total_results"].as_u64(),
        Some(u64::from(server.owner.region == "here"))
    );
    let of_region = format!(
        "/v2/organizations?region={}&results-per-page=1",
        server.owner.region
    );
    let next = get(&server, &of_region)["next_url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        next.contains(&format!("region={}", server.owner.region)),
        "{next}"
    );
    for role in ["managers", "developers", "auditors"] {
        let path = format!("/v2/spaces/{}/{role}", server.owner.space);
        let page = get(&server, &format!("{path}?results-per-page=1"));
        let total = page["total_results"].as_u64().unwrap();
        assert!(page["resources"].as_array().unwrap().len() <= 1);
        assert_eq!(
            page["total_pages"].as_u64().unwrap(),
            total.max(1),
            "{role}"
        );
    }
}

#[test]
fn what_was_deleted_comes_in_pages() {
    let server = Server::start();
    for number in 1..5 {
        let body =
            json!({"name": format!("space-{number}"), "organization_guid": server.owner.org});
        make(&server, "/v2/spaces", &body);
    }
    let path = format!("/v2/organizations/{}?recursive=true", server.owner.org);
    assert_eq!(ask(&server, "DELETE", &path, None).status, 204);
    let whole = get(&server, "/v2/deleted");
    // Five spaces and the organization they were in.
    assert_eq!(whole["total_results"], 6, "{whole}");
    let name = |entry: &Value| entry["name"].as_str().unwrap().to_owned();
    let all = follow(&server, "/v2/deleted", 50, name);
    assert_eq!(all.len(), 6);
    assert_eq!(
        follow(&server, "/v2/deleted?results-per-page=2", 2, name),
        all
    );
    let second = get(&server, "/v2/deleted?results-per-page=2&page=2");
    let back = second["prev_url"].as_str().unwrap();
    assert_eq!(get(&server, back)["resources"].as_array().unwrap().len(), 2);
}

/// The original service's default is 50 entries; its clients follow `next_url` and miss nothing.
#[test]
fn a_long_list_is_never_one_answer() {
    let server = Server::start();
    for number in 0..60 {
        let body = json!({"name": format!("s-{number:03}"), "organization_guid": server.owner.org});
        make(&server, "/v2/spaces", &body);
    }
    let first = get(&server, "/v2/spaces");
    assert_eq!(first["resources"].as_array().unwrap().len(), 50);
    assert_eq!(
        (&first["total_results"], &first["total_pages"]),
        (&json!(61), &json!(2))
    );
    assert_eq!(follow(&server, "/v2/spaces", 50, entity_name).len(), 61);
}

#[test]
fn users_come_in_pages_those_who_wait_behind_those_who_are_in() {
    users_in_pages(&Server::start());
}

#[test]
fn users_come_in_pages_those_who_wait_behind_those_who_are_in_on_postgres() {
    let test = "users_come_in_pages_those_who_wait_behind_those_who_are_in_on_postgres";
    if let Some(server) = Server::on_two_nodes(test) {
        users_in_pages(&server);
    }
}

fn users_in_pages(server: &Server) {
    let path = format!("/v2/accounts/{}/users", server.owner.account);
    let users: Vec<Value> = (0..150)
        .map(|at| json!({"email": format!("p{at:03}@example.org"), "account_role": "Viewer"}))
        .collect();
    let invited = ask(server, "POST", &path, Some(&json!({"users": users})));
    assert_eq!(invited.status, 202, "{}", invited.text());
    let first = get(server, &path);
    assert_eq!(
        (&first["total_results"], &first["limit"]),
        (&json!(151), &json!(100))
    );
    assert_eq!(first["resources"].as_array().unwrap().len(), 100);
    assert!(first["first_url"].as_str().unwrap().starts_with(&path));
    let email = |user: &Value| user["user_id"].as_str().unwrap().to_owned();
    let all = follow(server, &path, 100, email);
    assert_eq!(all.len(), 151);
    assert_eq!(all[0], server.owner.user);
    assert!(all[1..].is_sorted(), "{all:?}");
    assert_eq!(follow(server, &format!("{path}?limit=7"), 7, email), all);
    let one = get(server, &format!("{path}?limit=1"));
    let next = one["next_url"].as_str().unwrap();
    let one = get(server, next);
    assert_eq!(one["total_results"], 151);
    assert_eq!(one["resources"][0]["account_roles"], json!(["Viewer"]));
}

#[test]
fn a_page_that_cannot_be_is_refused_by_the_name_of_its_limit() {
    let server = Server::start();
    let users = format!("/v2/accounts/{}/users", server.owner.account);
    let spaces = format!("/v2/organizations/{}/spaces", server.owner.org);
    let managers = format!("/v2/organizations/{}/managers", server.owner.org);
    let group = json!({"name": "team"});
    let group = ask(&server, "POST", "/v2/groups", Some(&group)).json();
    let members = format!("/v2/groups/{}/members", group["id"].as_str().unwrap());
    let lists = [
        ("/v2/organizations", "results-per-page"),
        ("/v2/spaces", "results-per-page"),
        ("/v2/deleted", "results-per-page"),
        (&spaces, "results-per-page"),
        (&managers, "results-per-page"),
        (&users, "limit"),
        ("/coe/v2/accounts", "limit"),
        ("/v1/apikeys", "pagesize"),
        ("/v1/serviceids", "pagesize"),
        ("/v1/profiles", "pagesize"),
        ("/v1/sessions", "pagesize"),
        ("/v1/policies", "limit"),
        ("/v2/policies", "limit"),
        ("/v2/groups", "limit"),
        (&members, "limit"),
        ("/v2/resource_instances", "limit"),
        ("/v2/resource_keys", "limit"),
    ];
    let mut over = 0;
    for (path, size) in lists {
        for wrong in ["0", "101", "-1", "18446744073709551616", "many", ""] {
            let reply = ask(&server, "GET", &format!("{path}?{size}={wrong}"), None);
            let text = reply.text();
            assert_eq!(reply.status, 400, "{path} {wrong}: {text}");
            assert!(text.contains(size), "{text}");
            if wrong == "101" {
                assert!(text.contains(limit::PAGE_ENTRIES.name), "{text}");
                over += 1;
                assert_eq!(hits(&server, limit::PAGE_ENTRIES), over);
            }
        }
        let largest = ask(&server, "GET", &format!("{path}?{size}=100"), None);
        assert_eq!(largest.status, 200, "{}", largest.text());
        let start = match size {
            "results-per-page" => "page",
            "pagesize" => "pagetoken",
            _ if path.ends_with("/policies") => "start",
            _ if path.starts_with("/v2/groups") => "offset",
            _ if path.ends_with("/policies") || path.starts_with("/v2/resource_") => "start",
            _ => "_start",
        };
        for wrong in ["-1", "x", "18446744073709551616"] {
            let reply = ask(&server, "GET", &format!("{path}?{start}={wrong}"), None);
            assert_eq!(
                reply.status,
                400,
                "{path} {start}={wrong}: {}",
                reply.text()
            );
            assert!(reply.text().contains(start), "{}", reply.text());
        }
        // As far after the end as a number allows, where pages begin at a number.
        let is_by_place = cleanup::LISTS.iter().any(|list| list.path == path);
        let is_other = [users.as_str(), "/v1/sessions", "/coe/v2/accounts"].contains(&path);
        if is_by_place || is_other {
            continue;
        }
        let far = ask(
            &server,
            "GET",
            &format!("{path}?{start}={}", u64::MAX),
            None,
        );
        assert_eq!(far.status, 200, "{}", far.text());
    }
}

/// The command line shows the whole list, however many pages it has.
#[test]
fn the_command_line_reads_every_page() {
    let server = Server::start();
    for number in 0..110 {
        let body = json!({"name": format!("s-{number:03}"), "organization_guid": server.owner.org});
        make(&server, "/v2/spaces", &body);
    }
    let users: Vec<Value> = (0..105)
        .map(|at| json!({"email": format!("p{at:03}@example.org")}))
        .collect();
    let path = format!("/v2/accounts/{}/users", server.owner.account);
    assert_eq!(
        ask(&server, "POST", &path, Some(&json!({"users": users}))).status,
        202
    );
    let me = get(&server, "/v1/apikeys")["apikeys"][0]["iam_id"].clone();
    for number in 0..105 {
        make(
            &server,
            "/v1/apikeys",
            &json!({"name": format!("k-{number}"), "iam_id": me}),
        );
    }
    let run = |line: &str| {
        let done = server.vigie().args(line.split(' ')).output().unwrap();
        let errors = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{line}: {errors}");
        done.stdout
    };
    let (url, key) = (server.serving.url(), &server.owner.api_key);
    run(&format!("login -a {url} --apikey {key}"));
    for (line, length) in [
        ("account spaces -o vigie --output json", 111),
        ("account users --output json", 106),
        ("iam api-keys --output json", 106),
    ] {
        let list: Value = serde_json::from_slice(&run(line)).unwrap();
        assert_eq!(list.as_array().map(Vec::len), Some(length), "{line}");
    }
    run("account org-delete vigie -f --recursive");
    let list: Value = serde_json::from_slice(&run("account deleted --output json")).unwrap();
    assert_eq!(list.as_array().map(Vec::len), Some(112));
}
