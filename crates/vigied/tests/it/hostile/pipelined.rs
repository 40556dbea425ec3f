//! Pipelined requests: the server notices a client that sends them and disconnects, and answers one that stays.

use super::honest::{answer, connect_from};
use super::queries::{figure, worst_head};
use crate::command_line::certificate;
use crate::harness::{Server, until};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(super) trait Stream: Read + Write {
    fn socket(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Stream for StreamOwned<ClientConnection, TcpStream> {
    fn socket(&self) -> &TcpStream {
        &self.sock
    }
}

/// Connects with or without TLS, like the server.
type Connect<'c> = dyn Fn(&Server, u8) -> Box<dyn Stream> + 'c;

const FLAGS: [&str; 8] = [
    "--set",
    "limits.steps_per_query=1000000000000",
    "--set",
    "limits.request_seconds=100000",
    "--set",
    "limits.concurrent_queries=4",
    "--set",
    "limits.account_share_percent=100",
];

fn plain(server: &Server, number: u8) -> TcpStream {
    connect_from(Ipv4Addr::new(127, 0, 1, number), server).unwrap()
}

fn encrypted(pem: &str, server: &Server, number: u8) -> Box<dyn Stream> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(Path::new(pem)).unwrap();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    Box::new(StreamOwned::new(session, plain(server, number)))
}

/// Enough names for a long query.
pub(super) fn fill(stream: &mut dyn Stream, key: &str) {
    let rest = "y".repeat(1000);
    for part in 0..16 {
        let samples: Vec<_> = (0..4000)
            .map(|number| json!({"name": format!("p{part}.c.n{number}.{rest}"), "value": 1}))
            .collect();
        let body = json!(samples).to_string();
        let head = format!(
            "POST /v1/metrics HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        assert_eq!(status(stream), "HTTP/1.1 200");
    }
}

/// The status line of an answer with a length, which is read to its end.
fn status(stream: &mut dyn Stream) -> String {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while !text.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1);
        text.push(byte[0]);
    }
    let head = String::from_utf8(text).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    head[..12].to_owned()
}

fn a_hang_up_ends_the_query(server: &Server, connect: &Connect<'_>) {
    let key = &server.owner.api_key;
    fill(connect(server, 1).as_mut(), key);
    let running = || figure(server, "vigie_queries_running");
    let worst = worst_head(key, "");
    let next = "GET /health/live HTTP/1.1\r\nHost: vigie\r\n\r\n";
    let unsent = worst_head(key, "Content-Length: 10\r\n");
    for (what, asked) in [
        ("one more request", format!("{worst}{next}")),
        ("half a request", format!("{worst}GET /he")),
        (
            "more than any buffer",
            format!("{worst}{}", next.repeat(6000)),
        ),
        ("a body that never comes", unsent),
    ] {
        // Begun before the other: were that worked on to its end, this would have ended by then.
        let mut first = connect(server, 2);
        first.write_all(worst.as_bytes()).unwrap();
        first.flush().unwrap();
        until("the first runs", || running() == 1);
        let mut stream = connect(server, 3);
        // Where it is too much to be taken, the connection may end in the middle.
        let sent = stream.write_all(asked.as_bytes());
        assert!(sent.and_then(|()| stream.flush()).is_ok() || asked.len() > 100_000);
        if asked.len() < 100_000 {
            until("it runs", || running() == 2);
        }
        drop(stream);
        until(what, || running() == 1);
        first.socket().set_nonblocking(true).unwrap();
        // By TLS there may be bytes that are no answer.
        let read = first.read(&mut [0]).map_err(|error| error.kind());
        assert_eq!(
            read,
            Err(ErrorKind::WouldBlock),
            "{what}: worked to its end"
        );
    }
}

/// The HTTP library does not read while it has bytes of the next request, and so missed the client's disconnect.
#[test]
fn regression_6_a_hang_up_behind_further_requests_ends_the_query() {
    let server = Server::with(&FLAGS);
    a_hang_up_ends_the_query(&server, &|server, number| Box::new(plain(server, number)));
    // Also for a query that waits for its turn, and for a reset.
    let key = &server.owner.api_key;
    let asked = worst_head(key, "") + "GET /health/live HTTP/1.1\r\nHost: vigie\r\n\r\n";
    let mut held: Vec<_> = (4..10).map(|number| plain(&server, number)).collect();
    for stream in &mut held {
        stream.write_all(asked.as_bytes()).unwrap();
    }
    until("some wait", || {
        figure(&server, "vigie_queries_waiting") >= 2
    });
    for stream in held {
        socket2::SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
    }
    until("none waits or runs", || {
        figure(&server, "vigie_queries_waiting") + figure(&server, "vigie_queries_running") == 0
    });
}

#[test]
fn regression_6_so_does_one_by_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, key) = certificate(folder.path());
    let mut flags = FLAGS.to_vec();
    flags.extend(["--tls-cert", &pem, "--tls-key", &key]);
    let server = Server::with(&flags);
    a_hang_up_ends_the_query(&server, &|server, number| encrypted(&pem, server, number));
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Server::start();
    let list = format!(
        "GET /v1/metrics/list HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {}\r\n\r\n",
        server.owner.api_key
    );
    let nowhere = "GET /nowhere HTTP/1.1\r\nHost: vigie\r\n\r\n";
    let mut stream = plain(&server, 1);
    let all = format!("{list}{nowhere}{list}").repeat(50);
    stream.write_all(all.as_bytes()).unwrap();
    for _ in 0..50 {
        for expected in [200, 404, 200] {
            assert_eq!(answer(&mut stream).unwrap().0, expected);
        }
    }
    // A client that closes its side only after all answers.
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty());
}
