//! Messages that repeat a part of the command line, of files or of the environment number the characters that would not be seen: a
//! zero-width character, a blank that is none, and one that turns the direction of writing.

use crate::recognised::piped;
use crate::terminal::Terminal;

const UNSEEN: [char; 3] = ['\u{200b}', '\u{a0}', '\u{202e}'];

/// That all of it is seen, and the character among it by its number.
fn check_shown_by_number(what: &str, all: &str, unseen: char) {
    assert!(!all.contains(unseen), "{what}: {all:?}");
    let number = unseen.escape_unicode().to_string();
    assert!(all.contains(&number), "{what}: {all:?}");
}

#[test]
fn names_that_are_rejected_are_repeated_by_numbers() {
    let terminal = Terminal::logged_in();
    for unseen in UNSEEN {
        let lines = format!("a{unseen}b 1 1519862400\n");
        let rows = format!("name,value\na{unseen}b,1\n");
        let items = format!("[{{\"name\": \"a{unseen}b\", \"value\": 1}}]");
        for text in [lines, rows, items] {
            let ran = piped(&terminal, "vigie metrics send -", &[text.as_bytes()]);
            check_shown_by_number(&text, &ran, unseen);
            let named = format!(
                "the name holds U+{:04X} (not seen as itself)",
                u32::from(unseen)
            );
            assert!(ran.contains(&named), "{ran:?}");
        }
    }
}

#[test]
fn headers_values_and_times_are_repeated_by_numbers() {
    let terminal = Terminal::logged_in();
    for unseen in UNSEEN {
        let header = format!("na{unseen}me,val{unseen}ue\na,1\n");
        check_shown_by_number(
            &header,
            &piped(&terminal, "vigie metrics send -", &[header.as_bytes()]),
            unseen,
        );
        let mut rows = vec![format!("a,x{unseen}y,1")];
        // Blanks of every sort are left out of times.
        if !unseen.is_whitespace() {
            rows.push(format!("a,1,yester{unseen}year"));
        }
        for row in rows {
            let rows = format!("name,value,time\n{row}\n");
            check_shown_by_number(
                &rows,
                &piped(&terminal, "vigie metrics send -", &[rows.as_bytes()]),
                unseen,
            );
        }
    }
}

#[test]
fn words_of_the_command_line_are_repeated_by_numbers() {
    let terminal = Terminal::logged_in();
    for unseen in UNSEEN {
        let word = |text: &str| text.replace('~', &unseen.to_string());
        for line in [
            "metrics send a~b=1",
            "metrics send a=1~",
            "metrics get a --tz Mars~Olympus",
            "metrics get a --wi~dth 20",
            "metrics get a --width 2~0",
            "metrics send a=1 --scope s~pace",
            "metrics schemas import fi~le",
            "account space no~where",
            "metr~ics",
            "login -a ht~tp://x",
            "metrics send a=1@yester~year",
            "metrics get a --from yester~year",
        ] {
            // Blanks of every sort are left out of times.
            if line.contains("yester") && unseen.is_whitespace() {
                continue;
            }
            let line = word(line);
            let words: Vec<&str> = line.split(' ').collect();
            let ran = terminal.run_words("vigie", &words, &[]);
            assert_ne!(ran.code, 0, "{line}: {ran:?}");
            check_shown_by_number(&line, &(ran.stdout + &ran.stderr), unseen);
        }
        let api = format!("ht{unseen}tp://x");
        let ran = terminal.run_words("vigie", &["login"], &[("VIGIE_API", &api)]);
        assert_ne!(ran.code, 0, "{ran:?}");
        check_shown_by_number("VIGIE_API", &(ran.stdout + &ran.stderr), unseen);
    }
}

/// A line end in a word begins no line of its own, in a flag or its value.
#[test]
fn a_word_forges_no_line() {
    let terminal = Terminal::logged_in();
    for word in [
        "--no\nhint: such=1",
        "--width=2\nhint: such",
        "--no\nhint: such",
    ] {
        let ran = terminal.run_words("vigie", &["metrics", "get", "a", word], &[]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(!ran.stderr.contains("\nhint: such"), "{ran:?}");
    }
}
