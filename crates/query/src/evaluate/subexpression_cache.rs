//! Parts of targets that stand in more than one place of a request: they are evaluated once.
//!
//! A part is known again by its text, the time it is about and the share of values that must be there. What it gives must follow
//! from these alone, so that nothing is kept of what adds to a stack, sets the share for what stands around it, or is random.

use crate::series::Series;
use crate::source::Range;
use crate::target::{Expression, Kind};
use crate::window::Window;
use std::collections::{HashMap, HashSet};

/// Part of the name of every function whose result differs each time.
const RANDOM: &str = "randomWalk";

/// Results of the subexpressions that occur more than once.
#[derive(Debug, Default)]
pub(super) struct SubexpressionCache {
    /// The texts that stand in more than one place.
    repeated: HashSet<String>,
    known: HashMap<Key, Vec<Series>>,
}

/// A part, and all that its series depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    text: String,
    range: Range,
    is_requested: bool,
    share: u64,
}

impl SubexpressionCache {
    /// Nothing yet, of these targets.
    pub(super) fn of<'t>(targets: impl IntoIterator<Item = (&'t str, &'t Expression)>) -> Self {
        let mut seen = HashSet::new();
        let mut repeated = HashSet::new();
        for (text, expression) in targets {
            collect(text, expression, &mut seen, &mut repeated);
        }
        Self {
            repeated,
            known: HashMap::new(),
        }
    }

    /// The cache key of a part; `None` where it occurs only once.
    pub(super) fn key(&self, text: &str, window: &Window, share: f64) -> Option<Key> {
        self.repeated.contains(text).then(|| Key {
            text: text.to_owned(),
            range: window.range(),
            is_requested: window.is_requested,
            share: share.to_bits(),
        })
    }

    /// The cached result. The values are shared until somebody changes them.
    pub(super) fn get(&self, key: &Key) -> Option<&[Series]> {
        self.known.get(key).map(Vec::as_slice)
    }

    /// Keeps what it gives.
    pub(super) fn keep(&mut self, key: Key, series: &[Series]) {
        self.known.insert(key, series.to_vec());
    }
}

/// Finds the texts that stand in more than one place. What stands inside the second of two equal parts is never evaluated.
fn collect<'t>(
    text: &'t str,
    expression: &Expression,
    seen: &mut HashSet<&'t str>,
    repeated: &mut HashSet<String>,
) {
    let (arguments, keywords) = match &expression.kind {
        Kind::Call(call) => (call.arguments.as_slice(), call.keywords.as_slice()),
        Kind::Template(template) => (std::slice::from_ref(&template.body), &[][..]),
        _ => return,
    };
    let part = text.get(expression.span.clone()).unwrap_or_default();
    if !seen.insert(part) {
        if !part.contains(RANDOM) {
            repeated.insert(part.to_owned());
        }
        return;
    }
    for argument in arguments {
        collect(text, argument, seen, repeated);
    }
    for keyword in keywords {
        collect(text, &keyword.value, seen, repeated);
    }
}
