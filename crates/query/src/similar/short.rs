//! Whether a word is short for a name: `movingAvg` for `movingAverage`, `perSec` for `perSecond`.
//!
//! A camel-case name is split into words. An abbreviation has, for each word in order, a prefix or the first letter and some consonants.
//! It may end before the last word.

/// Letters that a piece has at least, where it is not its whole word.
const PIECE_MIN: usize = 3;

/// A common suffix that people leave out.
const FILLER: &str = "series";

/// Words that may be left out in the middle.
const SKIPPED: [&str; 5] = ["by", "of", FILLER, "to", "with"];

/// How many letters of `name` the lower-case `short` leaves out, those of a filler not counted. `None` where it is not short for
/// it.
pub(super) fn letters_left_out(short: &str, name: &str) -> Option<usize> {
    let length = short.len();
    let is_ascii = short.is_ascii() && name.is_ascii();
    if !is_ascii || length < PIECE_MIN || length >= usize::try_from(u128::BITS).ok()? {
        return None;
    }
    let words = words(name);
    // The places in `short` up to which the words so far may reach, a bit for each.
    let mut reached: u128 = 1;
    for (index, word) in words.iter().enumerate() {
        let is_skipped = index > 0 && SKIPPED.contains(&word.as_str());
        let mut next = if is_skipped { reached } else { 0 };
        for from in (0..length).filter(|from| reached & (1 << from) != 0) {
            for until in ends_of_pieces(short, from, word, index == 0) {
                next |= 1 << until;
            }
        }
        if next & (1 << length) != 0 {
            let (used, missing) = words.split_at(index + 1);
            let letters = |words: &[String]| words.iter().map(String::len).sum::<usize>();
            let is_missed = missing != [FILLER];
            let left_out = letters(used).saturating_sub(length);
            let missed = if is_missed { letters(missing) } else { 0 };
            return Some(left_out + missed);
        }
        reached = next;
    }
    None
}

/// `movingAverage` as `moving` and `average`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for character in name.chars() {
        match words.last_mut() {
            Some(last) if !character.is_ascii_uppercase() => last.push(character),
            _ => words.push(character.to_ascii_lowercase().to_string()),
        }
    }
    words
}

/// Where in `short` a piece of the word may end that begins at `from`.
fn ends_of_pieces(short: &str, from: usize, word: &str, is_first: bool) -> Vec<usize> {
    let rest = short.get(from..).unwrap_or_default();
    let common = rest.bytes().zip(word.bytes());
    let common = common.take_while(|(letter, other)| letter == other).count();
    let mut letters = word.bytes();
    let consonants = rest
        .bytes()
        .enumerate()
        .take_while(|(index, letter)| match index {
            0 => letters.next() == Some(*letter),
            _ => !b"aeiou".contains(letter) && letters.any(|other| other == *letter),
        });
    let consonants = consonants.count();
    let is_whole = |length: &usize| *length == word.len() && common == word.len();
    // What is being typed may end within a word.
    let is_begun = |length: &usize| !is_first && *length == rest.len() && *length <= common;
    let fits = |length: &usize| *length >= PIECE_MIN || is_whole(length) || is_begun(length);
    let lengths = (1..=consonants.max(common)).filter(fits);
    lengths.map(|length| from + length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_words() {
        assert_eq!(words("movingAverage"), ["moving", "average"]);
        assert_eq!(words("nPercentile"), ["n", "percentile"]);
        assert_eq!(words("avg_zero"), ["avg_zero"]);
        assert_eq!(words(""), Vec::<String>::new());
    }

    #[test]
    fn what_is_short_has_a_piece_of_each_word() {
        for (short, name, left_out) in [
            ("movingavg", "movingAverage", Some(4)),
            ("movavg", "movingAverage", Some(7)),
            ("persec", "perSecond", Some(3)),
            ("stddev", "stddevSeries", Some(0)),
            ("aliasbyn", "aliasByNode", Some(3)),
            ("holt", "holtWintersForecast", Some(15)),
            ("sumseries", "sumSeries", Some(0)),
            ("sumwildcards", "sumSeriesWithWildcards", Some(10)),
            // Neither a beginning nor enough of a word; not from the first word on; letters in another order.
            ("test", "timeStack", None),
            ("movingavg", "movingMax", None),
            ("shift", "timeShift", None),
            ("mean", "median", None),
            ("mvoing", "movingAverage", None),
            ("su", "sumSeries", None),
            ("sümme", "sumSeries", None),
            ("", "sumSeries", None),
        ] {
            assert_eq!(letters_left_out(short, name), left_out, "{short} {name}");
        }
    }

    #[test]
    fn a_long_word_is_short_for_nothing() {
        assert_eq!(letters_left_out(&"a".repeat(200), "alias"), None);
    }
}
