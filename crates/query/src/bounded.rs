//! Text that grows up to a length fixed in advance.

/// `text` with `to` in every place of `from`.
///
/// # Errors
/// The bytes that it would have, where these are more than `most`.
pub(crate) fn replaced(text: &str, from: &str, to: &str, most: usize) -> Result<String, usize> {
    let places = text.matches(from).count();
    let shorter = text.len().saturating_sub(places.saturating_mul(from.len()));
    let length = shorter.saturating_add(places.saturating_mul(to.len()));
    if length > most {
        return Err(length);
    }
    Ok(text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn what_would_be_too_long_is_not_made() {
        assert_eq!(replaced("a%b%", "%", "xyz", 8), Ok("axyzbxyz".to_owned()));
        assert_eq!(replaced("a%b%", "%", "xyz", 7), Err(8));
        assert_eq!(replaced("a%b%", "%", "", 2), Ok("ab".to_owned()));
        assert_eq!(replaced("ab", "%", "xyz", 1), Err(2));
    }
}
