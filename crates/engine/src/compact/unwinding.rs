//! What a merge that panics puts back: its thread begins again, and must find nothing forgotten and no files left over.

/// Does something if it is dropped by a panic.
#[derive(Debug)]
pub(super) struct OnUnwind<F: Fn()>(F);

impl<F: Fn()> OnUnwind<F> {
    pub(super) const fn new(put_back: F) -> Self {
        Self(put_back)
    }
}

impl<F: Fn()> Drop for OnUnwind<F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            (self.0)();
        }
    }
}
