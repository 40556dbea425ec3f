//! More connections than slots: silent unknown clients must not keep out clients with requests.

use super::honest::{Honest, answer, connect_from};
use crate::harness::Server;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};

const HONEST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// Only the places matter here: no stage times out during the test.
const PATIENT: [&str; 4] = [
    "--set",
    "limits.head_seconds=3600",
    "--set",
    "limits.idle_seconds=3600",
];

fn attacker(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 66, number)
}

fn server(connections: usize, per_source: usize) -> Server {
    let (all, each) = (
        format!("limits.connections={connections}"),
        format!("limits.connections_per_source={per_source}"),
    );
    let mut flags = PATIENT.to_vec();
    flags.extend(["--set", &all, "--set", &each]);
    Server::with(&flags)
}

/// Requests liveness over a new connection.
fn ask(from: Ipv4Addr, server: &Server) -> TcpStream {
    let mut stream = connect_from(from, server).unwrap();
    stream
        .write_all(b"GET /health/live HTTP/1.1\r\nHost: vigie\r\n\r\n")
        .unwrap();
    assert_eq!(answer(&mut stream).unwrap().0, 200);
    stream
}

/// Uses an API key on a connection, which shows a valid credential on it.
fn prove(stream: &mut TcpStream, server: &Server) {
    let text = format!(
        "GET /v1/metrics/list HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {}\r\n\r\n",
        server.owner.api_key
    );
    stream.write_all(text.as_bytes()).unwrap();
    let (status, text) = answer(stream).unwrap();
    assert_eq!(status, 200, "{text}");
}

#[test]
fn silent_connections_of_another_address_keep_nobody_out() {
    let server = server(32, 32);
    let honest = Honest::start_known(&server, HONEST);
    let silent: Vec<_> = (0..200)
        .map(|_| connect_from(attacker(1), &server).unwrap())
        .collect();
    for _ in 0..20 {
        ask(OTHER, &server);
    }
    let served = honest.stop();
    assert!(served.refused.is_empty(), "{:?}", served.refused);
    drop(silent);
}

#[test]
fn an_authenticated_connection_is_served_beside_an_attacker_on_the_same_address() {
    let server = server(32, 16);
    let mut kept = connect_from(HONEST, &server).unwrap();
    prove(&mut kept, &server);
    let honest = Honest::start_known(&server, HONEST);
    let mut silent: Vec<_> = (0..200)
        .map(|_| connect_from(HONEST, &server).unwrap())
        .collect();
    // A new connection of this address gets in as well, and so does another address.
    ask(HONEST, &server);
    ask(OTHER, &server);
    silent.extend((0..200).map(|_| connect_from(HONEST, &server).unwrap()));
    prove(&mut kept, &server);
    let served = honest.stop();
    assert!(served.refused.is_empty(), "{:?}", served.refused);
}

#[test]
fn an_attacker_with_many_addresses_keeps_nobody_out() {
    let server = server(64, 16);
    let mut kept = connect_from(HONEST, &server).unwrap();
    prove(&mut kept, &server);
    let honest = Honest::start_known(&server, HONEST);
    let silent: Vec<_> = (0..250)
        .flat_map(|number| [number, number])
        .map(|number| connect_from(attacker(number), &server).unwrap())
        .collect();
    for _ in 0..20 {
        ask(OTHER, &server);
    }
    prove(&mut kept, &server);
    let served = honest.stop();
    assert!(served.refused.is_empty(), "{:?}", served.refused);
    drop(silent);
}

/// A key does not allow taking all places: new connections find room.
#[test]
fn connections_with_a_credential_leave_room_for_others() {
    let server = server(16, 16);
    let mut proven: Vec<_> = (0..16)
        .map(|number| {
            let mut stream = connect_from(attacker(number), &server).unwrap();
            prove(&mut stream, &server);
            stream
        })
        .collect();
    for _ in 0..5 {
        ask(OTHER, &server);
    }
    // Those that were first kept their places.
    for stream in proven.iter_mut().take(14) {
        prove(stream, &server);
    }
}

/// The system has no more descriptors: a silent connection gives one back.
#[test]
fn a_server_out_of_file_descriptors_makes_room() {
    let server = server(4096, 4096);
    let mut kept = connect_from(HONEST, &server).unwrap();
    prove(&mut kept, &server);
    let honest = Honest::start_known(&server, HONEST);
    let id = i32::try_from(server.serving.child.id()).unwrap();
    let open = std::fs::read_dir(format!("/proc/{id}/fd")).unwrap().count();
    let few = Some(u64::try_from(open).unwrap() + 30);
    let limit = Rlimit {
        current: few,
        maximum: few,
    };
    prlimit(Pid::from_raw(id), Resource::Nofile, limit).unwrap();
    let silent: Vec<_> = (0..100)
        .map(|_| connect_from(attacker(1), &server).unwrap())
        .collect();
    server.serving.wait_for_log("cannot accept a connection");
    for _ in 0..5 {
        ask(OTHER, &server);
    }
    prove(&mut kept, &server);
    let served = honest.stop();
    assert!(served.refused.is_empty(), "{:?}", served.refused);
    drop(silent);
}

/// At full size, where this process and the server may open as many files.
#[test]
fn thousands_of_silent_connections_keep_nobody_out() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let _ = setrlimit(Resource::Nofile, raised);
    let may = getrlimit(Resource::Nofile)
        .current
        .or(current)
        .unwrap_or(u64::MAX);
    let count = usize::try_from(may.saturating_sub(400).min(4096 + 400)).unwrap();
    let mut flags = PATIENT.to_vec();
    flags.extend(["--set", "limits.connections_per_source=4096"]);
    let server = Server::with(&flags);
    let honest = Honest::start_known(&server, HONEST);
    let silent: Vec<_> = (0..count)
        .map(|_| connect_from(attacker(1), &server).unwrap())
        .collect();
    for _ in 0..10 {
        ask(OTHER, &server);
        ask(attacker(1), &server);
    }
    let served = honest.stop();
    assert!(served.refused.is_empty(), "{:?}", served.refused);
    drop(silent);
}
