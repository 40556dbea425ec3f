//! The lines of the table, and how a figure before is held against one now.

use anyhow::{Context as _, Result};

/// The bound that a ratio must keep.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// It has none: it shows what the machine can do, for a row that has one.
    None,
}

/// One line of the table.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) what: String,
    pub(super) unit: &'static str,
    /// Of the commit that is compared with, or of what the figure is held against.
    pub(super) before: f64,
    pub(super) now: f64,
    /// In words of the column: how many times as cheap, or as dear.
    pub(super) ratio: f64,
    pub(super) bound: Bound,
    /// It holds where `now` is no more than this, whatever the ratio.
    pub(super) or_at_most: Option<f64>,
}

impl Row {
    pub(super) fn holds(&self) -> bool {
        let by_ratio = match self.bound {
            Bound::AtLeast(least) => self.ratio >= least,
            Bound::AtMost(most) => self.ratio <= most,
            Bound::None => true,
        };
        by_ratio || self.or_at_most.is_some_and(|most| self.now <= most)
    }

    pub(super) fn line(&self) -> String {
        let bound = match self.bound {
            Bound::AtLeast(least) => format!("≥ {least}"),
            Bound::AtMost(most) => format!("≤ {most}"),
            Bound::None => String::new(),
        };
        let or = self
            .or_at_most
            .map(|most| format!(", or {most} {}", self.unit))
            .unwrap_or_default();
        format!(
            "| {} | {} {unit} | {} {unit} | {:.2} | {bound}{or} | {} |",
            self.what,
            short(self.before),
            short(self.now),
            self.ratio,
            match self.bound {
                Bound::None => "",
                _ if self.holds() => "yes",
                _ => "**no**",
            },
            unit = self.unit,
        )
    }
}

/// Three digits that count.
fn short(figure: f64) -> String {
    let decimals = match figure {
        figure if figure >= 100.0 => 0,
        figure if figure >= 10.0 => 1,
        _ => 2,
    };
    format!("{figure:.decimals$}")
}

pub(super) fn median(mut figures: Vec<f64>) -> Result<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.get(figures.len() / 2).copied();
    middle.context("nothing was measured")
}

/// Measures before and now in turn: the medians of both, and of the ratios of the pairs, before by now.
pub(super) fn in_turn(
    pairs: u8,
    mut before: impl FnMut() -> Result<f64>,
    mut now: impl FnMut() -> Result<f64>,
) -> Result<(f64, f64, f64)> {
    let (mut befores, mut nows, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..pairs {
        let (one, other) = (before()?, now()?);
        befores.push(one);
        nows.push(other);
        ratios.push(one / other);
    }
    Ok((median(befores)?, median(nows)?, median(ratios)?))
}
