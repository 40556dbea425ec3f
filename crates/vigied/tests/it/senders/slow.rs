//! Senders that trickle, or read nothing: inside a TLS handshake, a record, a pickle, and after answers.

use super::{Listeners, lines};
use crate::harness::{Server, until};
use crate::limits::hits;
use base::limit;
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A certificate, and the flags for a listener for lines that speaks TLS with it.
pub(super) fn encrypted(folder: &Path) -> (String, Vec<String>) {
    let path = |name: &str| folder.join(name).display().to_string();
    let (pem, key) = (path("tls.pem"), path("tls.key"));
    // Without this file openssl makes an authority, which is no server.
    let config = path("openssl.cnf");
    let text = "[req]\ndistinguished_name=dn\nx509_extensions=own\n[dn]\n[own]\nsubjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n";
    std::fs::write(&config, text).unwrap();
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=vigie", "-config", &config])
        .args(["-keyout", &key, "-out", &pem])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let flags = ["--tls-cert", &pem, "--tls-key", &key];
    let flags = flags.into_iter().chain(["--set", "graphite.tls=true"]);
    let flags = flags.map(str::to_owned).collect();
    (pem, flags)
}

/// Sends bytes one by one until the server has closed; whether it has.
fn trickle(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    let wait = Duration::from_millis(100);
    stream.set_read_timeout(Some(wait)).unwrap();
    let mut answer = [0; 4096];
    for byte in bytes {
        if stream.write_all(&[*byte]).is_err() {
            return true;
        }
        match stream.read(&mut answer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return true,
        }
    }
    false
}

/// A handshake was one read, which lasted as long as bytes came.
#[test]
fn a_handshake_that_trickles_ends_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let (_, flags) = encrypted(folder.path());
    let flags = flags.iter().map(String::as_str);
    let flags = flags.chain(["--set", "limits.head_seconds=2"]);
    let listeners = Listeners::open(&flags.collect::<Vec<_>>());
    let mut stream = TcpStream::connect(listeners.address("graphite.listen")).unwrap();
    // The head of a record of 16000 bytes.
    stream.write_all(&[22, 3, 1, 0x3e, 0x80]).unwrap();
    assert!(trickle(&mut stream, &[0; 300]));
    assert_eq!(hits(&listeners.server, limit::HEAD_SECONDS), 1);
}

/// So was a record: nobody heard that the credential was over while its bytes came.
#[test]
fn a_record_that_trickles_outlives_no_credential() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, encrypted) = encrypted(folder.path());
    let listeners = Listeners::open(&[]);
    let until = jiff::Timestamp::from_second(crate::harness::now() + 20).unwrap();
    let (key, _) = listeners.key(&json!({"expires_at": until.to_string()}));
    let token = crate::harness::token(&listeners.server.serving.url(), &key);
    let data = listeners.server.data();
    let Server {
        serving,
        owner,
        folder: kept,
    } = listeners.server;
    serving.stop();
    let flags = super::ALL.into_iter();
    let flags = flags.chain(encrypted.iter().map(String::as_str));
    let flags = flags.chain(["--set", "limits.sender_held_seconds=1"]);
    let flags: Vec<&str> = flags.collect();
    let serving = crate::harness::Serving::start(&data, "127.0.0.1:0", &flags);
    let space = owner.space.clone();
    let listeners = Listeners {
        server: Server {
            serving,
            owner,
            folder: kept,
        },
    };
    let mut stream = TcpStream::connect(listeners.address("graphite.listen")).unwrap();
    let mut session = session(&pem);
    let line = format!("AUTH iam {token} s-{space}\n");
    session.writer().write_all(line.as_bytes()).unwrap();
    let mut answer = [0; 256];
    let length = loop {
        session.complete_io(&mut stream).unwrap();
        match session.reader().read(&mut answer) {
            Ok(length) => break length,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    };
    assert!(answer[..length].starts_with(b"OK "), "{answer:?}");
    session.writer().write_all(&[b'x'; 10_000]).unwrap();
    let mut record = Vec::new();
    session.write_tls(&mut record).unwrap();
    assert!(trickle(&mut stream, &record[..600]));
}

pub(super) fn session(pem: &str) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    let certificate = rustls::pki_types::CertificateDer::from_pem_file(pem).unwrap();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    ClientConnection::new(Arc::new(config), name).unwrap()
}

/// It kept room that others wait for until it had been silent for a quarter of an hour, and one that trickles for ever.
#[test]
fn a_pickle_that_comes_too_slowly_gives_up_its_room() {
    let flags = ["--set", "limits.body_stall_seconds=1"];
    let (listeners, _) = Listeners::with_source("127.0.0.1", &flags);
    let mut slow = listeners.pickle();
    slow.write_all(&(500_000_u32).to_be_bytes()).unwrap();
    slow.write_all(&[b'N'; 512]).unwrap();
    let begun = Instant::now();
    let mut rest = Vec::new();
    slow.set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let _ = slow.read_to_end(&mut rest);
    assert!(begun.elapsed() < Duration::from_secs(60));
    until("it is counted", || {
        listeners.not_stored("pickle.listen", "too_slow") == 1
    });
    assert_eq!(hits(&listeners.server, limit::BODY_BYTES_PER_SECOND_MIN), 1);
}

/// Each answer that was not taken waited for five seconds, and held up what was sent after it.
#[test]
fn a_sender_that_reads_no_answers_is_still_read() {
    // So many failed renewals count as much more than a sender may cause in a minute.
    let listeners = Listeners::open(&["--set", "limits.sender_bytes_per_second=64GiB"]);
    let (key, _) = listeners.server.narrow_key();
    let mut sender = listeners.connect();
    sender.auth(&format!("apikey {key}"));
    let timeout = Some(Duration::from_secs(60));
    sender.stream.set_write_timeout(timeout).unwrap();
    sender.send(&"AUTH nothing\n".repeat(300_000));
    sender.send(&lines("behind.it", 2));
    listeners.wait_for("behind.it", 2);
}

/// Blank lines and a line without end were read until the time was over.
#[test]
fn an_unidentified_sender_sends_no_more_than_an_auth_line() {
    let listeners = Listeners::open(&["--set", "limits.head_seconds=50"]);
    for text in ["\n".repeat(60_000), "x".repeat(10_000)] {
        let mut sender = listeners.connect();
        // It may be closed before.
        let _ = sender.stream.write_all(text.as_bytes());
        let answer = sender.answer();
        assert!(
            answer.is_empty() || answer.starts_with("ERR say who you are first"),
            "{answer}"
        );
    }
    assert_eq!(listeners.not_stored("graphite.listen", "no_identity"), 2);
    assert_eq!(hits(&listeners.server, limit::HEAD_SECONDS), 0);
}

/// Samples that senders have in flight count in the memory of the process.
#[test]
fn a_pickle_that_never_has_room_is_refused_at_once() {
    let flags = ["--set", "memory_bytes=16MiB"];
    let (listeners, _) = Listeners::with_source("127.0.0.1", &flags);
    let mut large = listeners.pickle();
    large.write_all(&(1_000_000_u32).to_be_bytes()).unwrap();
    let mut rest = Vec::new();
    let _ = large.read_to_end(&mut rest);
    until("it is counted", || {
        listeners.not_stored("pickle.listen", "too_large") == 1
    });
    assert_eq!(hits(&listeners.server, limit::SENDERS_IN_FLIGHT_BYTES), 1);
}
