//! The rules of domains, compiled: patterns take time to compile, and a dashboard asks every few seconds.

use iam::directory::RuleTexts;
use query::schema::{Rules, SchemaError};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Rules kept at most: those that were asked for last. The patterns of one may take some megabytes.
const KEPT_MAX: usize = 16;

/// The rules that were asked for last, by their texts and the step of the domain.
#[derive(Debug, Default)]
pub(crate) struct CompiledRules(Mutex<VecDeque<Kept>>);

#[derive(Debug)]
struct Kept {
    texts: Arc<RuleTexts>,
    step: Option<u32>,
    rules: Arc<Rules>,
}

impl Kept {
    fn is_of(&self, texts: &Arc<RuleTexts>, step: Option<u32>) -> bool {
        self.step == step && (Arc::ptr_eq(&self.texts, texts) || self.texts == *texts)
    }
}

impl CompiledRules {
    /// The rules of these texts, behind which every name has this step, or Graphite's where there is none.
    pub(crate) fn compiled(
        &self,
        texts: Option<Arc<RuleTexts>>,
        step: Option<u32>,
    ) -> Result<Arc<Rules>, SchemaError> {
        let default_step = step.map_or(0, i64::from);
        let Some(texts) = texts else {
            return Ok(Arc::new(Rules::default().with_default_step(default_step)));
        };
        if let Some(rules) = self.kept(&texts, step) {
            return Ok(rules);
        }
        // Without the lock: others need not wait for it, and at worst it is done twice.
        let text = |own: &Option<String>| own.clone().unwrap_or_default();
        let rules = Rules::parse(&text(&texts.schemas), &text(&texts.aggregation))?;
        let rules = Arc::new(rules.with_default_step(default_step));
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.truncate(KEPT_MAX - 1);
        kept.push_front(Kept {
            texts,
            step,
            rules: Arc::clone(&rules),
        });
        Ok(rules)
    }

    fn kept(&self, texts: &Arc<RuleTexts>, step: Option<u32>) -> Option<Arc<Rules>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|own| own.is_of(texts, step))?;
        let own = kept.remove(place)?;
        let rules = Arc::clone(&own.rules);
        kept.push_front(own);
        Some(rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(step: usize) -> Arc<RuleTexts> {
        Arc::new(RuleTexts {
            schemas: Some(format!("[all]\npattern = ^a\nretentions = {step}s:1d\n")),
            aggregation: None,
        })
    }

    #[test]
    fn equal_texts_are_compiled_once_and_the_latest_are_kept() {
        let rules = CompiledRules::default();
        let first = rules.compiled(Some(texts(10)), None).unwrap();
        assert_eq!((first.view("a", 0).step, first.view("b", 0).step), (10, 60));
        let again = rules.compiled(Some(texts(10)), None).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let other = rules.compiled(Some(texts(10)), Some(5)).unwrap();
        assert_eq!((other.view("a", 0).step, other.view("b", 0).step), (10, 5));
        for step in 11..11 + KEPT_MAX {
            rules.compiled(Some(texts(step)), None).unwrap();
        }
        assert_eq!(rules.0.lock().unwrap().len(), KEPT_MAX);
        let anew = rules.compiled(Some(texts(10)), None).unwrap();
        assert!(!Arc::ptr_eq(&first, &anew));
    }
}
