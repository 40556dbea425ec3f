//! Every route of the server with slow, silent, huge, nested, doubled and malformed input, with and without a credential, while an
//! honest client is served. The other files say more of single routes; here none is left out, also none that is yet to come.

use super::honest::{Honest, PATIENCE, answer, connect_from};
use super::slow_bodies::write_sample;
use crate::access::routes;
use crate::harness::Server;
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};

/// Few places, so that a few requests would take them all.
const FEW: [&str; 2] = ["--set", "limits.concurrent_requests=8"];

const HONEST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// The address of an attacker.
const fn attacker(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 1, number)
}

/// Method and path of every route, without braces.
fn targets() -> Vec<(String, String)> {
    let filled = |path: &str| {
        let parts = path.split(['{', '}']).enumerate();
        let parts = parts.map(|(at, part)| if at % 2 == 0 { part } else { "x" });
        parts.collect::<String>()
    };
    let all = routes().into_iter();
    all.map(|route| (route.method, filled(&route.path)))
        .collect()
}

/// The additions of an attack: to the path, to the head, and the body.
struct Attack {
    name: &'static str,
    query: &'static str,
    lines: &'static str,
    body: Vec<u8>,
}

fn attacks() -> Vec<Attack> {
    let attack = |name| Attack {
        name,
        query: "",
        lines: "",
        body: Vec::new(),
    };
    vec![
        Attack {
            body: vec![b'x'; 2 << 20],
            ..attack("huge")
        },
        Attack {
            lines: "Content-Type: application/json\r\n",
            body: "[{\"a\":".repeat(10_000).into_bytes(),
            ..attack("nested")
        },
        Attack {
            lines: "Content-Type: application/json\r\nContent-Type: text/plain\r\nX-Auth-Scope-Id: s-1\r\nX-Auth-Scope-Id: s-2\r\nIf-Match: a\r\nIf-Match: b\r\n",
            body: b"{}".to_vec(),
            ..attack("doubled")
        },
        Attack {
            query: "?target=((((%zz&query={{{&from=-999999y&until=x&&=&%00=%ff&format=none&page=-1&pagesize=1e9",
            body: vec![0xff; 512],
            ..attack("malformed")
        },
        Attack {
            lines: "Content-Encoding: gzip\r\n",
            body: vec![0x1f; 4096],
            ..attack("packed")
        },
    ]
}

/// The status of the answer; none where the server has closed without one.
fn tried(
    server: &Server,
    (method, path): &(String, String),
    attack: &Attack,
    more: &str,
) -> Option<u16> {
    let (query, lines, length) = (attack.query, attack.lines, attack.body.len());
    let head = format!(
        "{method} {path}{query} HTTP/1.1\r\nHost: vigie\r\nConnection: close\r\n{more}{lines}Content-Length: {length}\r\n\r\n"
    );
    let mut stream = connect_from(attacker(1), server).unwrap();
    // It may be answered before all of it is sent.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&attack.body));
    answer(&mut stream).ok().map(|(status, _)| status)
}

#[test]
fn every_route_bears_hostile_input() {
    let server = Server::with(&FEW);
    let honest = Honest::start_known(&server, HONEST);
    let with_key = format!("X-Auth-User-Token: apikey {}\r\n", server.owner.api_key);
    let targets = targets();
    let (mut answered, mut wrongs) = (0, Vec::new());
    for attack in attacks() {
        for target in &targets {
            for more in ["", with_key.as_str()] {
                let status = tried(&server, target, &attack, more);
                answered += usize::from(status.is_some());
                if status.is_some_and(|status| status >= 500) {
                    let (method, path) = target;
                    let who = if more.is_empty() { "nobody" } else { "owner" };
                    wrongs.push(format!(
                        "{method} {path}: {} by {who}: {status:?}",
                        attack.name
                    ));
                }
            }
        }
    }
    assert!(wrongs.is_empty(), "{wrongs:#?}");
    let all = attacks().len() * targets.len() * 2;
    assert!(
        answered > all / 2 && targets.len() > 80,
        "{answered} of {all}"
    );
    let served = honest.stop();
    assert!(served.refused.is_empty(), "{:?}", served.refused);
    assert!(served.worst() < PATIENCE, "{:?}", served.worst());
    let log = server.serving.log();
    assert!(!log.contains("panicked"), "{log}");
}

/// Heads that stop in the middle, and bodies that never come, to every route at once.
#[test]
fn slow_and_silent_requests_to_every_route_hold_up_nobody() {
    let server = Server::with(&FEW);
    let mut streams: Vec<TcpStream> = Vec::new();
    for (at, (method, path)) in targets().into_iter().enumerate() {
        let from = attacker(u8::try_from(at % 200).unwrap() + 1);
        let head = format!("{method} {path} HTTP/1.1\r\nHost: vigie\r\n");
        for more in ["Content-Length: 100\r\n\r\n", "X-Auth-User-Token: ap"] {
            let mut stream = connect_from(from, &server).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(more.as_bytes()).unwrap();
            streams.push(stream);
        }
    }
    let mut stream = connect_from(HONEST, &server).unwrap();
    for _ in 0..20 {
        let (status, text) = write_sample(&mut stream, &server.owner.api_key);
        assert_eq!(status, 200, "{text}");
    }
    // Also one who comes from the address of an attacker.
    let mut stream = connect_from(attacker(1), &server).unwrap();
    let (status, text) = write_sample(&mut stream, &server.owner.api_key);
    assert_eq!(status, 200, "{text}");
    drop(streams);
}
