//! Tables of the operator's commands: columns without borders, three spaces apart.

use base::invisible::escaped;

/// One line for the titles and one for each row; the last column is not padded. What is not seen in a cell becomes its number.
pub(crate) fn columns<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = heads.map(|head| head.chars().count());
    let rows: Vec<_> = rows
        .iter()
        .map(|row| row.each_ref().map(|cell| escaped(cell)))
        .collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: [&str; N]| {
        let padded = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        let joined = padded.collect::<Vec<_>>().join("   ");
        format!("{}\n", joined.trim_end())
    };
    let rows = rows
        .iter()
        .map(|row| line(row.each_ref().map(AsRef::as_ref)));
    std::iter::once(line(heads)).chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |a: &str, b: &str| [a.to_owned(), b.to_owned()];
        assert_eq!(
            columns(["Name", "Value"], &[row("élan vital", "1"), row("x", "")]),
            "Name         Value\nélan vital   1\nx\n"
        );
        assert_eq!(
            columns(["Name", "Value"], &[row("a\u{200b}\u{a0}\n", "1")]),
            "Name                   Value\na\\u{200b}\\u{a0}\\u{a}   1\n"
        );
    }
}
