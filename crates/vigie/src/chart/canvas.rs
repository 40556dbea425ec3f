//! A grid of dots that becomes characters: 2 by 4 dots in a braille character, or one in an ASCII character.

use super::Glyphs;

/// Dots, the origin at the upper left.
#[derive(Debug)]
pub(crate) struct Canvas {
    columns: usize,
    rows: usize,
    glyphs: Glyphs,
    cells: Vec<u8>,
}

impl Canvas {
    /// An empty canvas of that many characters.
    pub(crate) fn new(columns: usize, rows: usize, glyphs: Glyphs) -> Self {
        Self {
            columns,
            rows,
            glyphs,
            cells: vec![0; columns * rows],
        }
    }

    const fn dots_per_cell(&self) -> (usize, usize) {
        match self.glyphs {
            Glyphs::Unicode => (2, 4),
            Glyphs::Ascii => (1, 1),
        }
    }

    /// Dots from left to right.
    pub(crate) const fn width(&self) -> usize {
        self.columns * self.dots_per_cell().0
    }

    /// Dots from top to bottom.
    pub(crate) const fn height(&self) -> usize {
        self.rows * self.dots_per_cell().1
    }

    /// Sets one dot; outside of the canvas nothing happens.
    pub(crate) fn dot(&mut self, x: usize, y: usize) {
        let (wide, high) = self.dots_per_cell();
        if x >= self.width() || y >= self.height() {
            return;
        }
        // The bits of a braille character run down the left column (0, 1, 2), down the right one (3, 4, 5), and then
        // along the fourth row (6, 7), which was added later.
        let bit = match (x % wide, y % high) {
            (0, row @ 0..3) => row,
            (_, row @ 0..3) => row + 3,
            (column, _) => 6 + column,
        };
        if let Some(cell) = self.cells.get_mut(y / high * self.columns + x / wide) {
            *cell |= 1 << bit;
        }
    }

    /// A straight line with both ends, by the longer axis.
    pub(crate) fn line(&mut self, from: (usize, usize), to: (usize, usize)) {
        let (dx, dy) = (to.0.abs_diff(from.0), to.1.abs_diff(from.1));
        let steps = dx.max(dy).max(1);
        let between = |a: usize, b: usize, step: usize| {
            let share = step as f64 / steps as f64;
            (a as f64 + (b as f64 - a as f64) * share).round() as usize
        };
        for step in 0..=steps {
            self.dot(between(from.0, to.0, step), between(from.1, to.1, step));
        }
    }

    /// The characters, row by row from the top, without blanks at the end.
    pub(crate) fn rows(&self) -> Vec<String> {
        self.cells
            .chunks(self.columns.max(1))
            .map(|row| {
                let text: String = row
                    .iter()
                    .map(|cell| match (cell, self.glyphs) {
                        (0, _) => ' ',
                        (dots, Glyphs::Unicode) => {
                            char::from_u32(0x2800 + u32::from(*dots)).unwrap_or(' ')
                        }
                        (_, Glyphs::Ascii) => '*',
                    })
                    .collect();
                text.trim_end().to_owned()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dot_has_its_own_bit() {
        let mut seen = std::collections::BTreeSet::new();
        for x in 0..2 {
            for y in 0..4 {
                let mut canvas = Canvas::new(1, 1, Glyphs::Unicode);
                canvas.dot(x, y);
                seen.insert(canvas.rows().concat());
            }
        }
        assert_eq!(seen.into_iter().collect::<String>(), "⠁⠂⠄⠈⠐⠠⡀⢀");
    }

    #[test]
    fn a_diagonal_touches_both_corners() {
        let mut canvas = Canvas::new(2, 1, Glyphs::Unicode);
        canvas.line((0, 3), (3, 0));
        assert_eq!(canvas.rows(), ["⡠⠊"]);
    }

    #[test]
    fn outside_is_nowhere() {
        let mut canvas = Canvas::new(1, 1, Glyphs::Ascii);
        canvas.dot(5, 5);
        assert_eq!(canvas.rows(), [""]);
        assert!(Canvas::new(0, 0, Glyphs::Ascii).rows().is_empty());
    }
}
