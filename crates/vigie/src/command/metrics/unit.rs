//! The unit in which the positions of samples are counted: arguments, lines or items.

/// The unit in which places of an input are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Argument,
    Line,
    Item,
}

impl Unit {
    /// The heading of a column of places.
    pub(crate) const fn heading(self) -> &'static str {
        match self {
            Self::Argument => "Argument",
            Self::Line => "Line",
            Self::Item => "Item",
        }
    }
}
