//! A listener of lines with TLS, and what one connection says over time.

use super::{Listeners, Sender, lines};
use crate::harness::{Server, Serving};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// `openssl s_client`, as the guide says it.
struct Client {
    child: Child,
    input: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Client {
    fn new(address: &str, authority: &Path) -> Self {
        let mut child = Command::new("openssl")
            .args(["s_client", "-quiet", "-verify_return_error"])
            .args(["-verify_hostname", "localhost", "-connect", address])
            .arg("-CAfile")
            .arg(authority)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    fn send(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).unwrap();
        self.input.flush().unwrap();
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn certificate(folder: &Path) -> [String; 2] {
    let path = |name: &str| folder.join(name).display().to_string();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=vigie"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-keyout", &path("tls.key"), "-out", &path("tls.pem")])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    [path("tls.pem"), path("tls.key")]
}

/// The server's certificate, `AUTH` inside, and statsd with a key before its names; who speaks no TLS gets nothing in.
#[test]
fn lines_come_by_tls_with_the_servers_certificate() {
    let server = Server::start();
    let (key, _) = server.narrow_key();
    let Server {
        serving,
        owner,
        folder,
    } = server;
    serving.stop();
    let data = folder.path().join("data");
    let [pem, secret] = certificate(folder.path());
    let flags = [
        "--tls-cert",
        &pem,
        "--tls-key",
        &secret,
        "--set",
        "graphite.listen=127.0.0.1:0",
        "--set",
        "graphite.tls=true",
        "--set",
        "statsd.listen=127.0.0.1:0",
        "--set",
        "statsd.tls=true",
    ];
    let serving = Serving::start(&data, "127.0.0.1:0", &flags);
    let listeners = Listeners {
        server: Server {
            serving,
            owner,
            folder,
        },
    };
    let address = listeners.address("graphite.listen");
    let mut plain = Sender::new(&address);
    plain.send(&format!("AUTH apikey {key}\nplain.a 1 -1\n"));
    // It ends; what may come before is no answer of ours.
    assert!(!plain.answer().starts_with("OK"));
    let mut client = Client::new(&address, Path::new(&pem));
    client.send("AUTH apikey vgk_wrong\n");
    assert!(client.answer().starts_with("ERR "));
    assert_eq!(client.answer(), "");
    let mut client = Client::new(&address, Path::new(&pem));
    client.send(&format!("AUTH apikey {key}\n"));
    let answer = client.answer();
    assert!(answer.starts_with("OK "), "{answer}");
    client.send(&lines("inside.a", 500));
    // It answers when all before it was read.
    client.send(&format!("AUTH apikey {key}\n"));
    assert!(client.answer().starts_with("OK "));
    let mut counting = Client::new(&listeners.address("statsd.listen"), Path::new(&pem));
    counting.send(&format!("{key}.hits:1|c\n"));
    let answer = counting.answer();
    assert!(answer.contains("--key-before-names on"), "{answer}");
    assert!(!listeners.server.serving.log().contains(&key));
    drop(client);
    let listeners = listeners.restarted("TERM", &[]);
    assert_eq!(listeners.stored("inside.a"), 500);
    assert_eq!(listeners.stored("plain.a"), 0);
}

/// Lines of one name that say no time are each a sample, however they come.
#[test]
fn lines_without_a_time_do_not_replace_each_other() {
    let (listeners, _) = Listeners::with_source("127.0.0.1", &[]);
    let mut sender = listeners.connect();
    let mut sent = 0;
    for size in [40, 1, 1, 25, 3, 1, 60, 1] {
        let text: String = (0..size).map(|at| format!("own.now {at} -1\n")).collect();
        sender.send(&text);
        sent += size;
    }
    listeners.wait_for("own.now", sent);
    let text: String = (0..50).map(|at| format!("own.udp {at} -1\n")).collect();
    for _ in 0..4 {
        listeners.datagram(text.as_bytes());
    }
    listeners.wait_for("own.udp", 200);
}

/// A key that is withdrawn between two portions of a connection: the first is stored, nothing of the second, and it is counted.
#[test]
fn a_key_withdrawn_between_two_portions_stores_the_first_alone() {
    let listeners = Listeners::open(&[]);
    let (key, id) = listeners.server.narrow_key();
    let mut sender = listeners.connect();
    sender.auth(&format!("apikey {key}"));
    sender.send(&lines("portion.one", 200));
    listeners.wait_for("portion.one", 200);
    let token = listeners.server.token();
    let path = format!("/v1/apikeys/{id}");
    let request = listeners.server.request("DELETE", &path).bearer(&token);
    assert_eq!(request.send().status, 204);
    // The connection may be closed meanwhile; if it is not, the portion is refused.
    let _ = sender
        .stream
        .write_all(lines("portion.two", 200).as_bytes());
    let answer = sender.answer();
    assert!(answer.starts_with("ERR "), "{answer}");
    assert_eq!(sender.answer(), "");
    assert_eq!(listeners.stored("portion.two"), 0);
    assert_eq!(listeners.stored("portion.one"), 200);
}
