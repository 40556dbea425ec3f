//! collectd's `write_http` by raw requests, in both of its forms: names as its `write_graphite` makes them, under a key that sends
//! and does nothing else.

use crate::harness::Reply;
use crate::key_sender::KeySender;
use serde_json::json;

impl KeySender {
    /// As `User "apikey"` and `Password` send it.
    fn send(&self, body: &str) -> Reply {
        let request = self.server.request("POST", "/collectd").body(body);
        request.basic("apikey", &self.key).send()
    }
}

#[test]
fn both_forms_store_what_is_read_back_by_token() {
    let sender = KeySender::start();
    let lists = json!([
        {"values": [0.5, 1, 1.5], "dstypes": ["gauge", "gauge", "gauge"], "dsnames": ["shortterm", "midterm", "longterm"], "time": 1_519_862_400.25, "interval": 10.0, "host": "web1.example.com", "plugin": "load", "plugin_instance": "", "type": "load", "type_instance": ""},
        {"values": [7], "dstypes": ["derive"], "dsnames": ["value"], "time": 1_519_862_400, "interval": 10.0, "host": "web1.example.com", "plugin": "cpu", "plugin_instance": "0", "type": "cpu", "type_instance": "user"},
        {"values": [null], "dstypes": ["gauge"], "dsnames": ["value"], "time": 1_519_862_400, "interval": 10.0, "host": "web1.example.com", "plugin": "df", "plugin_instance": "root", "type": "df_complex", "type_instance": "free"},
    ]);
    let reply = sender.send(&lists.to_string());
    assert_eq!(reply.status, 200, "{}", reply.text());
    let receipt = reply.json();
    assert_eq!(
        [
            &receipt["received"],
            &receipt["stored"],
            &receipt["rejected"]
        ],
        [&json!(5), &json!(4), &json!(1)]
    );
    assert_eq!(receipt["rejected_by_code"], json!({"value": 1}));
    assert_eq!(
        reply.header("x-vigie-receipt"),
        Some("received=5 stored=4 overwritten=0 rejected=1 texts=0 renamed=0")
    );
    assert_eq!(
        sender.values("web1_example_com.load.load.midterm"),
        json!([[1, 1_519_862_400.25]])
    );
    assert_eq!(
        sender.values("web1_example_com.cpu-0.cpu-user"),
        json!([[7, 1_519_862_400]])
    );
    let reply = sender.send(
        "PUTVAL web1.example.com/cpu-0/cpu-user interval=10.000 1519862410:8\r\nPUTVAL web1.example.com/interface-eth0/if_octets interval=10.000 1519862410:1:2\r\n",
    );
    assert_eq!((reply.status, &reply.json()["stored"]), (200, &json!(3)));
    assert_eq!(
        sender.values("web1_example_com.interface-eth0.if_octets.tx"),
        json!([[2, 1_519_862_410]])
    );
}

#[test]
fn what_is_wrong_is_told_and_nobody_else_gets_in() {
    let sender = KeySender::start();
    for (body, expected) in [
        ("[{]", "not a JSON array of value lists"),
        ("GETVAL a/b/c", "no `PUTVAL"),
        ("[{}]", "cannot be read"),
        ("PUTVAL a/b/c 1519862400:1:2", "not known"),
        (
            "[{\"values\":[1],\"host\":\"\",\"plugin\":\"b\",\"type\":\"c\"}]",
            "empty element",
        ),
    ] {
        let reply = sender.send(body);
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
        assert!(reply.text().contains(expected), "{body}: {}", reply.text());
    }
    assert_eq!(sender.send("").status, 200);
    assert_eq!(sender.send("[]").status, 200);
    let bare = sender.server.request("POST", "/collectd").body("[]").send();
    assert_eq!(bare.status, 401, "{}", bare.text());
    // A header in place of a password, as `Header` in its configuration; and no other domain than the key's.
    let send = |header: &str, scope: Option<&str>| {
        let request = sender.server.request("POST", "/collectd").body("[]");
        let mut request = request.header("Authorization", header);
        if let Some(scope) = scope {
            request = request.header("X-Auth-Scope-Id", scope);
        }
        request.send().status
    };
    let (bearer, space) = (format!("Bearer {}", sender.key), &sender.server.owner.space);
    assert_eq!(send(&bearer, None), 200);
    assert_eq!(send(&bearer, Some(&format!("s-{space}"))), 200);
    assert_eq!(
        send(&bearer, Some(&format!("o-{}", sender.server.owner.org))),
        403
    );
    // A long name is refused before anything is made of it.
    let list = json!([{"values": vec![1; 64], "dsnames": vec!["x"; 64], "host": "h".repeat(3000), "plugin": "p", "type": "t"}]);
    let reply = sender.send(&list.to_string());
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains("more than 2048"), "{}", reply.text());
}
