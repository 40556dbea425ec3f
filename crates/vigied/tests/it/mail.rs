//! Mails with invitations, against a small SMTP server of our own.

use crate::harness::{Server, VIGIED};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Speaks enough SMTP to take mails. The first `failures` are refused for now.
fn post_office(failures: usize) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, mails) = channel();
    std::thread::spawn(move || {
        let mut left = failures;
        for stream in listener.incoming() {
            let _ = serve(stream.unwrap(), &mut left, &sender);
        }
    });
    (address, mails)
}

fn serve(
    mut stream: TcpStream,
    failures: &mut usize,
    sender: &Sender<String>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut send = |text: &str| write!(stream, "{text}\r\n");
    send("220 post office")?;
    while let Some(line) = lines.next() {
        let line = line?;
        let word = line
            .split([' ', ':'])
            .next()
            .unwrap_or_default()
            .to_uppercase();
        match &*word {
            "RCPT" if *failures > 0 => {
                *failures -= 1;
                send("451 not now")?;
            }
            "DATA" => {
                send("354 go on")?;
                let mut mail = String::new();
                for line in lines.by_ref() {
                    let line = line?;
                    if line == "." {
                        break;
                    }
                    mail.push_str(&line);
                    mail.push('\n');
                }
                send("250 taken")?;
                sender.send(mail).unwrap();
            }
            "QUIT" => return send("221 bye"),
            _ => send("250 yes")?,
        }
    }
    Ok(())
}

fn with_mail(address: &str, more: &[&str]) -> Server {
    let server = format!("mail.server={address}");
    let mut flags = vec![
        "--set",
        &server,
        "--set",
        "mail.from=Vigie <vigie@example.org>",
        "--set",
        "mail.tls=none",
    ];
    flags.extend(more);
    Server::with(&flags)
}

pub(crate) fn invite(server: &Server, email: &str) -> serde_json::Value {
    let path = format!("/v2/accounts/{}/users", server.owner.account);
    let request = server.request("POST", &path).bearer(&server.token());
    let reply = request.json(&json!({"users": [{"email": email}]})).send();
    assert_eq!(reply.status, 202, "{}", reply.text());
    reply.json()["resources"][0].clone()
}

pub(crate) fn next(mails: &Receiver<String>) -> String {
    mails
        .recv_timeout(Duration::from_secs(300))
        .expect("no mail came")
}

/// The body without the line breaks of its encoding.
fn code(mail: &str) -> String {
    let plain = mail.replace("=\n", "");
    let at = plain
        .find("vgc-")
        .unwrap_or_else(|| panic!("no code in {mail}"));
    plain[at..at + 28].to_owned()
}

#[test]
fn an_invited_person_gets_the_code_by_mail_and_nobody_else_sees_it() {
    let (address, mails) = post_office(0);
    let server = with_mail(&address, &[]);
    let invited = invite(&server, "ada@example.org");
    assert!(invited.get("one_time_code").is_none(), "{invited}");
    let mail = next(&mails);
    assert!(mail.contains("To: ada@example.org"), "{mail}");
    let code = code(&mail);
    assert!(
        !server.serving.log().contains(&code[4..]),
        "a code is in the log"
    );
    let body =
        json!({"email": "ADA@example.org", "one_time_code": code, "new_password": "chosen by ada"});
    let redeemed = server
        .request("POST", "/v2/users/redeem")
        .json(&body)
        .send();
    assert_eq!(redeemed.status, 204, "{}", redeemed.text());
    let form = [
        ("grant_type", "password"),
        ("username", "ada@example.org"),
        ("password", "chosen by ada"),
    ];
    let login = server
        .request("POST", "/identity/token")
        .basic("bx", "bx")
        .form(&form)
        .send();
    assert_eq!(login.status, 200, "{}", login.text());
    // The address is proven: its user may own a second account at once.
    let made = Command::new(VIGIED)
        .args([
            "account",
            "create",
            "Hers",
            "--owner",
            "ada@example.org",
            "--output",
            "json",
            "--data",
        ])
        .arg(server.data())
        .output()
        .unwrap();
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    assert!(made.get("one_time_code").is_none(), "{made}");
}

#[test]
fn one_address_gets_no_flood() {
    let (address, mails) = post_office(0);
    let server = with_mail(&address, &["--set", "limits.mails_per_address=2"]);
    for _ in 0..2 {
        invite(&server, "ada@example.org");
        next(&mails);
    }
    invite(&server, "ada@example.org");
    server.serving.wait_for_log("mails_per_address");
    invite(&server, "bea@example.org");
    assert!(
        next(&mails).contains("To: bea@example.org"),
        "a third mail came"
    );
}

#[test]
fn what_the_mail_server_does_not_take_waits_and_holds_nobody_up() {
    let (address, mails) = post_office(1);
    let server = with_mail(&address, &[]);
    invite(&server, "first@example.org");
    server.serving.wait_for_log("is not sent yet");
    invite(&server, "second@example.org");
    assert!(next(&mails).contains("To: second@example.org"));
}

#[test]
fn settings_of_mail_that_do_not_go_together_are_refused() {
    for (set, code, expected) in [
        (
            &["mail.server=mail.example.org:25"][..],
            1,
            "`mail.server` and `mail.from`",
        ),
        (&["mail.server=nowhere", "mail.from=a@b"], 2, "HOST:PORT"),
        (
            &[
                "mail.server=mail.example.org:25",
                "mail.from=a@b",
                "mail.tls=none",
            ],
            1,
            "readable",
        ),
        (&["mail.user=a"], 1, "`mail.password_file`"),
    ] {
        let mut command = Command::new(VIGIED);
        command.args(["config", "check"]);
        for one in set {
            command.args(["--set", one]);
        }
        let refused = command.output().unwrap();
        let errors = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(code), "{errors}");
        assert!(errors.contains(expected), "{errors}");
    }
}
