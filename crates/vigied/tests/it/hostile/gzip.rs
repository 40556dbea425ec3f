//! Small compressed bodies that are expensive to decompress.

use super::honest::{Honest, answer, connect_from};
use crate::harness::Server;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::net::Ipv4Addr;

fn packed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// The most memory the server ever had, in MiB.
fn peak(server: &Server) -> u64 {
    let path = format!("/proc/{}/status", server.serving.child.id());
    let status = std::fs::read_to_string(path).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    kilobytes.unwrap().parse::<u64>().unwrap() / 1024
}

/// 16 kB that hold 16 MiB, for a form that may have 64 kB.
#[test]
fn packed_forms_unpack_to_no_more_than_a_form_may_have() {
    let server = Server::start();
    let bomb = packed(&vec![b'a'; (16 << 20) - 1]);
    assert!(bomb.len() < 20_000);
    let begun = peak(&server);
    let honest = Honest::start(&server, Ipv4Addr::new(127, 0, 0, 2));
    let ask = |number: u8| {
        let path = ["/identity/token", "/oauth/token", "/identity/introspect"];
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: vigie\r\nAuthorization: Basic Y2Y6\r\nContent-Encoding: gzip\r\n\
             Content-Length: {}\r\n\r\n",
            path[usize::from(number) % path.len()],
            bomb.len()
        );
        let mut stream = connect_from(Ipv4Addr::new(127, 0, 1, number), &server).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&bomb).unwrap();
        stream
    };
    let mut held: Vec<_> = (1..=200).map(ask).collect();
    for stream in &mut held {
        let (status, text) = answer(stream).unwrap();
        assert!(matches!(status, 400 | 429), "{status}: {text}");
    }
    let served = honest.stop();
    assert!(served.refused.is_empty(), "{:?}", served.refused);
    // 200 forms of 64 kB are 13 MiB, packed and plain 16; 200 of 16 MiB were 3 GiB.
    let grown = peak(&server).saturating_sub(begun);
    assert!(grown < 150, "200 forms made {grown} MiB more");
}

#[test]
fn a_management_body_unpacks_to_no_more_than_it_may_have() {
    let server = Server::start();
    let ask = |path: &str, plain: &[u8]| {
        let request = server.request("POST", path).header(
            "X-Auth-User-Token",
            &format!("apikey {}", server.owner.api_key),
        );
        let request = request.header("Content-Encoding", "gzip");
        request.body(packed(plain)).send()
    };
    let reply = ask("/v1/apikeys", &vec![b' '; 15 << 20]);
    assert_eq!(reply.status, 413, "{}", reply.text());
    assert!(reply.text().contains("management_body_bytes"));
    // Samples may be that many.
    let reply = ask("/v1/metrics", &[&vec![b' '; 15 << 20][..], b"[]"].concat());
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// Half a million members with nothing in them: 10 MB that took three seconds to say no to.
#[test]
fn empty_members_are_not_read_to_their_end() {
    let server = Server::start();
    let members = packed(b"").repeat(500_000);
    let token = server.token();
    let reply = server
        .metrics(&token, "POST", "/v1/metrics")
        .header("Content-Encoding", "gzip")
        .body(members.clone())
        .send();
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.text().contains("gzip_members"), "{}", reply.text());
    let reply = server
        .request("POST", "/identity/token")
        .header("Content-Encoding", "gzip")
        .body(members)
        .send();
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.text().contains("form_bytes"), "{}", reply.text());
}
