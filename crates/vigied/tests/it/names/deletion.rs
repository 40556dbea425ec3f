//! The output of a deletion before it deletes.

use super::Fixture;
use base::limit;
use serde_json::json;

#[test]
fn regression_7_a_dry_run_says_which_and_what_lies_below() {
    let names: Vec<String> = (0..50)
        .flat_map(|host| {
            [
                format!("load.h{host:02}.cpu"),
                format!("load.h{host:02}.mem"),
            ]
        })
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let kept = Fixture::of(&names);
    let gone = kept.would_delete("load.*");
    let first = limit::NAMES_PER_DRY_RUN.default as usize;
    assert_eq!(gone["deleted"], json!(100));
    assert_eq!(gone["below"], json!(100), "none has a name that fits");
    assert_eq!(gone["names"], json!(names[..first]));
    assert_eq!(gone["dry_run"], json!(true));

    let exact = kept.would_delete("load.*.cpu");
    assert_eq!(
        (&exact["deleted"], &exact["below"]),
        (&json!(50), &json!(0))
    );
    assert_eq!(exact["names"][1], json!("load.h01.cpu"));
    // Both fit, and count once.
    let both = kept.would_delete("load.**");
    assert_eq!((&both["deleted"], &both["below"]), (&json!(100), &json!(0)));
    let none = kept.would_delete("x");
    assert_eq!((&none["deleted"], &none["names"]), (&json!(0), &json!([])));

    let done = kept.ask("DELETE", "/v1/metrics/list", &[("query", "load.h0*")]);
    let done = done.json();
    assert_eq!((&done["deleted"], &done["below"]), (&json!(20), &json!(20)));
    assert_eq!(done["names"], json!([]), "they are gone");
}
