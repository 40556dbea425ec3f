//! The tags of a pattern in the order of names, which is that of their keys: whoever asks for the name as it was sent
//! finds it. Where a key is not written out, all stay as they are.

use super::lex::Piece;

/// Sorts what follows the first `;` of the last element.
pub(super) fn sort(element: &mut [Piece]) {
    let cuts = outer_semicolons(element);
    let Some(first) = cuts.first().copied() else {
        return;
    };
    let ends = cuts.iter().skip(1).copied().chain([element.len()]);
    let mut tags: Vec<(String, Vec<Piece>)> = Vec::with_capacity(cuts.len());
    for (begin, end) in cuts.iter().zip(ends) {
        let tag = element.get(*begin..end).unwrap_or_default();
        let Some(key) = key(tag) else { return };
        tags.push((key, tag.to_vec()));
    }
    tags.sort_by(|left, right| left.0.cmp(&right.0));
    let sorted = tags.into_iter().flat_map(|(_, tag)| tag);
    let places = element.get_mut(first..).unwrap_or_default();
    for (place, piece) in places.iter_mut().zip(sorted) {
        *place = piece;
    }
}

/// Where semicolons stand that are in no bracket and no brace.
fn outer_semicolons(element: &[Piece]) -> Vec<usize> {
    let (mut depth, mut in_set, mut cuts) = (0_usize, false, Vec::new());
    for (index, piece) in element.iter().enumerate() {
        match piece.syntax() {
            Some(']') => in_set = false,
            _ if in_set => {}
            Some('[') => in_set = true,
            Some('{') => depth += 1,
            Some('}') => depth = depth.saturating_sub(1),
            _ if depth == 0 && piece.character == ';' => cuts.push(index),
            _ => {}
        }
    }
    cuts
}

/// The key of `;key=…`, where it is written out.
fn key(tag: &[Piece]) -> Option<String> {
    let length = tag.iter().position(|piece| piece.character == '=')?;
    tag.get(1..length)?
        .iter()
        .map(|piece| match piece.syntax() {
            Some('*' | '?' | '[' | ']' | '{' | '}' | ',') => None,
            _ => Some(piece.character),
        })
        .collect()
}
