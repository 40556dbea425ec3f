//! The output of an answer while it is written.

/// Something that an answer is written into, piece by piece.
pub trait Sink {
    /// Why it takes no more.
    type Error;

    /// Where to write.
    fn out(&mut self) -> &mut Vec<u8>;

    /// Told after every few bytes, so that it may take away what is written.
    ///
    /// # Errors
    /// When it takes no more.
    fn step(&mut self) -> Result<(), Self::Error>;
}

impl Sink for Vec<u8> {
    type Error = std::convert::Infallible;

    fn out(&mut self) -> &mut Self {
        self
    }

    fn step(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}
