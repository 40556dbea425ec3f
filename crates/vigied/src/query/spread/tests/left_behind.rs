//! Threads that have helped leave nothing behind.

use super::*;

/// Gives a turn to one thread at a time, and wants it back at once.
#[derive(Debug, Default)]
struct Brief {
    given: AtomicU64,
    ended: Arc<AtomicU64>,
}

impl ThreadPool for Brief {
    fn max_helpers(&self) -> usize {
        1
    }

    fn acquire(&self) -> Option<Box<dyn Helper>> {
        self.given.fetch_add(1, Ordering::SeqCst);
        Some(Box::new(Wanted(Arc::clone(&self.ended))))
    }
}

#[derive(Debug)]
struct Wanted(Arc<AtomicU64>);

impl Helper for Wanted {
    fn is_wanted(&self) -> bool {
        true
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Pages of the address space of this process, where the system tells.
fn pages() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    text.split(' ').next()?.parse().ok()
}

/// Each kept its stack until the query's end, and a query whose turns are wanted starts one for each part.
#[test]
fn a_thread_that_has_helped_leaves_nothing_behind() {
    const PARTS: u64 = 1000;
    let helping = Arc::<Brief>::default();
    let (begun, before) = (Instant::now(), pages());
    let most = AtomicU64::new(0);
    let act = |_: usize, _: &Context| {
        // Another is started for the next part.
        while helping.ended.load(Ordering::SeqCst) < helping.given.load(Ordering::SeqCst) {
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            thread::yield_now();
        }
        most.fetch_max(pages().unwrap_or(0), Ordering::SeqCst);
        Ok(())
    };
    let context = Context::unlimited().with_thread_pool(Arc::clone(&helping) as _);
    let parts = acting(usize::try_from(PARTS).unwrap(), &act);
    read(&context, parts, &Numbers(None, 0)).unwrap();
    let given = helping.given.load(Ordering::SeqCst);
    assert!(given > PARTS / 2, "{given} threads");
    let Some(before) = before else { return };
    // Other tests have threads of their own meanwhile.
    let stacks = given * ::query::evaluate::STACK_BYTES as u64 / 4096;
    let grown = most.load(Ordering::SeqCst).saturating_sub(before);
    assert!(grown < stacks / 2, "{grown} pages for {stacks} of stacks");
}
