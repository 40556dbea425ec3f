//! Suggestions for an unknown word: a name that it abbreviates, such as `movingAvg`, or one that it misspells.

mod short;

use short::letters_left_out;

/// Bytes of the longest word that is taken for a slip: to compare words takes time by the length of both.
pub(crate) const SLIP_MAX: usize = 64;

/// The word that was most likely meant, where one is near: the same but for case, or what is short for the fewest letters, or
/// else the nearest by letters that differ. Of equally near ones, the first by its letters.
pub(crate) fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    if word.len() > SLIP_MAX {
        return None;
    }
    let words: Vec<&str> = words.collect();
    let lower = word.to_lowercase();
    let long_for = |word: &&'w str| Some((letters_left_out(&lower, word)?, *word));
    if let Some((_, word)) = words.iter().filter_map(long_for).min() {
        return Some(word);
    }
    let distance = |other: &str| strsim::damerau_levenshtein(&lower, &other.to_lowercase());
    let near = words.iter().map(|word| (distance(word), *word));
    let most = (word.chars().count() / 3).max(1);
    near.min()
        .filter(|(distance, _)| *distance <= most)
        .map(|(_, word)| word)
}

/// ``; did you mean `sum`?``, where one is near.
pub(crate) fn suggestion<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> String {
    nearest(word, words).map_or_else(String::new, |word| format!("; did you mean `{word}`?"))
}
