//! Prints the table as `/functions` shows it: `cargo run -p query --example functions`.

#![expect(clippy::print_stdout, reason = "a developer's tool")]

fn main() {
    let all = query::table::describe::list(None, false);
    println!("{}", query::table::describe::text(&all));
}
