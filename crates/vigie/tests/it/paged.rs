//! Lists that a server sends page by page.

use crate::terminal::Terminal;

/// Half a list would be taken for the whole one.
#[test]
fn a_list_that_goes_in_circles_is_a_failure() {
    let mut terminal = Terminal::logged_in();
    let next = "/v2/organizations?page=2";
    terminal.server.configure(|behavior| {
        behavior.patches = vec![("/v2/organizations", "/next_url", next.into())];
    });
    let ran = terminal.run("vigie account orgs");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("has more than 1000 pages"), "{ran:?}");
}
