//! A client in Python that was written to the description of the protocol, while the server is killed and started again under it.

use super::Listeners;
use crate::command_line::certificate;
use crate::harness::{Server, Serving};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

const SCRIPT: &str = include_str!("lumberjack.py");

/// How many lines are sent.
const LINES: usize = 2000;

/// How often the server is killed.
const KILLS: usize = 4;

#[test]
fn what_was_acknowledged_is_there_after_each_kill_and_what_was_not_comes_again() {
    let Some(python) = std::env::var_os("VIGIE_TEST_PYTHON") else {
        testing::skipped(
            "what_was_acknowledged_is_there_after_each_kill_and_what_was_not_comes_again",
            "no Python",
        );
        return;
    };
    let certificates = tempfile::tempdir().unwrap();
    let (pem, key_file) = certificate(certificates.path());
    let port = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port().to_string()
    };
    let listener = format!("lumberjack.listen=127.0.0.1:{port}");
    let flags = ["--set", &listener];
    let mut server = Server::with(&[]);
    let (key, _) = server.narrow_key();
    let data = server.data();
    // With TLS, as the setting has it if it is left alone.
    let files = [
        "--set".to_owned(),
        format!("tls.certificate={pem}"),
        "--set".to_owned(),
        format!("tls.key={key_file}"),
    ];
    let start = |data: &std::path::Path| {
        let mut all: Vec<&str> = flags.to_vec();
        all.extend(files.iter().map(String::as_str));
        Serving::start(data, "127.0.0.1:0", &all)
    };
    let _ = server.serving.child.kill();
    let _ = server.serving.child.wait();
    server.serving = start(&data);
    let mut client = Command::new(python)
        .args(["-c", SCRIPT, &port, &server.owner.space, &key])
        .args([&LINES.to_string(), &pem])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = BufReader::new(client.stdout.take().unwrap());
    let mut kills = 0;
    let mut last = 0;
    for line in stdout.lines() {
        last = line.unwrap().parse().unwrap();
        if kills < KILLS && last >= (kills + 1) * LINES / (KILLS + 2) {
            kills += 1;
            server.serving.child.kill().unwrap();
            server.serving.child.wait().unwrap();
            server.serving = start(&data);
        }
    }
    assert!(client.wait().unwrap().success());
    assert_eq!((last, kills), (LINES, KILLS));
    // What is read with is plain HTTP.
    server.serving.child.kill().unwrap();
    server.serving.child.wait().unwrap();
    server.serving = Serving::start(&data, "127.0.0.1:0", &[]);
    let listeners = Listeners { server };
    let token = listeners.server.token();
    let path = "/v1/metrics?target=py.line&from=-2d&as=sent";
    let rows = listeners.server.metrics(&token, "GET", path).send().json();
    let points = rows[0]["datapoints"].as_array().unwrap();
    let mut values: Vec<f64> = points
        .iter()
        .filter_map(|point| point[0].as_f64())
        .collect();
    values.sort_by(f64::total_cmp);
    let expected: Vec<f64> = (0..LINES)
        .map(|at| f64::from(u32::try_from(at).unwrap()))
        .collect();
    assert_eq!(values, expected, "{}", rows.as_array().map_or(0, Vec::len));
    assert!(matches!(rows, Value::Array(_)));
}
