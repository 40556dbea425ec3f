//! A server that sends the client elsewhere; what concerns the login itself is in `origins`.

use crate::fixture::Fixture;
use crate::terminal::Terminal;

#[test]
fn regression_7_no_command_follows_a_redirect() {
    for (path, line) in [
        ("/v1/metrics", "vigie metrics send a.b=1"),
        ("/v1/metrics", "vigie metrics get a.b"),
        ("/v1/metrics/list", "vigie metrics list"),
        ("/v1/metrics", "vigie agent --once --interval 1s --host h"),
        ("/v2/organizations", "vigie account orgs"),
        ("/v1/apikeys", "vigie iam api-keys"),
        ("/v2/regions", "vigie regions"),
    ] {
        let mut terminal = Terminal::logged_in();
        let other = Fixture::start();
        let to = format!("http://{}{path}", other.address);
        terminal
            .server
            .configure(|behavior| behavior.moved = Some((path, to.clone())));
        let ran = terminal.run(line);
        assert_ne!(ran.code, 0, "{line}: {ran:?}");
        assert!(other.all_requests().is_empty(), "{line}");
    }
}
