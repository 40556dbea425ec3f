//! Where the command line's samples land at the real server, when nobody has said it.

use crate::harness::Server;
use std::process::Output;

/// The command line with the owner's key in the environment.
fn run(server: &Server, line: &str) -> Output {
    server
        .vigie()
        .args(line.split(' '))
        .env("VIGIE_API_KEY", &server.owner.api_key)
        .env("VIGIE_API", server.serving.url())
        .output()
        .unwrap()
}

fn error_text(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The names that a domain holds, as the command line lists them.
fn metric_names(server: &Server, scope: &str) -> String {
    let output = run(server, &format!("metrics list --scope {scope}"));
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn of_two_spaces_none_is_guessed() {
    let server = Server::start();
    let (space, org) = (
        format!("s-{}", server.owner.space),
        format!("o-{}", server.owner.org),
    );
    // While there is one, it is the one.
    let agent = "agent --once --host h";
    let one = run(&server, agent);
    assert!(one.status.success(), "{one:?}");
    assert!(error_text(&one).contains("space `dev`"), "{one:?}");
    assert!(run(&server, "login").status.success());
    assert!(run(&server, "metrics send one.space=1").status.success());
    assert!(metric_names(&server, &space).contains("one"));

    let made = run(&server, "account space-create prod");
    assert!(made.status.success(), "{made:?}");
    let login = run(&server, "login");
    assert!(login.status.success(), "{login:?}");
    assert!(
        error_text(&login).contains("no space is targeted"),
        "{login:?}"
    );
    for line in [
        "metrics send two.spaces=1",
        "metrics delete one --yes",
        agent,
    ] {
        let refused = run(&server, line);
        assert_eq!(refused.status.code(), Some(2), "{line}: {refused:?}");
        assert!(
            error_text(&refused).contains("no space is targeted"),
            "{line}"
        );
        assert!(error_text(&refused).contains("`--scope account`"), "{line}");
    }
    assert!(!metric_names(&server, "account").contains("two"));
    assert!(!metric_names(&server, &org).contains("two"));
    assert!(metric_names(&server, &space).contains("one"));

    let sent = run(&server, "metrics send two.spaces=1 --scope org");
    assert!(sent.status.success(), "{sent:?}");
    assert!(metric_names(&server, &org).contains("two"));
    assert!(run(&server, "target -s prod").status.success());
    assert!(run(&server, "metrics send two.spaces=1").status.success());
    assert!(!metric_names(&server, &space).contains("two"));
}
