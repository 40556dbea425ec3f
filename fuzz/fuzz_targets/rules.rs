//! Any texts are rules of storage or refused; what the rules say of a name is something that can be stored.

#![no_main]

use libfuzzer_sys::fuzz_target;
use query::schema::Rules;

fuzz_target!(|input: (&str, &str, &str)| {
    let (schemas, aggregations, name) = input;
    let rules = match Rules::parse(schemas, aggregations) {
        Ok(rules) => rules,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let view = rules.view(name, 0);
    assert!(view.step > 0 && (0.0..=1.0).contains(&view.x_files_factor));
    assert!((1..=rules.widest_step()).contains(&rules.finest_step()));
    for pair in rules.retentions(name).windows(2) {
        assert!(pair[0].step < pair[1].step, "finest first");
    }
});
