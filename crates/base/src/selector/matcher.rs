//! Matchers of labels: `=`, `!=`, `=~` and `!~`.
//!
//! A regular expression becomes one automaton over bytes, with a state for everything that may have been read: a value is
//! looked at once, one step for each byte, whatever the expression. One whose table would be too large is refused.

use super::budget::{LEAST_BYTES, MatcherBudget};
use super::error::MatcherError;
use crate::limit;
use crate::regex_memory::tree_bytes;
use regex_automata::dfa::{Automaton as _, dense};
use regex_automata::nfa::thompson::{self, NFA};
use regex_automata::util::start;
use regex_automata::util::syntax;
use regex_automata::{Anchored, MatchKind};
use std::fmt;

/// The operator of a matcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// `=`: it is this text.
    Equal,
    /// `!=`: it is another.
    NotEqual,
    /// `=~`: the whole of it fits a regular expression.
    Regex,
    /// `!~`: it does not.
    NotRegex,
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        })
    }
}

/// A condition on one label.
#[derive(Clone)]
pub struct Matcher {
    name: String,
    op: Op,
    value: String,
    /// Of a regular expression.
    automaton: Option<dense::DFA<Vec<u32>>>,
}

impl Matcher {
    /// The label `name` compared with `value`, for a selector that has no other matcher.
    ///
    /// # Errors
    /// [`MatcherError`] says what is wrong with `value`.
    pub fn new(name: &str, op: Op, value: &str) -> Result<Self, MatcherError> {
        Self::with_budget(&mut MatcherBudget::default(), name, op, value)
    }

    /// As [`Self::new`], beside others of its selector, which have taken their part of `budget`.
    ///
    /// # Errors
    /// As [`Self::new`]; [`MatcherError::TooLarge`] also where those before it have left too little. One that was tried in vain has
    /// taken all that was left.
    pub fn with_budget(
        budget: &mut MatcherBudget,
        name: &str,
        op: Op,
        value: &str,
    ) -> Result<Self, MatcherError> {
        if value.len() as u64 > limit::LABEL_VALUE_BYTES.default {
            return Err(MatcherError::TooLong(value.len()));
        }
        let automaton = match op {
            Op::Equal | Op::NotEqual => None,
            Op::Regex | Op::NotRegex => Some(compiled(value, budget)?),
        };
        Ok(Self {
            name: name.to_owned(),
            op,
            value: value.to_owned(),
            automaton,
        })
    }

    /// The label.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the label may have this value; the empty one where there is no such label.
    #[must_use]
    pub fn fits(&self, value: &str) -> bool {
        let fits = match &self.automaton {
            Some(automaton) => accepts(automaton, value.as_bytes()),
            None => self.value == value,
        };
        fits == matches!(self.op, Op::Equal | Op::Regex)
    }

    /// The bytes of its table.
    #[must_use]
    pub fn table_bytes(&self) -> u64 {
        let tables = self.automaton.as_ref().map(dense::DFA::memory_usage);
        tables.unwrap_or_default() as u64
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{:?}", self.name, self.op, self.value)
    }
}

fn compiled(text: &str, budget: &mut MatcherBudget) -> Result<dense::DFA<Vec<u32>>, MatcherError> {
    // What is read is whole before its tables have a bound.
    budget.read(tree_bytes(text))?;
    // A dot is any character in a label, which may have several lines.
    let config = syntax::Config::new().dot_matches_new_line(true);
    let tree = syntax::parse_with(text, &config)
        .map_err(|error| MatcherError::Syntax(last_line(&error.to_string())))?;
    let states = thompson::Config::new()
        .nfa_size_limit(Some(size(budget.left())))
        .which_captures(thompson::WhichCaptures::None);
    let nfa = thompson::Compiler::new()
        .configure(states)
        .build_from_hir(&tree)
        .map_err(|_| budget.spend_all())?;
    let mut bytes = LEAST_BYTES.max(nfa.memory_usage() as u64);
    loop {
        bytes = bytes.min(budget.left());
        match table(&nfa, size(bytes)) {
            Ok(table) => {
                budget.spend(bytes);
                return Ok(table);
            }
            Err(error) if !error.is_size_limit_exceeded() => {
                return Err(MatcherError::Syntax(last_line(&error.to_string())));
            }
            Err(_) if bytes < budget.left() => bytes = bytes.saturating_mul(2),
            Err(_) => return Err(budget.spend_all()),
        }
    }
}

/// The table, where neither it nor what it is made of takes more than so many bytes.
fn table(nfa: &NFA, most: usize) -> Result<dense::DFA<Vec<u32>>, Box<dense::BuildError>> {
    // All ways through it are followed: the whole value must fit, not the first part of it that does.
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(regex_automata::dfa::StartKind::Anchored)
        .dfa_size_limit(Some(most))
        .determinize_size_limit(Some(most));
    let built = dense::Builder::new().configure(config).build_from_nfa(nfa);
    built.map_err(Box::new)
}

fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// The reason of an error: regular expressions report it in the last of several lines.
fn last_line(text: &str) -> String {
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

fn accepts(automaton: &dense::DFA<Vec<u32>>, bytes: &[u8]) -> bool {
    let config = start::Config::new().anchored(Anchored::Yes);
    let Ok(mut state) = automaton.start_state(&config) else {
        return false;
    };
    for byte in bytes {
        state = automaton.next_state(state, *byte);
        if automaton.is_dead_state(state) || automaton.is_quit_state(state) {
            return false;
        }
    }
    automaton.is_match_state(automaton.next_eoi_state(state))
}
