//! The rules of domains, compiled: patterns take time to compile, and a dashboard asks every few seconds.
//!
//! The cached rules have a part of the budget for memory, and make room when others are asked for. Queries that use rules
//! count them as their own memory, so that rules that have left the cache, or were never in it, are counted too.

use base::context::{Context, Stop};
use iam::directory::RuleTexts;
use query::schema::{ParseError, Rules};
use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Bytes of an entry besides its rules and their texts.
const ENTRY_BYTES: u64 = 256;

/// The rules that were asked for last, by their texts and the step of the domain.
#[derive(Debug)]
pub(crate) struct CompiledRules {
    bytes_max: u64,
    hasher: RandomState,
    kept: Mutex<VecDeque<CachedRules>>,
}

#[derive(Debug)]
struct CachedRules {
    texts: Arc<RuleTexts>,
    /// Of the texts.
    hash: u64,
    step: Option<u32>,
    rules: Arc<Rules>,
    bytes: u64,
}

/// Bytes of the texts, which an entry may be the last to hold.
fn text_bytes(texts: &RuleTexts) -> u64 {
    let length = |text: &Option<String>| text.as_ref().map_or(0, |text| text.len() as u64);
    length(&texts.schemas).saturating_add(length(&texts.aggregation))
}

/// Why there are no rules: they cannot be read, or there is no memory or no time for them.
pub(crate) type RulesError = ParseError<Stop>;

/// The rules of a domain, whose bytes are counted until it is dropped.
#[derive(Debug)]
pub(crate) struct RulesGuard<'c> {
    rules: Arc<Rules>,
    _held: Bytes<'c>,
}

impl Deref for RulesGuard<'_> {
    type Target = Rules;

    fn deref(&self) -> &Rules {
        &self.rules
    }
}

/// Bytes of a query.
#[derive(Debug)]
struct Bytes<'c>(&'c Context, u64);

impl<'c> Bytes<'c> {
    fn reserve(context: &'c Context, bytes: u64) -> Result<Self, RulesError> {
        context.reserve(bytes).map_err(RulesError::Stopped)?;
        Ok(Self(context, bytes))
    }
}

impl Drop for Bytes<'_> {
    fn drop(&mut self) {
        self.0.release(self.1);
    }
}

/// Reads and compiles rules for a piece of work: it may take a part of a second.
///
/// # Errors
/// [`RulesError`].
pub(crate) fn parse(
    context: &Context,
    schemas: &str,
    aggregation: &str,
) -> Result<Rules, RulesError> {
    let _reading = Bytes::reserve(context, Rules::bytes_to_parse(schemas, aggregation))?;
    Rules::parse_checked(schemas, aggregation, &mut || context.check(Instant::now()))
}

impl CompiledRules {
    /// Keeps so many bytes of them.
    pub(crate) fn new(bytes_max: u64) -> Self {
        Self {
            bytes_max,
            hasher: RandomState::new(),
            kept: Mutex::new(VecDeque::new()),
        }
    }

    /// The rules of these texts, after which every name has this step, or Graphite's where there is none.
    ///
    /// # Errors
    /// [`RulesError`].
    pub(crate) fn compiled<'c>(
        &self,
        context: &'c Context,
        texts: Option<Arc<RuleTexts>>,
        step: Option<u32>,
    ) -> Result<RulesGuard<'c>, RulesError> {
        let default_step = step.map_or(0, i64::from);
        let Some(texts) = texts else {
            return Ok(RulesGuard {
                rules: Arc::new(Rules::default().with_default_step(default_step)),
                _held: Bytes(context, 0),
            });
        };
        if let Some(rules) = self.kept(&texts, step) {
            let held = Bytes::reserve(context, rules.bytes())?;
            return Ok(RulesGuard { rules, _held: held });
        }
        // Without the lock: others need not wait for it, and at worst it is done twice.
        let schemas = texts.schemas.as_deref().unwrap_or_default();
        let aggregation = texts.aggregation.as_deref().unwrap_or_default();
        let rules = parse(context, schemas, aggregation)?;
        let rules = Arc::new(rules.with_default_step(default_step));
        let held = Bytes::reserve(context, rules.bytes())?;
        self.keep(texts, step, Arc::clone(&rules));
        Ok(RulesGuard { rules, _held: held })
    }

    fn kept(&self, texts: &Arc<RuleTexts>, step: Option<u32>) -> Option<Arc<Rules>> {
        let same = self.found(texts, |cached| {
            cached.step == step && Arc::ptr_eq(&cached.texts, texts)
        });
        if same.is_some() {
            return same;
        }
        // Without the lock. Under it, long texts are compared with equal ones alone.
        let hash = self.hasher.hash_one(texts);
        self.found(texts, |cached| {
            cached.step == step && cached.hash == hash && cached.texts == *texts
        })
    }

    /// The rules of an entry that is found, which from now on holds these texts.
    fn found(
        &self,
        texts: &Arc<RuleTexts>,
        is_it: impl Fn(&CachedRules) -> bool,
    ) -> Option<Arc<Rules>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(is_it)?;
        let mut cached = kept.remove(place)?;
        cached.texts = Arc::clone(texts);
        let rules = Arc::clone(&cached.rules);
        kept.push_front(cached);
        Some(rules)
    }

    fn keep(&self, texts: Arc<RuleTexts>, step: Option<u32>, rules: Arc<Rules>) {
        let bytes = rules
            .bytes()
            .saturating_add(text_bytes(&texts))
            .saturating_add(ENTRY_BYTES);
        if bytes > self.bytes_max {
            return;
        }
        let hash = self.hasher.hash_one(&texts);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front(CachedRules {
            texts,
            hash,
            step,
            rules,
            bytes,
        });
        let mut sum = 0_u64;
        kept.retain(|cached| {
            sum = sum.saturating_add(cached.bytes);
            sum <= self.bytes_max
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::context::MemoryReservation;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Has so many bytes.
    #[derive(Debug, Default)]
    struct Share {
        most: u64,
        used: AtomicU64,
    }

    impl MemoryReservation for Share {
        fn reserve(&self, bytes: u64) -> Result<(), Stop> {
            if self.used.load(Ordering::Relaxed) + bytes > self.most {
                return Err(Stop::Cancelled);
            }
            self.used.fetch_add(bytes, Ordering::Relaxed);
            Ok(())
        }

        fn release(&self, bytes: u64) {
            self.used.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    fn texts(step: usize) -> Arc<RuleTexts> {
        Arc::new(RuleTexts {
            schemas: Some(format!("[all]\npattern = ^a\nretentions = {step}s:1d\n")),
            aggregation: None,
        })
    }

    #[test]
    fn equal_texts_are_compiled_once_and_the_latest_are_kept() {
        let context = Context::unlimited();
        let bytes = Rules::parse(texts(10).schemas.as_deref().unwrap(), "")
            .unwrap()
            .bytes();
        let most = 3 * (bytes + text_bytes(&texts(10)) + ENTRY_BYTES);
        let rules = CompiledRules::new(most);
        let compiled = |number: usize, step: Option<u32>| {
            rules.compiled(&context, Some(texts(number)), step).unwrap()
        };
        let first = compiled(10, None);
        assert_eq!((first.view("a", 0).step, first.view("b", 0).step), (10, 60));
        let again = compiled(10, None);
        assert!(Arc::ptr_eq(&first.rules, &again.rules));
        let other = compiled(10, Some(5));
        assert_eq!((other.view("a", 0).step, other.view("b", 0).step), (10, 5));
        for number in 11..30 {
            compiled(number, None);
            let kept = rules.kept.lock().unwrap();
            assert!(kept.iter().map(|rules| rules.bytes).sum::<u64>() <= most);
        }
        assert_eq!(rules.kept.lock().unwrap().len(), 3);
        let anew = compiled(10, None);
        assert!(!Arc::ptr_eq(&first.rules, &anew.rules));
    }

    #[test]
    fn regression_6_the_texts_of_rules_that_are_kept_are_counted() {
        let context = Context::unlimited();
        let with_comment = |letter: &str| {
            let rule = texts(10).schemas.clone().unwrap();
            Arc::new(RuleTexts {
                schemas: Some(format!("# {}\n{rule}", letter.repeat(60_000))),
                aggregation: None,
            })
        };
        let one = with_comment("a");
        let bytes = Rules::parse(one.schemas.as_deref().unwrap(), "")
            .unwrap()
            .bytes();
        let rules = CompiledRules::new(2 * (bytes + text_bytes(&one) + ENTRY_BYTES));
        for letter in ["a", "b", "c", "d"] {
            rules
                .compiled(&context, Some(with_comment(letter)), None)
                .unwrap();
        }
        assert_eq!(rules.kept.lock().unwrap().len(), 2);
        // Equal texts are found, and one of them is held.
        let again = with_comment("d");
        rules
            .compiled(&context, Some(Arc::clone(&again)), None)
            .unwrap();
        let kept = rules.kept.lock().unwrap();
        assert!(Arc::ptr_eq(&kept[0].texts, &again));
        let is_once = kept.iter().skip(1).all(|rules| rules.texts != again);
        assert!(is_once);
    }

    #[test]
    fn rules_count_as_memory_of_who_uses_them_whether_they_are_kept_or_not() {
        for bytes_max in [0, 1 << 20] {
            let rules = CompiledRules::new(bytes_max);
            let share = Arc::new(Share {
                most: 1 << 20,
                ..Share::default()
            });
            let context = Context::unlimited().with_memory(Arc::clone(&share) as _);
            for _ in 0..2 {
                let held = rules.compiled(&context, Some(texts(10)), None).unwrap();
                let used = share.used.load(Ordering::Relaxed);
                assert!(used > 0 && used == held.bytes(), "{used}");
                drop(held);
                assert_eq!(share.used.load(Ordering::Relaxed), 0);
            }
            assert_eq!(rules.kept.lock().unwrap().is_empty(), bytes_max == 0);
        }
        let context = Context::unlimited().with_memory(Arc::new(Share::default()) as _);
        let refused = CompiledRules::new(1 << 20).compiled(&context, Some(texts(10)), None);
        assert!(matches!(refused, Err(RulesError::Stopped(_))));
        // Nor are they compiled for a query that no longer waits.
        let context = Context::unlimited();
        context.cancel_flag().store(true, Ordering::Relaxed);
        let ended = CompiledRules::new(1 << 20).compiled(&context, Some(texts(10)), None);
        assert!(matches!(ended, Err(RulesError::Stopped(Stop::Cancelled))));
        // Where there are none, nothing is taken.
        assert!(
            CompiledRules::new(0)
                .compiled(&context, None, Some(5))
                .is_ok()
        );
    }
}
