//! A PostgreSQL that is not there, or does not want us: said at once, with address and reason, and never with the password.

use crate::harness::{VIGIED, init};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const PASSWORD: &str = "s3cretword";

fn vigied(arguments: &[&str]) -> Command {
    let mut command = Command::new(VIGIED);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Everything said on standard error until the end.
fn error_text(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains(PASSWORD), "{text}");
    text
}

/// A server of the protocol that asks for a clear password, and answers it with this error; or answers at once.
fn refusing(code: &'static str, message: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut read = [0_u8; 1024];
            let Ok(length) = stream.read(&mut read) else {
                continue;
            };
            // A request for TLS comes first.
            if length == 8 {
                stream.write_all(b"N").unwrap();
                let _ = stream.read(&mut read);
            }
            let mut body = Vec::new();
            for (field, text) in [
                (b'S', "FATAL"),
                (b'V', "FATAL"),
                (b'C', code),
                (b'M', message),
            ] {
                body.push(field);
                body.extend(text.as_bytes());
                body.push(0);
            }
            body.push(0);
            let length = u32::try_from(body.len() + 4).unwrap();
            let mut all = vec![b'E'];
            all.extend(length.to_be_bytes());
            all.extend(body);
            let _ = stream.write_all(&all);
        }
    });
    port
}

#[test]
fn regression_7_a_database_that_refuses_is_named_with_its_reason_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    for (code, message, reason) in [
        (
            "28P01",
            "password authentication failed for user \"vigie\"",
            "password authentication failed",
        ),
        (
            "3D000",
            "database \"metrics\" does not exist",
            "does not exist",
        ),
        ("28000", "no pg_hba.conf entry for host", "pg_hba.conf"),
    ] {
        let port = refusing(code, message);
        let address = format!("postgres://vigie:{PASSWORD}@127.0.0.1:{port}/metrics");
        for command in ["init", "serve"] {
            let text = error_text(&mut vigied(&[
                command,
                "--data",
                data,
                "--database",
                &address,
            ]));
            assert!(
                text.contains(&format!("127.0.0.1:{port}/metrics")),
                "{command}: {text}"
            );
            assert!(text.contains(reason), "{command}: {text}");
            assert!(text.contains("hint: "), "{command}: {text}");
        }
        let text = error_text(&mut vigied(&[
            "account",
            "list",
            "--data",
            data,
            "--database",
            &address,
        ]));
        assert!(
            text.contains(&format!("127.0.0.1:{port}")) && text.contains(reason),
            "{text}"
        );
    }
    // TLS that is asked for, and that the server does not have.
    let port = refusing("28000", "no");
    let address = format!("postgres://vigie:{PASSWORD}@127.0.0.1:{port}/metrics?sslmode=require");
    let text = error_text(&mut vigied(&[
        "init",
        "--data",
        data,
        "--database",
        &address,
    ]));
    assert!(
        text.contains(&format!("127.0.0.1:{port}")) && text.contains("TLS"),
        "{text}"
    );
}

/// The first line that holds `text`; what else was said when there is none.
fn first_line(child: &mut Child, text: &str) -> Result<String, String> {
    let mut errors = child.stderr.take().unwrap();
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        let mut byte = [0_u8; 1024];
        while let Ok(read @ 1..) = errors.read(&mut byte) {
            let _ = sender.send(String::from_utf8_lossy(&byte[..read]).into_owned());
        }
    });
    let mut all = String::new();
    while let Ok(more) = lines.recv_timeout(Duration::from_secs(300)) {
        all += &more;
        // With the whole line that it is in.
        if all
            .split_once(text)
            .is_some_and(|(_, rest)| rest.contains('\n'))
        {
            return Ok(all);
        }
    }
    Err(all)
}

#[test]
fn regression_7_a_database_that_is_down_is_named_at_once_and_tried_until_a_deadline_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    let data = folder.path().to_str().unwrap();
    // Bound, so that nobody else takes it, and not listened at, so that everybody is refused.
    let taken = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    taken
        .bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())
        .unwrap();
    let port = taken.local_addr().unwrap().as_socket().unwrap().port();
    let address = format!("postgres://vigie:{PASSWORD}@127.0.0.1:{port}/metrics");
    let mut serving = vigied(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data,
        "--database",
        &address,
    ])
    .spawn()
    .unwrap();
    let line = first_line(&mut serving, "database_wait_seconds");
    serving.kill().unwrap();
    serving.wait().unwrap();
    let text = line.unwrap_or_else(|text| panic!("not said at once: {text}"));
    assert!(
        text.contains(&format!("127.0.0.1:{port}/metrics")),
        "{text}"
    );
    assert!(text.contains("refused"), "{text}");
    assert!(!text.contains(PASSWORD), "{text}");
    // What a person waits for ends at once; so does a server that is told not to wait.
    let text = error_text(&mut vigied(&[
        "account",
        "list",
        "--data",
        data,
        "--database",
        &address,
    ]));
    assert!(
        text.contains(&format!("127.0.0.1:{port}")) && text.contains("refused"),
        "{text}"
    );
    let none = [
        "serve",
        "--data",
        data,
        "--database",
        &address,
        "--set",
        "database_wait_seconds=0",
    ];
    let text = error_text(&mut vigied(&none));
    assert!(
        text.contains(&format!("127.0.0.1:{port}")) && text.contains("refused"),
        "{text}"
    );
}

/// A server that waits for its database ends when it is told to.
#[test]
fn a_server_that_waits_for_its_database_stops_at_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    let data = folder.path().to_str().unwrap();
    let address = format!("postgres://vigie:{PASSWORD}@127.0.0.1:1/metrics");
    let mut serving = vigied(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data,
        "--database",
        &address,
        "--set",
        "database_wait_seconds=1h",
    ])
    .spawn()
    .unwrap();
    let line = first_line(&mut serving, "database_wait_seconds");
    assert!(line.is_ok(), "{line:?}");
    let signalled = Command::new("kill")
        .args(["-TERM", &serving.id().to_string()])
        .status()
        .unwrap();
    assert!(signalled.success());
    assert!(serving.wait().unwrap().success());
}

/// The options that the library reads are known; one whose value it would log is refused before, by its name.
#[test]
fn a_password_under_a_wrong_name_is_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let address = format!("postgres://vigie@127.0.0.1:1/metrics?passwd={PASSWORD}");
    for command in [&["init"][..], &["config", "check"]] {
        let arguments = [command, &["--data", data, "--database", &address]].concat();
        let text = error_text(&mut vigied(&arguments));
        assert!(text.contains("`passwd`"), "{text}");
    }
}
