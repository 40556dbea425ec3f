//! Rules of which the first that fits counts: their patterns, compiled in parts.
//!
//! Each pattern is read once, whatever becomes of it. What is read is kept until all are compiled, in as many parts as they need.

use super::conf::{Section, Setting};
use super::error::{ParseError, Problem, SchemaError};
use base::limit;
use base::regex_memory::tree_bytes;
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Input, MatchKind, PatternSet, meta};
use regex_syntax::hir::Hir;

/// Bytes that the patterns of one part may take once they are compiled: the smallest of these in which they fit is what they are
/// counted as. A name is compared with a part at once, so that this is also what it may cost between two checks of the deadline.
const COMPILED_BYTES: [usize; 5] = [1 << 12, 1 << 14, 1 << 16, 3 << 15, 1 << 17];

/// The same for a part of one pattern, which cannot be halved: one that matches several words of any letters takes as much.
const COMPILED_BYTES_ALONE: [usize; 4] = [3 << 16, 1 << 18, 3 << 17, 1 << 19];

/// Memory beside the compiled patterns, as a multiple of them: each thread that matches names has a cache of its own.
const BESIDE: usize = 4;

/// Rules of which the first that fits counts.
#[derive(Debug, Clone)]
pub(super) struct Ordered<T> {
    parts: Vec<Patterns>,
    pub(super) rules: Vec<T>,
    /// Most bytes that the patterns may take.
    pub(super) bytes: usize,
}

/// Patterns of rules that follow each other, which are compared at once.
#[derive(Debug, Clone)]
struct Patterns {
    set: meta::Regex,
    /// The place of the first among the rules.
    first: usize,
    /// Bytes in which they fit.
    bytes: usize,
}

impl Patterns {
    /// The place of the first that fits, among them.
    fn first_in(&self, name: &str) -> Option<usize> {
        let mut fitting = PatternSet::new(self.set.pattern_len());
        self.set
            .which_overlapping_matches(&Input::new(name), &mut fitting);
        let first = fitting.iter().next();
        first.map(|pattern| pattern.as_usize())
    }
}

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self {
            parts: Vec::new(),
            rules: Vec::new(),
            bytes: 0,
        }
    }
}

impl<T> Ordered<T> {
    /// Reads and compiles the patterns of rules. `check` is called before each of them, and before each part.
    pub(super) fn new<E>(
        sections: &[Section<'_>],
        rules: Vec<T>,
        check: &mut impl FnMut() -> Result<(), E>,
    ) -> Result<Self, ParseError<E>> {
        let patterns = read(sections, check)?;
        let mut parts = Vec::new();
        compile(&patterns, 0, &mut parts, check).map_err(|unfit| match unfit {
            CompileError::Stopped(why) => ParseError::Stopped(why),
            CompileError::Beyond(index) => {
                let problem = Problem::CompiledTooLarge;
                let error = match (sections.get(index), patterns.get(index)) {
                    (Some(section), Some(pattern)) => section.error(&pattern.setting, problem),
                    _ => SchemaError::new(1, problem),
                };
                ParseError::Unreadable(error)
            }
        })?;
        let bytes = parts.iter().map(|part| part.bytes).sum::<usize>();
        Ok(Self {
            parts,
            rules,
            bytes: bytes.saturating_mul(1 + BESIDE),
        })
    }

    /// The first that fits. `check` is called before each part is compared.
    pub(super) fn first<E>(
        &self,
        name: &str,
        check: &mut impl FnMut(u64) -> Result<(), E>,
    ) -> Result<Option<&T>, E> {
        for part in &self.parts {
            check((part.bytes as u64).saturating_mul(name.len() as u64))?;
            if let Some(index) = part.first_in(name) {
                return Ok(self.rules.get(part.first + index));
            }
        }
        Ok(None)
    }

    /// The bytes of its lists, what is compiled aside.
    pub(super) fn list_bytes(&self) -> usize {
        self.parts.capacity() * size_of::<Patterns>() + self.rules.capacity() * size_of::<T>()
    }
}

/// A pattern that was read.
struct ParsedPattern<'s> {
    setting: Setting<'s>,
    /// The parsed pattern, which is compiled without its text.
    tree: Hir,
}

/// Reads each pattern once, all of them within a bound.
fn read<'s, E>(
    sections: &[Section<'s>],
    check: &mut impl FnMut() -> Result<(), E>,
) -> Result<Vec<ParsedPattern<'s>>, ParseError<E>> {
    let mut all = Vec::with_capacity(sections.len());
    let mut bytes = 0_usize;
    for section in sections {
        check().map_err(ParseError::Stopped)?;
        let setting = section.required("pattern")?;
        let length = setting.text.len();
        if length as u64 > limit::REGEX_BYTES.default {
            return Err(section
                .error(&setting, Problem::PatternTooLong(length))
                .into());
        }
        bytes = bytes.saturating_add(tree_bytes(setting.text));
        if bytes as u64 > limit::SCHEMA_READING_BYTES.default {
            return Err(section.error(&setting, Problem::ReadTooLarge(bytes)).into());
        }
        let tree = regex_syntax::parse(setting.text).map_err(|error| {
            let problem = Problem::Pattern(crate::tags::last_line(&error.to_string()));
            section.error(&setting, problem)
        })?;
        all.push(ParsedPattern { setting, tree });
    }
    Ok(all)
}

/// Why patterns are not compiled.
enum CompileError<E> {
    /// The place of the first that is too large, alone or with those before it.
    Beyond(usize),
    /// The work was to end.
    Stopped(E),
}

/// Compiles all patterns in as many parts as they need: those that do not fit into one are halved.
fn compile<E>(
    patterns: &[ParsedPattern<'_>],
    first: usize,
    parts: &mut Vec<Patterns>,
    check: &mut impl FnMut() -> Result<(), E>,
) -> Result<(), CompileError<E>> {
    if patterns.is_empty() {
        return Ok(());
    }
    let is_one = patterns.len() == 1;
    let mut fitting = COMPILED_BYTES.to_vec();
    if is_one {
        fitting.extend(COMPILED_BYTES_ALONE);
    }
    let largest = fitting.last().copied().unwrap_or_default();
    let mut outcome = None;
    for (index, bytes) in fitting.into_iter().enumerate() {
        check().map_err(CompileError::Stopped)?;
        // Those that fit into no size are not tried with each.
        if index == 1 && build(patterns, largest).is_none() {
            break;
        }
        if let Some(set) = build(patterns, bytes) {
            outcome = Some((set, bytes));
            break;
        }
    }
    let all = parts.iter().map(|part| part.bytes).sum::<usize>();
    match outcome {
        Some((set, bytes)) if (all + bytes) as u64 <= limit::SCHEMA_COMPILED_BYTES.default => {
            parts.push(Patterns { set, first, bytes });
            Ok(())
        }
        None if !is_one => {
            let (one, other) = patterns.split_at(patterns.len() / 2);
            compile(one, first, parts, check)?;
            compile(other, first + one.len(), parts, check)
        }
        _ => Err(CompileError::Beyond(first)),
    }
}

/// Compiles patterns, where they take no more than so many bytes.
fn build(patterns: &[ParsedPattern<'_>], bytes: usize) -> Option<meta::Regex> {
    let config = meta::Config::new()
        .match_kind(MatchKind::All)
        .which_captures(WhichCaptures::None)
        .nfa_size_limit(Some(bytes));
    let trees: Vec<&Hir> = patterns.iter().map(|pattern| &pattern.tree).collect();
    meta::Builder::new()
        .configure(config)
        .build_many_from_hir(&trees)
        .ok()
}
