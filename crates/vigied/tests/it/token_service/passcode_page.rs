//! The page that shows a one-time code.

use super::{ask, by_password, decoded, refusal};
use crate::harness::Server;

#[test]
fn the_passcode_page_shows_what_was_typed_to_nobody() {
    let server = Server::start();
    let page = server.request("GET", "/identity/passcode").send();
    let hostile = "<script>alert(1)</script>";
    let refused = server.request("POST", "/identity/passcode");
    let refused = refused
        .form(&[("username", hostile), ("password", hostile)])
        .send();
    let good = server.request("POST", "/identity/passcode");
    let good = good.form(&by_password(&server)[1..]).send();
    for (status, page) in [(200, &page), (400, &refused), (200, &good)] {
        assert_eq!(page.status, status, "{}", page.text());
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(page.header(name), Some(value), "{name}");
        }
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!page.text().contains("<script"), "{}", page.text());
    }
    assert!(refused.text().contains("role=\"alert\""));
    let (_, rest) = good
        .text()
        .split_once("<code>")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let code = rest.split_once("</code>").unwrap().0.to_owned();
    assert!(
        code.len() == 10 && code.chars().all(|c| c.is_ascii_alphanumeric()),
        "{code}"
    );
    let passcode = "urn:ibm:params:oauth:grant-type:passcode";
    let redeem = || {
        let form = [("grant_type", passcode), ("passcode", code.as_str())];
        ask(&server).basic("bx", "bx").form(&form).send()
    };
    let login = redeem();
    assert_eq!(
        decoded(&login.json()["access_token"]).1["grant_type"],
        passcode
    );
    assert_eq!(refusal(&redeem()), (400, "BXNIM0602E".to_owned()));
}
