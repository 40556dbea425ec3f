//! Cleans up after a merge that panicked: its thread starts again, and must find no series forgotten and no file left behind.

/// Does something if it is dropped by a panic.
#[derive(Debug)]
pub(super) struct OnUnwind<F: Fn()>(F);

impl<F: Fn()> OnUnwind<F> {
    pub(super) const fn new(clean_up: F) -> Self {
        Self(clean_up)
    }
}

impl<F: Fn()> Drop for OnUnwind<F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            (self.0)();
        }
    }
}
