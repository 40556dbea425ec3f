//! Folders of a crate that lie one above the other: each uses those below it alone. Every folder and file of the crate's root
//! has its place in the order, but the root itself.

use super::circle::folders;
use super::source::Source;

/// A crate, and its layers from the bottom up.
pub(crate) struct Layers {
    pub(crate) package: &'static str,
    pub(crate) order: &'static [&'static str],
}

/// The same order as in `ARCHITECTURE.md`.
pub(crate) const LAYERS: [Layers; 1] = [Layers {
    package: "vigied",
    order: &[
        "text",
        "data_dir",
        "failure",
        "store",
        "config",
        "self_metrics",
        "http",
        "net",
        "query",
        "backup",
        "app",
        "request",
        "route",
        "senders",
        "mail",
        "boot",
        "cli",
        "control",
        "operator",
        "operations",
        "lifecycle",
        "quickstart",
    ],
}];

/// The uses of a layer above its own in a crate.
pub(crate) fn upwards(package: &str, source: &Source, all: &[Layers]) -> Vec<String> {
    let mut violations = Vec::new();
    for layers in all.iter().filter(|layers| layers.package == package) {
        let is_there = |name: &str| source.modules.iter().any(|module| module.path == [name]);
        for name in layers.order.iter().filter(|name| !is_there(name)) {
            violations.push(format!(
                "`{package}` has no `{name}`, which is a layer in `xtask/src/modules/layers.rs`"
            ));
        }
        let roots = source
            .modules
            .iter()
            .filter_map(|module| match &*module.path {
                [name] => Some(name),
                _ => None,
            });
        for name in roots.filter(|name| !layers.order.contains(&name.as_str())) {
            violations.push(format!(
                "{package}: `{name}` has no layer: put it into the order in `xtask/src/modules/layers.rs` and `ARCHITECTURE.md`"
            ));
        }
        let level = |name: &str| layers.order.iter().position(|layer| *layer == name);
        // At the crate's root.
        let edges = folders(source).remove(&Vec::new()).unwrap_or_default();
        for ((from, to), place) in edges {
            if let (Some(importer), Some(used)) = (level(&from), level(&to))
                && importer < used
            {
                violations.push(format!(
                    "{package}: `{from}` lies below `{to}` and must not use it: {place}"
                ));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::super::tests::krate;
    use super::*;

    const OWN: [Layers; 1] = [Layers {
        package: "k",
        order: &["low", "high"],
    }];

    fn found(low: &str, high: &str) -> Vec<String> {
        let files = [
            ("src/main.rs", "mod low; mod high; fn f(_: high::H) {}"),
            ("src/low.rs", low),
            ("src/high.rs", high),
        ];
        upwards("k", &krate(&files), &OWN)
    }

    #[test]
    fn a_layer_uses_those_below_it_alone() {
        let high = "use crate::low::L; pub struct H(L);";
        assert_eq!(found("pub struct L;", high), Vec::<String>::new());
        let up = found("use crate::high::H; pub struct L(H);", "pub struct H;");
        assert_eq!(up.len(), 1);
        assert!(up[0].starts_with("k: `low` lies below `high` and must not use it: line 1 of"));
        let in_tests = "pub struct L; #[cfg(test)] mod tests { use crate::high::H; fn f(_: H) {} }";
        assert_eq!(found(in_tests, "pub struct H;"), Vec::<String>::new());
    }

    /// Through it, a layer could use any other.
    #[test]
    fn what_has_no_layer_is_named() {
        let files = [
            (
                "src/main.rs",
                "mod low; mod high; mod free; #[cfg(test)] mod tests;",
            ),
            ("src/low.rs", "fn f() { crate::free::f() }"),
            ("src/high.rs", "pub struct H; mod below {}"),
            ("src/free.rs", "pub fn f() { let _ = crate::high::H; }"),
        ];
        let found = upwards("k", &krate(&files), &OWN);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("k: `free` has no layer"), "{found:?}");
    }

    #[test]
    fn the_map_lists_the_layers_in_this_order() {
        let map = include_str!("../../../ARCHITECTURE.md");
        let (_, table) = map
            .split_once("| folder | what is in it |\n|---|---|\n")
            .unwrap();
        let rows = table.lines().map_while(|line| line.strip_prefix("| `"));
        let names = rows.map(|row| row.split('`').next().unwrap());
        assert_eq!(names.collect::<Vec<_>>(), LAYERS[0].order);
    }

    #[test]
    fn a_layer_that_is_gone_is_named() {
        let files = [("src/main.rs", "mod low;"), ("src/low.rs", "")];
        let found = upwards("k", &krate(&files), &OWN);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("has no `high`"));
        assert!(upwards("other", &krate(&files), &OWN).is_empty());
    }
}
