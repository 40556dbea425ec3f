//! Numbers those who wait for a lock as they come. The lock itself serves them in any order, also newcomers before those who have
//! waited: only by the numbers can one tell whether all who waited at one moment have had it.

/// The place of one who waits: given back when they have the lock.
#[derive(Debug)]
pub(crate) struct Ticket(u64);

/// Reached once everybody who waited at one moment has had the lock: the number of the last of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServedTarget(u64);

/// Those who wait for one lock.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    /// How many have come so far.
    given: u64,
    /// The numbers of those who wait, ascending: one of each thread at most.
    waiting: Vec<u64>,
}

impl Tickets {
    pub(crate) fn arrive(&mut self) -> Ticket {
        self.given += 1;
        self.waiting.push(self.given);
        Ticket(self.given)
    }

    /// The holder of this ticket has got the lock.
    pub(crate) fn serve(&mut self, Ticket(number): Ticket) {
        if let Ok(place) = self.waiting.binary_search(&number) {
            self.waiting.remove(place);
        }
    }

    /// The target that is reached once all threads waiting now are served; `None` if no thread waits.
    pub(crate) fn target(&self) -> Option<ServedTarget> {
        self.waiting.last().copied().map(ServedTarget)
    }

    pub(crate) fn is_reached(&self, ServedTarget(last): ServedTarget) -> bool {
        self.waiting.first().is_none_or(|first| *first > last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_reached_by_those_who_waited_in_whatever_order() {
        let mut tickets = Tickets::default();
        assert!(tickets.target().is_none());
        let (first, second) = (tickets.arrive(), tickets.arrive());
        let both = tickets.target().unwrap();
        tickets.serve(second);
        assert!(!tickets.is_reached(both));
        let rest = tickets.target().unwrap();
        tickets.serve(first);
        assert!(tickets.is_reached(both) && tickets.is_reached(rest));
        assert!(tickets.target().is_none());
    }

    /// All threads used to be counted, so that two that overtook were taken for the two that waited.
    #[test]
    fn newcomers_who_are_served_first_do_not_count_for_those_who_waited() {
        let mut tickets = Tickets::default();
        let waited = [tickets.arrive(), tickets.arrive()];
        let target = tickets.target().unwrap();
        for _ in 0..10 {
            let newcomer = tickets.arrive();
            tickets.serve(newcomer);
            assert!(!tickets.is_reached(target));
        }
        let newcomer = tickets.arrive();
        let [first, second] = waited;
        tickets.serve(first);
        assert!(!tickets.is_reached(target));
        tickets.serve(second);
        assert!(tickets.is_reached(target), "whoever came later still waits");
        let later = tickets.target().unwrap();
        assert!(!tickets.is_reached(later));
        tickets.serve(newcomer);
        assert!(tickets.is_reached(later));
    }
}
