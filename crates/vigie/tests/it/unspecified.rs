//! The address that stands for all of a machine's (`0.0.0.0`, `[::]`) is nobody's: a server that calls itself so is reached as
//! it was, and nothing is ever sent there.

use crate::fixture::Fixture;
use crate::terminal::Terminal;

const DISCOVERY: &str = "/identity/.well-known/openid-configuration";

#[test]
fn regression_7_a_server_that_calls_itself_by_no_address_is_reached_where_it_was() {
    let other = Fixture::start();
    for host in [
        "0.0.0.0",
        "[::]",
        "[::ffff:0.0.0.0]",
        "0",
        "0x0.0",
        "00.0.0.0",
    ] {
        let mut terminal = Terminal::new();
        let there = format!("http://{host}:{}", other.address.port());
        for (path, pointer, suffix) in [
            (DISCOVERY, "/issuer", "/identity"),
            (DISCOVERY, "/token_endpoint", "/identity/token"),
            ("/v2/regions", "/resources/1/cf_api", ""),
            ("/v2/regions", "/resources/1/metrics_api", ""),
            ("/v2/info", "/token_endpoint", ""),
            ("/v2/info", "/authorization_endpoint", ""),
        ] {
            let value = format!("{there}{suffix}").into();
            terminal
                .server
                .configure(|behavior| behavior.patches.push((path, pointer, value)));
        }
        let address = terminal.server.address;
        let login =
            format!("vigie login -a {address} --apikey vgk_good -r us-south -o field-org -s dev");
        for line in [
            login.as_str(),
            "vigie metrics send a.b=1",
            "vigie account orgs",
            "vigie iam oauth-tokens",
        ] {
            let ran = terminal.run(line);
            assert_eq!(ran.code, 0, "{host}: {line}: {ran:?}");
        }
        assert!(other.all_requests().is_empty(), "{host}");
        assert!(terminal.file("config.json")["MetricsEndpoint"] == format!("http://{address}"));
    }
}

#[test]
fn regression_7_nothing_is_sent_to_no_address_whoever_names_it() {
    let other = Fixture::start();
    let port = other.address.port();
    for host in ["0.0.0.0", "[::]", "[::ffff:0:0]", "0"] {
        let mut terminal = Terminal::logged_in();
        let there = format!("http://{host}:{port}");
        let ran = terminal.run(&format!("vigie login -a {there} --apikey vgk_good"));
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains("127.0.0.1"), "{ran:?}");
        let ran = terminal.run(&format!("vigie api {there}"));
        assert_eq!(ran.code, 2, "{ran:?}");
        // What an earlier version has written down.
        for (file, key, line) in [
            ("config.json", "MetricsEndpoint", "vigie metrics send a.b=1"),
            ("config.json", "IAMEndpoint", "vigie iam api-keys"),
            (".cf/config.json", "Target", "vigie account orgs"),
        ] {
            let mut terminal = Terminal::logged_in();
            let there = there.clone();
            terminal.edit(file, |config| config[key] = there.into());
            let ran = terminal.run(line);
            assert_ne!(ran.code, 0, "{line}: {ran:?}");
            assert!(ran.stderr.contains("vigie login"), "{ran:?}");
        }
        assert!(other.all_requests().is_empty(), "{host}");
    }
}
