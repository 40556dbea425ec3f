//! A node that PostgreSQL's answers do not reach denies nothing that another may have made: it says 503, and what it knows it serves.

use crate::harness::{
    Reply, Request, Serving, VIGIED, init_on_postgres, make_folder_of_node, now, until,
};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

/// What stands between a node and PostgreSQL. While it is closed, it ends every connection.
#[derive(Clone)]
struct Gate {
    /// The ends of the connections; none while it is closed.
    open: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Gate {
    /// A gate before the database at this address, and the database's address through it.
    fn before(database: &str) -> (Self, String) {
        let (begin, rest) = database.split_once('@').unwrap();
        let (to, name) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let through = format!("{begin}@{}/{name}", listener.local_addr().unwrap());
        let gate = Self {
            open: Arc::new(Mutex::new(Some(Vec::new()))),
        };
        let (held, to) = (gate.clone(), to.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if let Some(open) = &mut *held.open.lock().unwrap() {
                    let server = TcpStream::connect(&to).unwrap();
                    pass_on(&client, &server);
                    pass_on(&server, &client);
                    open.extend([client, server]);
                }
            }
        });
        (gate, through)
    }

    fn close(&self) {
        for end in self.open.lock().unwrap().take().unwrap_or_default() {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    fn open(&self) {
        *self.open.lock().unwrap() = Some(Vec::new());
    }
}

fn pass_on(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    std::thread::spawn(move || {
        let mut piece = [0_u8; 8192];
        while let Ok(read @ 1..) = from.read(&mut piece) {
            if to.write_all(&piece[..read]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}

#[test]
fn what_another_node_may_have_made_is_not_denied() {
    let test = "what_another_node_may_have_made_is_not_denied";
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("node-0"), folder.path().join("node-1"));
    let Some((database, owner)) = init_on_postgres(test, &first) else {
        return;
    };
    make_folder_of_node(&first, &second);
    let (gate, through) = Gate::before(&database);
    let near = Serving::start(&first, "127.0.0.1:0", &["--database", &database]);
    let far = Serving::start(&second, "127.0.0.1:0", &["--database", &through]);
    let text = |name: &str| owner[name].as_str().unwrap().to_owned();
    let call = |node: &Serving, (method, path): (&str, &str), body: &Value| -> Reply {
        let credential = format!("apikey {}", text("api_key"));
        let request = Request::new(&node.url(), method, path);
        let request = request.header("X-Auth-User-Token", &credential);
        match body {
            Value::Null => request.send(),
            body => request.json(body).send(),
        }
    };
    let make = |name: &str| -> String {
        let space = json!({"name": name, "organization_guid": text("org_guid")});
        let made = call(&near, ("POST", "/v2/spaces"), &space);
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["metadata"]["guid"].as_str().unwrap().to_owned()
    };
    let before = make("before");
    let at_far = |path: &str| call(&far, ("GET", path), &Value::Null);
    assert_eq!(at_far(&format!("/v2/spaces/{before}")).status, 200);
    let nowhere = "/v2/spaces/00000000-0000-4000-8000-000000000000";
    assert_eq!(at_far(nowhere).status, 404);

    gate.close();
    let after = make("after");
    for path in [nowhere, &format!("/v2/spaces/{after}")] {
        let refused = at_far(path);
        assert_eq!(refused.status, 503, "{path}: {}", refused.text());
        assert!(refused.header("retry-after").is_some(), "{path}");
    }
    // What it knows is served, and samples are taken.
    let sample = json!([{"name": "a.b", "value": 1.0, "timestamp": now() - 60}]);
    let sent = Request::new(&far.url(), "POST", "/v1/metrics")
        .header("X-Auth-User-Token", &format!("apikey {}", text("api_key")))
        .header("X-Auth-Scope-Id", &format!("s-{before}"))
        .json(&sample)
        .send();
    assert_eq!(sent.status, 200, "{}", sent.text());

    // The operator is told why. The server's connections were closed before it said anything.
    let mut rotate = Command::new(VIGIED);
    rotate.args(["keys", "rotate", "--data"]).arg(&second);
    let rotated = rotate.output().unwrap();
    let errors = String::from_utf8_lossy(&rotated.stderr).into_owned();
    assert_eq!(rotated.status.code(), Some(1), "{errors}");
    for part in ["the database is not available", "`vigied health`"] {
        assert!(errors.contains(part), "{errors}");
    }

    gate.open();
    until("the node hears again", || at_far(nowhere).status == 404);
    assert_eq!(at_far(&format!("/v2/spaces/{after}")).status, 200);
}
