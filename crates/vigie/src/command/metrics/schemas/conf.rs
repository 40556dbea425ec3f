//! A file of rules as text: sections of keys and values, of which the first that fits counts. It is changed in place, so that
//! comments stay where they are. Whether a rule can be read is the server's to say.

/// A rule: a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) name: String,
    /// Keys in small letters.
    values: Vec<(String, String)>,
}

impl Rule {
    /// The value of a key, which is written in small letters here.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let mut found = self.values.iter().filter(|(known, _)| known == key);
        found.next().map(|(_, value)| value.as_str())
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn fits_all(&self) -> bool {
        self.get("pattern").is_some_and(fits_all)
    }
}

/// Whether a pattern is one of the usual ones for every name.
pub(super) fn fits_all(pattern: &str) -> bool {
    matches!(
        pattern,
        "" | "." | ".*" | ".+" | "^" | "$" | "^." | "^.*" | "^.+" | ".*$" | ".+$" | "^.*$" | "^.+$"
    )
}

/// The lines of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Conf {
    lines: Vec<String>,
}

/// A parsed line.
enum Line<'t> {
    Section(&'t str),
    Setting(String, &'t str),
    Other,
}

fn read(line: &str) -> Line<'_> {
    let text = line.trim();
    if text.starts_with(['#', ';']) {
        return Line::Other;
    }
    let section = text
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'));
    match (section, text.split_once(['=', ':'])) {
        (Some(name), _) => Line::Section(name),
        (None, Some((key, value))) => Line::Setting(key.trim().to_lowercase(), value.trim()),
        (None, None) => Line::Other,
    }
}

impl Conf {
    /// A file of this text.
    pub(super) fn new(text: &str) -> Self {
        Self {
            lines: text.lines().map(str::to_owned).collect(),
        }
    }

    /// The text.
    pub(super) fn text(&self) -> String {
        self.lines.iter().fold(String::new(), |mut text, line| {
            text.push_str(line);
            text.push('\n');
            text
        })
    }

    /// Whether nothing is written in it.
    pub(super) fn is_blank(&self) -> bool {
        self.lines.iter().all(|line| line.trim().is_empty())
    }

    /// A line, counted from 1 on.
    pub(super) fn line(&self, number: usize) -> Option<&str> {
        let line = self.lines.get(number.checked_sub(1)?)?;
        Some(line.trim())
    }

    /// The key that a line sets, as it is written.
    pub(super) fn key(&self, number: usize) -> Option<&str> {
        let line = self.line(number)?;
        matches!(read(line), Line::Setting(..)).then_some(())?;
        line.split_once(['=', ':']).map(|(key, _)| key.trim())
    }

    /// The name of the rule that a line belongs to.
    pub(super) fn rule_at(&self, number: usize) -> Option<&str> {
        let before = self.lines.get(..number)?;
        before.iter().rev().find_map(|line| match read(line) {
            Line::Section(name) => Some(name),
            _ => None,
        })
    }

    /// The rules, in order.
    pub(super) fn rules(&self) -> Vec<Rule> {
        let mut rules: Vec<Rule> = Vec::new();
        for line in &self.lines {
            match (read(line), rules.last_mut()) {
                (Line::Section(name), _) => rules.push(Rule {
                    name: name.to_owned(),
                    values: Vec::new(),
                }),
                (Line::Setting(key, value), Some(rule)) => {
                    rule.values.push((key, value.to_owned()));
                }
                _ => {}
            }
        }
        rules
    }

    /// The first rule that fits every name: those after it never count.
    pub(super) fn catch_all(&self) -> Option<Rule> {
        self.rules().into_iter().find(Rule::fits_all)
    }

    /// A rule that fits every name, and the first of those after it.
    pub(super) fn uncounted(&self) -> Option<(Rule, Rule)> {
        let mut rules = self.rules().into_iter();
        let all = rules.find(Rule::fits_all)?;
        Some((all, rules.next()?))
    }

    /// Where a rule begins, and the line after its last setting.
    fn place(&self, name: &str) -> Option<(usize, usize)> {
        let is_section =
            |line: &String| matches!(read(line), Line::Section(section) if section == name);
        let begin = self.lines.iter().position(is_section)?;
        let mut end = begin + 1;
        for (at, line) in self.lines.iter().enumerate().skip(begin + 1) {
            match read(line) {
                Line::Section(_) => break,
                Line::Setting(..) => end = at + 1,
                Line::Other => {}
            }
        }
        Some((begin, end))
    }

    /// Gives a rule these values; what it has besides stays. A new one comes at the end, or in front of the one that is named.
    pub(super) fn set(&mut self, name: &str, values: &[(&str, String)], before: Option<&str>) {
        if self.place(name).is_none() {
            let section = [String::new(), format!("[{name}]")];
            match before.and_then(|before| self.place(before)) {
                Some((at, _)) => {
                    let [blank, head] = section;
                    self.lines.splice(at..at, [head, blank]);
                }
                None => self.lines.extend(section),
            }
            if self.lines.first().is_some_and(String::is_empty) {
                self.lines.remove(0);
            }
        }
        for (key, value) in values {
            let Some((begin, end)) = self.place(name) else {
                return;
            };
            let written = format!("{key} = {value}");
            let is_key = |line: &String| matches!(read(line), Line::Setting(setting, _) if setting.eq_ignore_ascii_case(key));
            let lines = self.lines.get_mut(begin..end).unwrap_or_default();
            match lines.iter_mut().find(|line| is_key(line)) {
                Some(line) => *line = written,
                None => self.lines.insert(end, written),
            }
        }
    }

    /// Removes a rule; `false` where there is none.
    pub(super) fn unset(&mut self, name: &str) -> bool {
        let Some((begin, mut end)) = self.place(name) else {
            return false;
        };
        while self
            .lines
            .get(end)
            .is_some_and(|line| line.trim().is_empty())
        {
            end += 1;
        }
        self.lines.drain(begin..end);
        true
    }
}

/// The change of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Change {
    Added,
    Changed,
    Moved,
    Removed,
    Same,
}

impl Change {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Moved => "moved",
            Self::Removed => "removed",
            Self::Same => "",
        }
    }
}

/// The rules of a file after a change, with what becomes of each, and after them those that go.
pub(super) fn compared(before: &Conf, after: &Conf) -> Vec<(Rule, Change)> {
    let (before, after) = (before.rules(), after.rules());
    let of = |rules: &[Rule], name: &str| rules.iter().find(|rule| rule.name == name).cloned();
    // A rule has moved where another one of those that stay has its place.
    let staying = |rules: &[Rule], others: &[Rule]| -> Vec<String> {
        let staying = rules.iter().filter(|rule| of(others, &rule.name).is_some());
        staying.map(|rule| rule.name.clone()).collect()
    };
    let (old, new) = (staying(&before, &after), staying(&after, &before));
    let place = |order: &[String], name: &str| order.iter().position(|other| other == name);
    let mut all: Vec<(Rule, Change)> = Vec::with_capacity(after.len());
    for rule in &after {
        let change = match of(&before, &rule.name) {
            None => Change::Added,
            Some(old_rule) if old_rule != *rule => Change::Changed,
            Some(_) if place(&old, &rule.name) != place(&new, &rule.name) => Change::Moved,
            Some(_) => Change::Same,
        };
        all.push((rule.clone(), change));
    }
    let gone = before
        .iter()
        .filter(|rule| of(&after, &rule.name).is_none());
    all.extend(gone.map(|rule| (rule.clone(), Change::Removed)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str = "# ours\n\n[shop]\npattern = ^shop\n# fine\nRetentions: 10s:6h\n\n[rest]\npattern = .*\nretentions = 60:1y\n";

    fn changes(before: &str, after: &Conf) -> Vec<(String, &'static str)> {
        let all = compared(&Conf::new(before), after).into_iter();
        all.map(|(rule, change)| (rule.name, change.word()))
            .collect()
    }

    fn pairs(pairs: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
        pairs
            .iter()
            .map(|(name, word)| ((*name).to_owned(), *word))
            .collect()
    }

    #[test]
    fn a_rule_is_changed_in_place_and_comments_stay() {
        let mut conf = Conf::new(FILE);
        assert_eq!(conf.text(), FILE);
        conf.set("shop", &[("retentions", "5s:1h".to_owned())], None);
        assert_eq!(
            conf.text(),
            FILE.replace("Retentions: 10s:6h", "retentions = 5s:1h")
        );
        assert_eq!(
            changes(FILE, &conf),
            pairs(&[("shop", "changed"), ("rest", "")])
        );
        assert_eq!(conf.rules()[0].get("retentions"), Some("5s:1h"));
        assert_eq!(
            (conf.line(4), conf.rule_at(4)),
            (Some("pattern = ^shop"), Some("shop"))
        );
    }

    #[test]
    fn a_new_rule_comes_last_or_in_front_of_another() {
        let values = [
            ("pattern", "x".to_owned()),
            ("retentions", "1s:1d".to_owned()),
        ];
        let mut last = Conf::new(FILE);
        last.set("new", &values, None);
        assert!(
            last.text()
                .ends_with("60:1y\n\n[new]\npattern = x\nretentions = 1s:1d\n")
        );
        let mut first = Conf::new(FILE);
        first.set("new", &values, Some("rest"));
        assert_eq!(
            changes(FILE, &first),
            pairs(&[("shop", ""), ("new", "added"), ("rest", "")])
        );
        let mut empty = Conf::default();
        empty.set("new", &values, None);
        assert_eq!(empty.text(), "[new]\npattern = x\nretentions = 1s:1d\n");
    }

    #[test]
    fn what_goes_and_what_moves_is_told() {
        let mut conf = Conf::new(FILE);
        assert!(conf.unset("shop") && !conf.unset("shop"));
        assert_eq!(
            conf.text(),
            "# ours\n\n[rest]\npattern = .*\nretentions = 60:1y\n"
        );
        assert_eq!(
            changes(FILE, &conf),
            pairs(&[("rest", ""), ("shop", "removed")])
        );
        let turned = Conf::new("[b]\nx=1\n[a]\nx=1\n");
        assert_eq!(
            changes("[a]\nx=1\n[b]\nx=1\n", &turned),
            pairs(&[("b", "moved"), ("a", "moved")])
        );
        assert!(Conf::new(" \n\n").is_blank() && !Conf::new("# a").is_blank());
    }

    #[test]
    fn rules_behind_one_that_fits_every_name_are_found() {
        let first = |text: &str| {
            let pair = Conf::new(text).uncounted()?;
            Some((pair.0.name, pair.1.name))
        };
        assert_eq!(first(FILE), None);
        for pattern in [".*", ".", "", "^.*$"] {
            let text = format!("[d]\npattern = {pattern}\n[fast]\npattern = ^f\n[e]\n");
            assert_eq!(first(&text), Some(("d".to_owned(), "fast".to_owned())));
        }
        assert_eq!(first("[d]\npattern = ^.\\.\n[fast]\npattern = f\n"), None);
        assert_eq!(Conf::new(FILE).catch_all().unwrap().name, "rest");
    }

    proptest! {
        /// A changed rule is there once, and all others are as they were.
        #[test]
        fn setting_changes_one_rule_alone(text in r"(\[[a-d]\]\n|[x-z] ?[=:] ?[a-z]{0,3}\n|# [a-z]\n|\n){0,12}", value in "[a-z]{1,4}", before in "[a-d]") {
            let old = Conf::new(&text);
            let mut new = old.clone();
            new.set("e", &[("x", value.clone()), ("y", "1".to_owned())], Some(&before));
            let added: Vec<_> = new.rules().into_iter().filter(|rule| rule.name == "e").collect();
            prop_assert_eq!(added.len(), 1);
            prop_assert_eq!(added[0].get("x"), Some(value.as_str()));
            let mut others = new.rules();
            others.retain(|rule| rule.name != "e");
            prop_assert_eq!(others, old.rules());
            prop_assert!(new.unset("e"));
            prop_assert_eq!(new.rules(), old.rules());
        }
    }
}
