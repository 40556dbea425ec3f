//! The users of an account as IBM's clients ask for them: invited, listed, searched for.

use crate::harness::{Reply, Server};
use serde_json::{Value, json};

struct Account {
    server: Server,
    token: String,
    path: String,
}

impl Account {
    fn start() -> Self {
        Self::on(Server::start())
    }

    fn on(server: Server) -> Self {
        let token = server.token();
        let path = format!("/v2/accounts/{}/users", server.owner.account);
        Self {
            server,
            token,
            path,
        }
    }

    fn invite(&self, body: &Value) -> Reply {
        let request = self.server.request("POST", &self.path);
        request.bearer(&self.token).json(body).send()
    }

    fn get(&self, path: &str) -> Reply {
        self.server.request("GET", path).bearer(&self.token).send()
    }

    fn list(&self, query: &str) -> Value {
        let reply = self.get(&format!("{}{query}", self.path));
        assert_eq!(reply.status, 200, "{query}: {}", reply.text());
        reply.json()
    }
}

fn emails(page: &Value) -> Vec<String> {
    let people = page["resources"].as_array().unwrap().iter();
    people
        .map(|person| person["email"].as_str().unwrap().to_owned())
        .collect()
}

fn refused(reply: &Reply, word: &str) {
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert_eq!(
        reply.json()["errors"][0]["message_code"],
        "invalid_parameter"
    );
    assert!(reply.text().contains(word), "{}", reply.text());
}

/// IBM's clients say `Member` of everybody whom they invite.
#[test]
fn who_is_invited_as_a_member_has_no_role_of_the_account() {
    let account = Account::start();
    for (email, named) in [("bea@example.org", "Member"), ("cid@example.org", "MEMBER")] {
        let invited = account.invite(&json!({"users": [{"email": email, "account_role": named}]}));
        assert_eq!(invited.status, 202, "{named}: {}", invited.text());
        let found = account.list(&format!("?user_id={email}"));
        assert_eq!(found["resources"][0]["state"], "PENDING");
        assert_eq!(found["resources"][0]["account_roles"], json!([]));
    }
    let unknown = json!({"users": [{"email": "dan@example.org", "account_role": "Boss"}]});
    refused(&account.invite(&unknown), "no account role");

    // What else the original gives with an invitation is refused: nobody is invited without it unnoticed.
    let with = |field: &str, value: Value| {
        let mut body = json!({"users": [{"email": "dan@example.org", "account_role": "Member"}]});
        body[field] = value;
        account.invite(&body)
    };
    for (field, value, about) in [
        ("iam_policy", json!([{"type": "access"}]), "`resources`"),
        (
            "iam_policy",
            json!([{"type": "access", "pattern": "time-based-conditions:once"}]),
            "`/v2/policies` for the id of the invitation",
        ),
        (
            "iam_policy",
            json!([{"type": "access", "rule": {"key": "k", "operator": "dateTimeLessThan", "value": "v"}}]),
            "`rule` is not taken in `iam_policy`",
        ),
        ("access_groups", json!(["AccessGroupId-1"]), "access_groups"),
    ] {
        refused(&with(field, value), about);
        assert_eq!(account.list("?search=dan")["total_results"], 0);
    }
    let plain = with("access_groups", json!([]));
    assert_eq!(plain.status, 202, "{}", plain.text());
}

#[test]
fn people_are_searched_for_in_both_parts_of_the_list() {
    search(&Account::start());
}

#[test]
fn people_are_searched_for_in_both_parts_of_the_list_on_postgres() {
    let test = "people_are_searched_for_in_both_parts_of_the_list_on_postgres";
    if let Some(server) = Server::on_two_nodes(test) {
        search(&Account::on(server));
    }
}

fn search(account: &Account) {
    let invited = ["bea_1@example.org", "beax1@example.org", "cid@example.org"];
    let users: Vec<Value> = invited
        .iter()
        .map(|email| json!({"email": email}))
        .collect();
    let reply = account.invite(&json!({"users": users}));
    assert_eq!(reply.status, 202, "{}", reply.text());
    let owner = account.server.owner.user.as_str();
    let [bea, beax, cid] = invited;
    let encoded = owner.replace('@', "%40");
    let part = &owner[1..];
    for (query, expected) in [
        (String::new(), vec![owner, bea, beax, cid]),
        ("?search=BEA".to_owned(), vec![bea, beax]),
        // What a database takes for any letter is this letter alone.
        ("?search=bea_".to_owned(), vec![bea]),
        ("?search=email:cid%40".to_owned(), vec![cid]),
        ("?search=nobody".to_owned(), vec![]),
        (format!("?search={part}"), vec![owner]),
        ("?search=state:PENDING".to_owned(), vec![bea, beax, cid]),
        ("?search=state:active".to_owned(), vec![owner]),
        (format!("?user_id={encoded}"), vec![owner]),
        ("?user_id=cid@EXAMPLE.org".to_owned(), vec![cid]),
        ("?user_id=cid".to_owned(), vec![]),
        ("?search=bea&user_id=cid%40example.org".to_owned(), vec![]),
    ] {
        let page = account.list(&query);
        assert_eq!(emails(&page), expected, "{query}");
        assert_eq!(page["total_results"], expected.len(), "{query}");
    }

    // The next page is one of the same search.
    let mut page = account.list("?search=bea&limit=1");
    assert_eq!(
        (&page["total_results"], &page["limit"]),
        (&json!(2), &json!(1))
    );
    let mut read = emails(&page);
    while let Some(next) = page["next_url"].as_str() {
        page = account.get(next).json();
        read.extend(emails(&page));
    }
    assert_eq!(read, [bea, beax]);

    let get = |query: &str| account.get(&format!("{}?{query}", account.path));
    refused(&get("search=phone:1"), "search");
    refused(&get("include_settings=perhaps"), "include_settings");
    assert_eq!(get("include_settings=false").status, 200);
}
