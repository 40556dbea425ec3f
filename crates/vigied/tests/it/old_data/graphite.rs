//! `vigie import graphite`, from Graphite's interface of the server itself.

use super::{Site, output_text};
use crate::command_line::certificate;
use crate::harness::Server;
use serde_json::json;
use std::fs;

#[test]
fn series_are_imported_from_a_render_interface() {
    let site = Site::start();
    let folder = site.server.folder.path();
    let mut lines = String::new();
    for at in 0..600 {
        for host in 0..30 {
            lines += &format!(
                "servers.web{host}.load {} {}\n",
                at + host,
                1_750_000_020 + at * 60
            );
        }
        let time = 1_750_000_020 + at * 60;
        for series in [
            "shop.orders",
            "shop.disk;host=web1.example",
            "servers.disk;host=web1.example",
            "servers.disk;host=web1.example;mount=data",
        ] {
            lines += &format!("{series} {at} {time}\n");
        }
    }
    site.send(&lines);
    site.keep_minutes();
    let url = format!(
        "{}/graphite/s-{}",
        site.server.serving.url(),
        site.server.owner.space
    );
    let refused = site.run(&["import", "graphite", &url], 3);
    assert!(
        output_text(&refused).contains("--credentials FILE"),
        "{}",
        output_text(&refused)
    );
    let secret = url.replace("://", "://ada:secret@");
    let refused = site.run(&["import", "graphite", &secret], 2);
    assert!(
        !output_text(&refused).contains("secret"),
        "{}",
        output_text(&refused)
    );

    fs::write(
        folder.join("key"),
        format!("apikey:{}\n", site.server.owner.api_key),
    )
    .unwrap();
    let arguments = [
        "import",
        "graphite",
        &url,
        "--credentials",
        "key",
        "--match",
        "servers.*",
        "--prefix",
        "copy",
        "--from",
        "1749900000",
        "--until",
        "1750100000",
    ];
    let totals = site.totals(&arguments, 0);
    // Those with tags are in no tree, and are imported all the same.
    assert_eq!(totals["units"]["imported"], 32, "{totals}");
    assert_eq!(totals["samples"]["stored"], 32 * 600, "{totals}");
    for name in [
        "servers.web0.load",
        "servers.web29.load",
        "servers.disk;host=web1.example",
        "servers.disk;host=web1.example;mount=data",
    ] {
        assert_ne!(site.samples(name), json!(null), "{name}");
        assert_eq!(site.samples(&format!("copy.{name}")), site.samples(name));
    }
    for name in ["shop.orders", "shop.disk;host=web1.example"] {
        assert_eq!(site.samples(&format!("copy.{name}")), json!(null), "{name}");
    }
    let again = site.totals(&arguments, 0);
    assert_eq!(again["units"]["imported_before"], 32, "{again}");
    let untagged = site.totals(&[&arguments[..], &["--untagged"]].concat(), 0);
    assert_eq!(untagged["units"]["imported"], 30, "{untagged}");
}

/// That the certificate of the login's server is not checked is no word on that of another one, which gets credentials as well.
#[test]
fn a_certificate_that_the_login_waves_through_is_checked_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, key) = certificate(folder.path());
    let server = Server::with(&["--tls-cert", &pem, "--tls-key", &key]);
    let https = format!("https://{}", server.serving.address);
    let run = |arguments: &[&str]| {
        let mut command = server.vigie();
        let ran = command.args(arguments).output().unwrap();
        (ran.status.code(), output_text(&ran))
    };
    let api_key = &server.owner.api_key;
    let (code, login) = run(&[
        "login",
        "-a",
        &https,
        "--apikey",
        api_key,
        "-o",
        "vigie",
        "-s",
        "dev",
        "--skip-ssl-validation",
    ]);
    assert_eq!(code, Some(0), "{login}");
    let (code, sent) = run(&["metrics", "send", "shop.orders=17"]);
    assert_eq!(code, Some(0), "{sent}");
    let file = folder.path().join("key");
    fs::write(&file, format!("apikey:{api_key}\n")).unwrap();
    let url = format!("{https}/graphite/s-{}", server.owner.space);
    let import = [
        "import",
        "graphite",
        &url,
        "--credentials",
        file.to_str().unwrap(),
        "--from",
        "-1h",
        "--dry-run",
    ];
    let (code, refused) = run(&import);
    assert_eq!(code, Some(6), "{refused}");
    assert!(refused.contains("was not trusted"), "{refused}");
    let hint = "add `--skip-ssl-validation` where that is safe";
    assert!(refused.contains(hint), "{refused}");
    let (code, read) = run(&[&import[..], &["--skip-ssl-validation"]].concat());
    assert_eq!(code, Some(0), "{read}");
    assert!(read.contains("is not checked"), "{read}");
}
