//! What the runner of tests says: how many, and which failed.

/// The sums of what several runs have said.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) count: Count,
    /// Names of tests.
    pub(crate) failures: Vec<String>,
}

impl Told {
    /// Reads a line of the runner's.
    pub(crate) fn add_line(&mut self, line: &str) {
        self.count.add_line(line);
        self.failures.extend(failed_test(line).map(str::to_owned));
    }

    /// Adds what another run has said.
    pub(crate) fn add(&mut self, other: Self) {
        self.count.passed += other.count.passed;
        self.count.failed += other.count.failed;
        self.count.ignored += other.count.ignored;
        self.failures.extend(other.failures);
    }
}

/// The name in `test NAME ... FAILED`.
fn failed_test(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

/// The sum of the runner's closing lines.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
}

impl Count {
    /// Reads `test result: ok. 12 passed; 0 failed; 1 ignored; …`; other lines count nothing.
    fn add_line(&mut self, line: &str) {
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for part in counts.split("; ") {
            let Some((number, word)) = part.split_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[&str]) -> Told {
        let mut told = Told::default();
        for line in lines {
            told.add_line(line);
        }
        told
    }

    #[test]
    fn closing_lines_add_up() {
        let told = told(&[
            "running 14 tests",
            "test store::tests::reads ... ok",
            "test result: ok. 12 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.02s",
            "test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.02s",
        ]);
        assert_eq!(
            told.count,
            Count {
                passed: 15,
                failed: 1,
                ignored: 2
            }
        );
    }

    #[test]
    fn a_failed_test_is_named_again_at_the_end() {
        let told = told(&[
            "test store::tests::reads ... FAILED",
            "test store::tests::writes ... ok",
            "test result: FAILED. 3 passed; 1 failed",
        ]);
        assert_eq!(told.failures, ["store::tests::reads"]);
    }

    #[test]
    fn what_a_test_prints_about_results_counts_nothing() {
        let told = told(&["test result: fine", "12 passed; 3 failed", ""]);
        assert_eq!(told.count, Count::default());
    }
}
