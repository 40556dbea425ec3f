//! One address before two nodes, as that of a balancer: each request goes to the other node than the one before.
//!
//! A node tells what it knows, and learns within a second of what the other has done. So before a request that only reads, the node asks
//! for it, as it does for whatever it has not heard of. A change goes to its node at once: what it rests on holds at every node.

use crate::harness::Request;
use crate::nodes::Nodes;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The GUID of a space that is nowhere, for which a node asks the other.
const NOWHERE: &str = "00000000-0000-4000-8000-000000000000";

/// Parts of paths where a request changes nothing of identity, whatever its method.
const READ_ANYHOW: [&str; 4] = ["/v1/metrics", "/identity/", "/report", "/limits/"];

struct Turns {
    urls: [String; 2],
    /// A key with which the nodes can be asked.
    key: String,
    next: AtomicUsize,
}

/// Returns the address. What listens there ends with the process.
pub(super) fn before(nodes: &Nodes) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let turns = Arc::new(Turns {
        urls: [0, 1].map(|node| nodes.url(node)),
        key: nodes.owner("api_key").to_owned(),
        next: AtomicUsize::new(0),
    });
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let turns = Arc::clone(&turns);
            std::thread::spawn(move || turns.pass_on(&client));
        }
    });
    url
}

impl Turns {
    /// Passes on the one request of a connection, and its answer.
    fn pass_on(&self, client: &TcpStream) {
        let (head, body) = request(client);
        let node = self.next.fetch_add(1, Ordering::Relaxed) % self.urls.len();
        let url = self.urls[node].as_str();
        let mut words = head.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        if !is_change(method, path) {
            self.hears_of_all(url);
        }
        let mut server = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        server.write_all(head.as_bytes()).unwrap();
        server.write_all(&body).unwrap();
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).unwrap();
        let mut client = client;
        client.write_all(&answer).unwrap();
    }

    /// Lets a node ask for all that the other has done.
    fn hears_of_all(&self, url: &str) {
        let reply = Request::new(url, "GET", &format!("/v2/spaces/{NOWHERE}"))
            .header("X-Auth-User-Token", &format!("apikey {}", self.key))
            .send();
        assert_eq!(reply.status, 404, "{}", reply.text());
    }
}

fn is_change(method: &str, path: &str) -> bool {
    !matches!(method, "GET" | "HEAD") && !READ_ANYHOW.iter().any(|part| path.contains(part))
}

/// The head of a request, after which its connection closes, so that the next one is a new one; and the body.
fn request(client: &TcpStream) -> (String, Vec<u8>) {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "{head}");
        let lower = line.to_ascii_lowercase();
        if lower.starts_with("connection:") {
            continue;
        }
        assert!(!lower.starts_with("transfer-encoding:"), "{line}");
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    head.push_str("Connection: close\r\n\r\n");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (head, body)
}
