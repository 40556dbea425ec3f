//! Proxies of the environment: which requests they get, in which form, and what is said where one cannot be used.

use crate::terminal::Terminal;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A proxy that passes everything on to one server, and remembers the heads of the requests it got.
struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            heads: Arc::default(),
        };
        let heads = Arc::clone(&proxy.heads);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let heads = Arc::clone(&heads);
                std::thread::spawn(move || forward(&stream, server, &heads));
            }
        });
        proxy
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// Head and body of a message.
fn message(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head
        .lines()
        .find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then_some(value)
        })
        .map_or(0, |value| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn forward(mut client: &TcpStream, server: SocketAddr, heads: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    while let Some((head, body)) = message(&mut reader) {
        heads.lock().unwrap().push(head.clone());
        if head.starts_with("CONNECT ") {
            let _ = client.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
            return;
        }
        if head.contains("//refusing.example/") {
            let _ = client.write_all(
                b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
            );
            continue;
        }
        let (method, rest) = head.split_once(' ').unwrap();
        let (target, rest) = rest.split_once(' ').unwrap();
        let path = target.splitn(4, '/').nth(3).unwrap();
        let mut onward = TcpStream::connect(server).unwrap();
        onward
            .write_all(format!("{method} /{path} {rest}").as_bytes())
            .unwrap();
        onward.write_all(&body).unwrap();
        let (head, body) = message(&mut BufReader::new(onward)).unwrap();
        let _ = client.write_all(head.as_bytes());
        let _ = client.write_all(&body);
    }
}

const LOGIN: &str =
    "vigie login -a http://metrics.invalid --iam-endpoint http://metrics.invalid --apikey vgk_good";

#[test]
fn regression_7_plain_http_goes_to_a_proxy_in_its_own_form() {
    let mut terminal = Terminal::new();
    let proxy = Proxy::to(terminal.server.address);
    let address = proxy.address;
    terminal.set("http_proxy", &format!("http://ada:s%2Fcret@{address}"));
    let ran = terminal.run(&format!("{LOGIN} -o field-org -s dev"));
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = terminal.run("vigie metrics send a.b=1");
    assert_eq!(ran.code, 0, "{ran:?}");
    let heads = proxy.heads();
    assert!(heads.len() > 3, "{heads:?}");
    for head in &heads {
        let target = head.split(' ').nth(1).unwrap();
        assert!(target.starts_with("http://metrics.invalid/"), "{head}");
        let lower = head.to_ascii_lowercase();
        assert!(lower.contains("\r\nhost: metrics.invalid\r\n"), "{head}");
        // ada:s/cret
        assert!(
            head.contains("\r\nProxy-Authorization: Basic YWRhOnMvY3JldA==\r\n"),
            "{head}"
        );
    }
    // No server behind the proxy reads what is for the proxy alone, and no word of it is shown.
    assert!(
        heads
            .iter()
            .any(|head| head.starts_with("POST http://metrics.invalid/v1/metrics ")),
        "{heads:?}"
    );
    assert!(!terminal.transcript().contains("s%2Fcret"));
}

#[test]
fn regression_7_a_dead_proxy_is_named_as_such() {
    // Not of 127.0.0.1: there the next test takes the port as soon as it is free.
    let free = TcpListener::bind("127.83.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for (variable, server) in [
        ("http_proxy", "http://metrics.invalid"),
        ("https_proxy", "https://metrics.invalid"),
        ("HTTPS_PROXY", "https://metrics.invalid"),
        ("all_proxy", "http://metrics.invalid"),
        ("ALL_PROXY", "https://metrics.invalid"),
    ] {
        let mut terminal = Terminal::new();
        terminal.set(variable, &format!("http://ada:s3cret@{free}"));
        let ran = terminal.run(&format!("vigie login -a {server} --apikey vgk_good"));
        assert_eq!(ran.code, 6, "{variable}: {ran:?}");
        let named = format!("the proxy `http://{free}` (`{variable}`) takes no connections");
        assert!(ran.stderr.contains(&named), "{ran:?}");
        assert!(!ran.stderr.contains("is the server running"), "{ran:?}");
        assert!(ran.stderr.contains("`no_proxy=metrics.invalid`"), "{ran:?}");
        assert!(!ran.stderr.contains("s3cret"), "{ran:?}");
    }
}

#[test]
fn regression_7_a_proxy_that_cannot_be_used_is_refused_and_not_bypassed() {
    for (variable, value, expected) in [
        ("ALL_PROXY", "socks5://ada:s3cret@127.0.0.1:9", "SOCKS"),
        ("http_proxy", "foo://ada:s3cret@bar", "`foo`"),
        ("http_proxy", "http://ada:s3cret@", "cannot be read"),
        ("all_proxy", "socks5h://127.0.0.1:9", "SOCKS"),
        ("http_proxy", "http://127.0.0.1:s3cret", "cannot be read"),
    ] {
        let mut terminal = Terminal::new();
        terminal.set(variable, value);
        let ran = terminal.run(LOGIN);
        assert_eq!(ran.code, 2, "{value}: {ran:?}");
        assert!(ran.stderr.contains(&format!("`{variable}`")), "{ran:?}");
        assert!(ran.stderr.contains(expected), "{ran:?}");
        assert!(!ran.stderr.contains("s3cret"), "{ran:?}");
        assert!(terminal.server.all_requests().is_empty());
    }
}

#[test]
fn regression_7_a_proxy_gets_what_it_is_for_and_nothing_that_no_proxy_names() {
    let direct = "not known to the name service";
    for (variables, asked) in [
        (&[("https_proxy", "")][..], false),
        (&[("http_proxy", "")], true),
        (
            &[
                ("http_proxy", ""),
                ("no_proxy", "10.0.0.0/8, metrics.invalid"),
            ],
            false,
        ),
        (
            &[("http_proxy", ""), ("NO_PROXY", "a metrics.invalid:80")],
            false,
        ),
        (
            &[("http_proxy", ""), ("no_proxy", "metrics.invalid:8080")],
            true,
        ),
        (&[("http_proxy", ""), ("no_proxy", ".invalid")], false),
        (&[("http_proxy", ""), ("no_proxy", "*")], false),
        (
            &[("all_proxy", ""), ("https_proxy", "http://127.0.0.1:1")],
            true,
        ),
    ] {
        let mut terminal = Terminal::new();
        let proxy = Proxy::to(terminal.server.address);
        for (name, value) in variables {
            let address = format!("http://{}", proxy.address);
            let value = if value.is_empty() { &address } else { *value };
            terminal.set(name, value);
        }
        let ran = terminal.run(LOGIN);
        assert_eq!(!proxy.heads().is_empty(), asked, "{variables:?}: {ran:?}");
        assert_eq!(
            ran.code,
            if asked { 0 } else { 6 },
            "{variables:?}: {ran:?}"
        );
        assert_eq!(
            ran.stderr.contains(direct),
            !asked,
            "{variables:?}: {ran:?}"
        );
    }
    let mut terminal = Terminal::new();
    terminal.set("http_proxy", "http://127.0.0.1:1");
    terminal.set("no_proxy", "10.0.0.0/33");
    let ran = terminal.run(LOGIN);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.stderr.contains("`no_proxy`") && ran.stderr.contains("`10.0.0.0/33`"),
        "{ran:?}"
    );
}

#[test]
fn regression_7_what_a_proxy_refuses_is_told_as_the_proxys_word() {
    let mut terminal = Terminal::new();
    let proxy = Proxy::to(terminal.server.address);
    terminal.set("all_proxy", &format!("http://{}", proxy.address));
    let ran = terminal.run("vigie login -a https://metrics.invalid --apikey vgk_good");
    assert_eq!(ran.code, 6, "{ran:?}");
    let named = format!("the proxy `http://{}` (`all_proxy`)", proxy.address);
    assert!(
        ran.stderr.contains(&named) && ran.stderr.contains("403"),
        "{ran:?}"
    );
    assert!(
        proxy.heads()[0].starts_with("CONNECT metrics.invalid:443 "),
        "{:?}",
        proxy.heads()
    );
    let ran = terminal.run("vigie login -a http://refusing.example --apikey vgk_good");
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(
        ran.stderr.contains(&named) && ran.stderr.contains("password"),
        "{ran:?}"
    );
}
