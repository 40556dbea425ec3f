//! A sender with a key, or a policy, that another node made a moment ago is let in: the node asks before it refuses. Whoever is refused is
//! thrown out.
//!
//! The nodes notify each other, and where that is quicker than the sender nothing is shown: so it is tried several times.

use super::{Sender, listener_address};
use crate::harness::{Request, token};
use crate::nodes::Nodes;
use serde_json::{Value, json};

const TRIES: usize = 10;

#[test]
fn a_key_that_another_node_has_just_made_lets_its_sender_in() {
    let test = "a_key_that_another_node_has_just_made_lets_its_sender_in";
    let Some(nodes) = Nodes::start(test, &["--set", "graphite.listen=127.0.0.1:0"]) else {
        return;
    };
    let address = listener_address(nodes.serving(1), "graphite.listen");
    let (url, space) = (nodes.url(0), nodes.owner("space_guid"));
    let token = token(&url, nodes.owner("api_key"));
    let of_owner = |method, path| Request::new(&url, method, path).bearer(&token);
    let info = of_owner("GET", "/identity/userinfo").send().json();
    let new = json!({"name": "sender", "iam_id": info["iam_id"]});
    for _ in 0..TRIES {
        let made = of_owner("POST", "/v1/apikeys").json(&new).send();
        assert_eq!(made.status, 201, "{}", made.text());
        let made = made.json();
        let key = made["apikey"].as_str().unwrap();
        Sender::new(&address).auth(&format!("apikey {key} s-{space}"));
    }
    // What no node has made is refused all the same.
    let mut sender = Sender::new(&address);
    sender.send(&format!("AUTH apikey vgk_wrong s-{space}\n"));
    let answer = sender.answer();
    assert!(answer.starts_with("ERR "), "{answer}");
}

#[test]
fn a_policy_that_another_node_has_just_made_lets_its_sender_in() {
    let test = "a_policy_that_another_node_has_just_made_lets_its_sender_in";
    let Some(nodes) = Nodes::start(test, &["--set", "graphite.listen=127.0.0.1:0"]) else {
        return;
    };
    let address = listener_address(nodes.serving(1), "graphite.listen");
    let (url, space) = (nodes.url(0), nodes.owner("space_guid"));
    let account = nodes.owner("account_guid");
    let token = token(&url, nodes.owner("api_key"));
    let made = |path, body: &Value| {
        let request = Request::new(&url, "POST", path).bearer(&token);
        let made = request.json(body).send();
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()
    };
    for number in 0..TRIES {
        let new = json!({"account_id": account, "name": "sender", "apikey": {"name": "its own"}});
        let service = made("/v1/serviceids", &new);
        let key = service["apikey"]["apikey"].as_str().unwrap();
        // The other node hears of the service ID, and so of its key, but not of the policy.
        let path = format!("/v1/serviceids/{}", service["id"].as_str().unwrap());
        let known = Request::new(&nodes.url(1), "GET", &path).bearer(&token);
        assert_eq!(known.send().status, 200);
        let is = |key: &str, value: &Value| json!({"key": key, "operator": "stringEquals", "value": value});
        let policy = json!({
            "type": "access",
            "subject": {"attributes": [is("iam_id", &service["iam_id"])]},
            "control": {"grant": {"roles": [{"role_id": "crn:v1:bluemix:public:iam::::serviceRole:Writer"}]}},
            "resource": {"attributes": [is("accountId", &json!(account)), is("serviceName", &json!("ibmcloud-monitoring"))]},
        });
        made("/v2/policies", &policy);
        match number % 3 {
            0 => drop(Sender::new(&address).auth(&format!("apikey {key} s-{space}"))),
            1 => assert_eq!(nodes.send(1, key, space, "in.time"), 200),
            // InfluxDB's senders name the space.
            _ => {
                let path = format!("/api/v2/write?bucket={}", nodes.owner("space_name"));
                let sent = Request::new(&nodes.url(1), "POST", &path)
                    .header("Authorization", &format!("Token {key}"))
                    .body("in_time value=1")
                    .send();
                assert_eq!(sent.status, 204, "{}", sent.text());
            }
        }
    }
}
