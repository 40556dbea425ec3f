//! The passcode page, requested by other sites' pages in a victim's browser: the victim would paste the attacker's code, and
//! send their metrics to the attacker.

use crate::harness::{Reply, Request, Server};

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn post(server: &Server) -> Request {
    server.request("POST", "/identity/passcode")
}

fn login(server: &Server) -> [(&'static str, String); 2] {
    [
        ("username", server.owner.user.clone()),
        ("password", server.owner.password.clone()),
    ]
}

fn send(server: &Server, headers: &[(&str, &str)], more: &[(&str, &str)]) -> Reply {
    let login = login(server);
    let mut form: Vec<(&str, &str)> = login.iter().map(|(key, value)| (*key, &**value)).collect();
    form.extend(more);
    let mut request = post(server);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.form(&form).send()
}

fn has_code(reply: &Reply) -> bool {
    reply.text().contains("<code>")
}

#[test]
fn another_sites_page_gets_no_code_shown() {
    let server = Server::start();
    let (origin, other_port) = (server.serving.url(), "http://127.0.0.1:1".to_owned());
    let evil = "https://evil.example";
    for headers in [
        &[("Origin", evil)][..],
        &[("Origin", &other_port)],
        &[("Origin", "null")],
        &[("Origin", "")],
        &[("Origin", &origin), ("Origin", evil)],
        &[("Origin", &origin), ("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", evil)],
        &[("Referer", evil)],
        &[("User-Agent", BROWSER)],
        &[("User-Agent", BROWSER), ("Cookie", "vigie-passcode=x")],
        &[("Cookie", "vigie-passcode=")],
    ] {
        let reply = send(&server, headers, &[]);
        assert_eq!(reply.status, 403, "{headers:?}: {}", reply.text());
        assert!(!has_code(&reply), "{headers:?}");
    }
    // The form of another site can be sent as plain text, and looks like a form then.
    let body = format!(
        "username={}&password={}",
        server.owner.user, server.owner.password
    );
    for kind in ["text/plain", "multipart/form-data; boundary=x"] {
        let reply = post(&server)
            .header("Content-Type", kind)
            .body(body.clone());
        let reply = reply.send();
        assert_eq!(reply.status, 400, "{kind}: {}", reply.text());
        assert!(!has_code(&reply), "{kind}");
    }
}

#[test]
fn the_pages_own_form_and_old_programs_get_their_code() {
    let server = Server::start();
    let origin = server.serving.url();
    for headers in [
        &[][..],
        &[("User-Agent", "curl/8.0")],
        &[("Origin", &*origin)],
        &[
            ("Origin", &origin),
            ("Sec-Fetch-Site", "same-origin"),
            ("User-Agent", BROWSER),
        ],
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", "null")],
    ] {
        let reply = send(&server, headers, &[]);
        assert!(has_code(&reply), "{headers:?}: {}", reply.text());
    }
    // A browser that says nothing of where the form stood shows that it has the page.
    let page = server.request("GET", "/identity/passcode").send();
    let cookie = page.header("Set-Cookie").unwrap().to_owned();
    assert!(
        cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Strict"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    let (_, rest) = page
        .text()
        .split_once("name=\"form_token\" value=\"")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let token = rest.split('"').next().unwrap();
    let headers = [
        ("User-Agent", BROWSER),
        ("Origin", "null"),
        ("Cookie", cookie),
    ];
    let reply = send(&server, &headers, &[("form_token", token)]);
    assert!(has_code(&reply), "{}", reply.text());
    let reply = send(&server, &headers, &[("form_token", "another")]);
    assert_eq!((reply.status, has_code(&reply)), (403, false));
    let again = server.request("GET", "/identity/passcode").send();
    assert_ne!(page.header("Set-Cookie"), again.header("Set-Cookie"));
}
