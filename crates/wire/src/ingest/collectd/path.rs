//! The name of a value of collectd: the one that its plugin `write_graphite` makes with its defaults,
//! `host.plugin[-instance].type[-instance][.source]`. What parts names (dots, blanks, control characters) is `_` in a part.

/// The identity of a list of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Identity<'a> {
    /// Where it was measured.
    pub host: &'a str,
    /// By what.
    pub plugin: &'a str,
    /// Of which of several; may be empty.
    pub plugin_instance: &'a str,
    /// Which kind of value it is, by `types.db`.
    pub kind: &'a str,
    /// Which of several; may be empty.
    pub type_instance: &'a str,
}

impl Identity<'_> {
    /// Writes the path of all values of the list into `out`.
    pub fn write(&self, out: &mut String) {
        out.clear();
        push(out, self.host);
        out.push('.');
        push(out, self.plugin);
        push_instance(out, self.plugin_instance);
        out.push('.');
        push(out, self.kind);
        push_instance(out, self.type_instance);
    }
}

/// Adds the name of one of several values.
pub fn push_source(out: &mut String, source: &str) {
    out.push('.');
    push(out, source);
}

fn push_instance(out: &mut String, instance: &str) {
    if !instance.is_empty() {
        out.push('-');
        push(out, instance);
    }
}

fn push(out: &mut String, part: &str) {
    let is_parting = |c: char| c == '.' || c.is_whitespace() || c.is_control();
    if part.contains(is_parting) {
        out.extend(part.chars().map(|c| if is_parting(c) { '_' } else { c }));
    } else {
        out.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_write_graphite() {
        let identity = Identity {
            host: "web1.example.com",
            plugin: "cpu",
            plugin_instance: "0",
            kind: "cpu",
            type_instance: "user nice",
        };
        let mut out = "before".to_owned();
        identity.write(&mut out);
        assert_eq!(out, "web1_example_com.cpu-0.cpu-user_nice");
        let bare = Identity {
            plugin_instance: "",
            type_instance: "",
            plugin: "load",
            kind: "load",
            ..identity
        };
        bare.write(&mut out);
        push_source(&mut out, "short.term");
        assert_eq!(out, "web1_example_com.load.load.short_term");
    }
}
