//! Senders behind a balancer that sends PROXY headers: they are whom these name, and nobody else says so.

use super::slow::{encrypted, session};
use super::{Listeners, pickles};
use crate::harness::{now, until};
use crate::limits::hits;
use base::limit;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};

const PROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

/// Each connection to a listener for Graphite's lines, pickles and statsd's begins with a header.
const FLAGS: [&str; 8] = [
    "--set",
    "trusted_proxies=127.0.0.9",
    "--set",
    "graphite.proxy_protocol=true",
    "--set",
    "pickle.proxy_protocol=true",
    "--set",
    "statsd.proxy_protocol=true",
];

const NAMED: &[u8] = b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 2003\r\n";

fn connect(from: Ipv4Addr, listeners: &Listeners, listener: &str) -> TcpStream {
    let to: SocketAddr = listeners.address(listener).parse().unwrap();
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let address = SocketAddr::from((IpAddr::V4(from), 0));
    socket.bind(&address.into()).unwrap();
    socket.connect(&to.into()).unwrap();
    let stream = TcpStream::from(socket);
    let long = std::time::Duration::from_secs(300);
    stream.set_read_timeout(Some(long)).unwrap();
    stream
}

/// The server's text until it closes.
fn end(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    // A reset is an end, too.
    let _ = stream.read_to_string(&mut answer);
    answer
}

/// All who came by a balancer were the balancer.
#[test]
fn a_proxy_header_names_the_sender() {
    let flags = [&FLAGS[..], &["--set", "statsd.flush_seconds=1"]].concat();
    let (listeners, _) = Listeners::with_source("192.0.2.7", &flags);
    let send = |listener: &str, header: &[u8], bytes: &[u8]| {
        let mut stream = connect(PROXY, &listeners, listener);
        stream.write_all(&[header, bytes].concat()).unwrap();
        stream
    };
    let mut second = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    second.extend([192, 0, 2, 7, 10, 0, 0, 1, 0, 1, 0, 2]);
    drop(send("graphite.listen", NAMED, b"proxied.a 1 -1\n"));
    drop(send("graphite.listen", &second, b"proxied.b 1 -1\n"));
    let frame = pickles::frame(&[("proxied.c", now() - 5, 1.0)]);
    drop(send("pickle.listen", &second, &frame));
    drop(send("statsd.listen", NAMED, b"proxied:1|c\n"));
    for name in ["proxied.a", "proxied.b", "proxied.c"] {
        listeners.wait_for(name, 1);
    }
    until("it is flushed", || {
        listeners.stored("stats_counts.proxied") > 0
    });
    // They are seen by their own address.
    let token = listeners.server.token();
    let path = "/v1/metrics/senders";
    let senders = listeners.server.metrics(&token, "GET", path).send().text();
    assert!(
        senders.contains("192.0.2.7") && !senders.contains("127.0.0.9"),
        "{senders}"
    );
    // Who comes by the same balancer from elsewhere is nobody.
    let other = b"PROXY TCP4 192.0.2.8 10.0.0.1 4711 2003\r\n";
    let answer = end(send("graphite.listen", other, b"none.a 1 -1\n"));
    assert!(
        answer.is_empty() || answer.starts_with("ERR say who you are first"),
        "{answer}"
    );
    until("it is counted", || {
        listeners.not_stored("graphite.listen", "no_identity") == 1
    });
    assert_eq!(listeners.stored("none.a"), 0);
}

/// Else whoever reaches the listener would be whom they like.
#[test]
fn nobody_but_a_trusted_proxy_names_a_sender() {
    let (listeners, _) = Listeners::with_source("192.0.2.7", &FLAGS);
    let line = b"none.a 1 -1\n".as_slice();
    for (from, begin) in [
        (Ipv4Addr::LOCALHOST, NAMED),
        (Ipv4Addr::LOCALHOST, b""),
        (PROXY, b""),
        (PROXY, b"PROXY TCP4 192.0.2.7\r\n"),
    ] {
        let mut stream = connect(from, &listeners, "graphite.listen");
        // It may be closed before.
        let _ = stream.write_all(&[begin, line].concat());
        assert_eq!(end(stream), "");
    }
    until("all are counted", || {
        listeners.not_stored("graphite.listen", "proxy_header") == 4
    });
    assert_eq!(listeners.stored("none.a"), 0);
    // A check of the balancer's is no sender, and nothing to tell of.
    drop(connect(PROXY, &listeners, "graphite.listen"));
    let mut sender = connect(PROXY, &listeners, "graphite.listen");
    sender
        .write_all(&[NAMED, b"some.a 1 -1\n"].concat())
        .unwrap();
    listeners.wait_for("some.a", 1);
    assert_eq!(listeners.not_stored("graphite.listen", "proxy_header"), 4);
    // By UDP there are none.
    listeners.datagram(b"none.a 1 -1\n");
    until("it is counted", || {
        listeners.not_stored("graphite.udp_listen", "no_identity") == 1
    });
}

/// However slowly it comes, it has the time that anybody has to say who they are.
#[test]
fn a_proxy_header_that_does_not_come_has_its_end() {
    let flags = [&FLAGS[..], &["--set", "limits.head_seconds=1"]].concat();
    let (listeners, _) = Listeners::with_source("192.0.2.7", &flags);
    for (before, begin) in (0..).zip([&b""[..], b"PROXY TCP4 192", b"\r\n\r\n\0\r\nQUIT\n\x21"]) {
        assert_eq!(hits(&listeners.server, limit::HEAD_SECONDS), before);
        let mut stream = connect(PROXY, &listeners, "graphite.listen");
        stream.write_all(begin).unwrap();
        until("the header has its end", || {
            hits(&listeners.server, limit::HEAD_SECONDS) > before
        });
        assert_eq!(end(stream), "");
    }
}

/// The header is before TLS, and nothing of the handshake is read with it.
#[test]
fn a_proxy_header_comes_before_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, encrypted) = encrypted(folder.path());
    let flags = FLAGS.into_iter();
    let flags: Vec<&str> = flags.chain(encrypted.iter().map(String::as_str)).collect();
    let (listeners, _) = Listeners::with_source("192.0.2.7", &flags);
    let mut stream = connect(PROXY, &listeners, "graphite.listen");
    stream.write_all(NAMED).unwrap();
    let mut session = session(&pem);
    let mut tls = rustls::Stream::new(&mut session, &mut stream);
    // It answers, and closes, when the line before that was read.
    tls.write_all(b"sealed.a 1 -1\nAUTH nothing\n").unwrap();
    let mut bytes = Vec::new();
    let _ = tls.read_to_end(&mut bytes);
    let answer = String::from_utf8(bytes).unwrap();
    assert!(answer.starts_with("ERR "), "{answer}");
    let listeners = listeners.restarted("TERM", &[]);
    assert_eq!(listeners.stored("sealed.a"), 1);
}
