//! Completion by zsh and fish.

use super::{command, is_installed, rename_space, script, shell, store};
use crate::person::Person;
use crate::terminal::Terminal;

#[test]
fn zsh_completes_what_the_server_knows() {
    if !is_installed("zsh", "zsh_completes_what_the_server_knows") {
        return;
    }
    let mut terminal = Terminal::logged_in();
    script(&mut terminal, "vigie", "zsh");
    shell(&terminal, "zsh", "zsh -n ./vigie.zsh");
    rename_space(&terminal, "my $(touch owned) space");
    store(&terminal, &["shop.eu.latency"]);
    let mut zsh = command(&terminal, "zsh");
    zsh.args(["-f", "-i"]).env("PS1", "> ");
    let mut person = Person::with(zsh, 200);
    // Read when the shell has begun, whatever its first prompt looks like.
    person.press("unset zle_bracketed_paste; unsetopt prompt_cr prompt_sp; autoload -Uz compinit && compinit -u -D; source ./vigie.zsh; PS1='rea''dy> '\n");
    person.wait_for("ready> ");
    person.press("vigie target -s \t");
    person.wait_for(r"my\ \$\(touch\ owned\)\ space ");
    person.press("\u{15}vigie metrics get sh\t");
    person.wait_for("shop.");
    person.press("e\t");
    person.wait_for("eu.");
    person.press("\u{15}vigie iam oauth\t");
    person.wait_for("oauth-tokens ");
    person.press("\u{15}exit\n");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert!(!terminal.path("owned").exists());
}

/// The same in zsh, which says itself what the completed line means: `print` stands before it.
#[test]
fn a_hostile_name_is_one_word_in_zsh() {
    if !is_installed("zsh", "a_hostile_name_is_one_word_in_zsh") {
        return;
    }
    let mut terminal = Terminal::logged_in();
    script(&mut terminal, "vigie", "zsh");
    let mut zsh = command(&terminal, "zsh");
    zsh.args(["-f", "-i"]).env("PS1", "> ");
    let mut person = Person::with(zsh, 200);
    person.press("unset zle_bracketed_paste; unsetopt prompt_cr prompt_sp; autoload -Uz compinit && compinit -u -D; source ./vigie.zsh; PS1='rea''dy> '\n");
    person.wait_for("ready> ");
    let names = [
        "$(touch owned)",
        "`touch owned`",
        "a;touch owned",
        "=ls",
        "~root",
        "*",
        "it's",
        "!!",
        "{a,b}",
        "#x",
        "back\\slash",
        "a|b&c>d<e",
    ];
    for name in names {
        rename_space(&terminal, name);
        // Completed, then put after a command that shows its words.
        person.press("vigie target -s \t\u{1}print -rl -- \u{5} end\n");
        person.wait_for("end\nready> ");
    }
    person.press("exit\n");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    for name in names {
        let words = format!("\nvigie\ntarget\n-s\n{name}\nend\n");
        assert!(screen.contains(&words), "{name}: {screen}");
    }
    assert!(!terminal.path("owned").exists());
}

#[test]
fn fish_completes_what_the_server_knows() {
    if !is_installed("fish", "fish_completes_what_the_server_knows") {
        return;
    }
    let mut terminal = Terminal::logged_in();
    script(&mut terminal, "vigie", "fish");
    store(&terminal, &["shop.eu.latency"]);
    let offered = |terminal: &Terminal, line: &str| {
        let line = line.replace('\'', r"\'");
        shell(
            terminal,
            "fish",
            &format!("source ./vigie.fish; complete -C '{line}'"),
        )
    };
    assert!(offered(&terminal, "vigie iam oauth").starts_with("oauth-tokens"));
    assert!(offered(&terminal, "vigie target -s d").starts_with("dev\t"));
    assert!(offered(&terminal, "vigie metrics get sh").starts_with("shop.\t"));
    assert!(offered(&terminal, "vigie target --space=d").starts_with("--space=dev\t"));
    // A function alone would be followed by a blank.
    assert!(offered(&terminal, "vigie metrics get movingA").starts_with("movingAverage(shop.\t"));
    std::fs::write(terminal.path("a-file"), "").unwrap();
    assert!(offered(&terminal, "vigie metrics send -f a-f").starts_with("a-file"));
    let hostile = "my $(touch owned) space";
    rename_space(&terminal, hostile);
    assert!(offered(&terminal, "vigie target -s ").starts_with(hostile));
    assert!(!terminal.path("owned").exists());
}
