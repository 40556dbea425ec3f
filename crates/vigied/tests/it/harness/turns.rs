//! One address before two nodes, as that of a balancer: each request goes to the other node than the one before.
//!
//! Whoever manages identity finds at each node what the other has done until then. What tokens and metrics rest on a node learns within a
//! second, unless it is asked about something that it does not know: so before such a request it is.

use super::Request;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The GUID of a space that is nowhere, for which a node asks the other.
const NOWHERE: &str = "00000000-0000-4000-8000-000000000000";

/// Beginnings of the paths of tokens and metrics.
const BY_WHAT_IS_KNOWN: [&str; 2] = ["/v1/metrics", "/identity/"];

/// The address, before the nodes are there: so they can be told that they are reached by it.
pub(crate) struct Turns {
    listener: TcpListener,
}

struct Nodes {
    urls: [String; 2],
    /// A key with which the nodes can be asked.
    key: String,
    next: AtomicUsize,
}

impl Turns {
    pub(crate) fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { listener }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    /// Passes requests on to the nodes, which are asked with this key. What listens ends with the process.
    pub(crate) fn between(self, urls: [String; 2], api_key: &str) {
        let nodes = Arc::new(Nodes {
            urls,
            key: api_key.to_owned(),
            next: AtomicUsize::new(0),
        });
        std::thread::spawn(move || {
            for client in self.listener.incoming().map_while(Result::ok) {
                let nodes = Arc::clone(&nodes);
                std::thread::spawn(move || nodes.pass_on(&client));
            }
        });
    }
}

impl Nodes {
    /// Passes on the one request of a connection, and its answer.
    fn pass_on(&self, client: &TcpStream) {
        let (head, body) = request(client);
        let node = self.next.fetch_add(1, Ordering::Relaxed) % self.urls.len();
        let url = self.urls[node].as_str();
        let mut words = head.split(' ');
        let path = words.nth(1).unwrap();
        if BY_WHAT_IS_KNOWN.iter().any(|known| path.starts_with(known)) {
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
