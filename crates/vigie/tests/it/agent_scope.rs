//! Where an agent with an API key sends that was made for no space.

use crate::agent::host;
use crate::fixture::SPACE;
use crate::terminal::Terminal;

const OTHER: &str = "77777777-0000-4000-8000-000000000007";

#[test]
fn a_default_scope_follows_no_target() {
    let mut terminal = Terminal::logged_in();
    host(&terminal);
    let once = "vigie agent --once --proc proc --host h";
    let refused = terminal.run(&format!("{once} --default-scope s-{OTHER}"));
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("`VIGIE_API_KEY` has none"));
    terminal.set("VIGIE_API_KEY", "vgk_good");
    for (flags, space, lists) in [
        (String::new(), SPACE, 0),
        (format!("--default-scope s-{OTHER}"), OTHER, 0),
        // The only one that the key sees.
        ("--default-scope none".to_owned(), SPACE, 1),
    ] {
        let before = terminal.server.requests("GET", "/v2/spaces").len();
        let ran = terminal.run(&format!("{once} {flags}"));
        assert_eq!(ran.code, 0, "{flags}: {ran:?}");
        let sent = terminal.server.requests("POST", "/v1/metrics");
        let scope = sent.last().unwrap().header("x-auth-scope-id");
        assert_eq!(scope, format!("s-{space}"), "{flags}");
        let after = terminal.server.requests("GET", "/v2/spaces").len();
        assert_eq!(after - before, lists, "{flags}");
    }
    let refused = terminal.run(&format!("{once} --default-scope space"));
    assert_eq!(refused.code, 2, "{refused:?}");
    let expected = "`--default-scope space` would follow the target";
    assert!(refused.stderr.contains(expected), "{refused:?}");
}
