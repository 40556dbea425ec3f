//! The size of the terminal and the characters it can display.

use crate::chart::Glyphs;
use crate::env::{self, Env};
use base::limit;
use std::io;
use std::ops::RangeInclusive;

/// Used if the size is unknown.
const WIDTH: usize = 80;
const HEIGHT: usize = 16;
/// A chart higher than this is no easier to read.
const HEIGHT_MAX: usize = 20;
/// The widest chart that may be asked for; pictures may have more pixels.
const COLUMNS_MAX: usize = 1000;
const LINES_MAX: usize = 200;
/// The largest picture that a server draws.
const PICTURE_WIDTH_MAX: i64 = limit::PICTURE_WIDTH.default.cast_signed();
const PICTURE_HEIGHT_MAX: i64 = limit::PICTURE_HEIGHT.default.cast_signed();

/// A place to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) glyphs: Glyphs,
}

/// The arguments of commands that draw.
#[derive(Debug, clap::Args)]
pub(crate) struct ScreenArgs {
    /// Columns of a drawing, or pixels of a picture; default: those of the terminal, else 80; 1000 pixels
    #[arg(long, value_name = "COLUMNS", display_order = 810, allow_negative_numbers = true, value_parser = width)]
    pub(crate) width: Option<u16>,
    /// Lines of a chart, or pixels of a picture; default: at most 20, as the terminal allows; 400 pixels
    #[arg(long, value_name = "LINES", display_order = 811, allow_negative_numbers = true, value_parser = height)]
    pub(crate) height: Option<u16>,
    #[command(flatten)]
    alphabet: AlphabetArgs,
}

fn width(text: &str) -> Result<u16, String> {
    parsed_size(text, 20..=PICTURE_WIDTH_MAX, "columns")
}

fn height(text: &str) -> Result<u16, String> {
    parsed_size(text, 7..=PICTURE_HEIGHT_MAX, "lines")
}

fn parsed_size(text: &str, sizes: RangeInclusive<i64>, unit: &str) -> Result<u16, String> {
    let size = text.parse().ok().filter(|size| sizes.contains(size));
    size.and_then(|size| u16::try_from(size).ok())
        .ok_or_else(|| {
            let (least, most) = sizes.into_inner();
            format!("it is to be {least} to {most} {unit}, or pixels of a picture")
        })
}

/// The argument of commands that draw lines around text.
#[derive(Debug, clap::Args)]
pub(crate) struct AlphabetArgs {
    /// Draw with ASCII characters only; so does a locale other than UTF-8
    #[arg(long, display_order = 812)]
    ascii: bool,
}

impl AlphabetArgs {
    /// By the argument, else by the environment.
    pub(crate) fn glyphs(&self, env: &Env) -> Glyphs {
        if self.ascii {
            Glyphs::Ascii
        } else {
            alphabet(env)
        }
    }
}

impl Screen {
    /// By the arguments, else by the terminal and the environment.
    pub(crate) fn of(args: &ScreenArgs, env: &Env) -> Self {
        let terminal = rustix::termios::tcgetwinsize(io::stdout())
            .ok()
            .filter(|size| size.ws_col > 0 && size.ws_row > 0);
        let width = args.width.map(|cells| usize::from(cells).min(COLUMNS_MAX));
        let height = args.height.map(|cells| usize::from(cells).min(LINES_MAX));
        Self {
            width: width.unwrap_or_else(|| terminal.map_or(WIDTH, |size| usize::from(size.ws_col))),
            height: height.unwrap_or_else(|| {
                terminal.map_or(HEIGHT, |size| {
                    usize::from(size.ws_row).saturating_sub(2).min(HEIGHT_MAX)
                })
            }),
            glyphs: args.alphabet.glyphs(env),
        }
    }
}

/// Without a locale, as in most containers, the terminal is assumed to display UTF-8.
fn alphabet(env: &Env) -> Glyphs {
    match env.get(env::LOCALE) {
        Some(locale)
            if !locale
                .to_ascii_lowercase()
                .replace('-', "")
                .contains("utf8") =>
        {
            Glyphs::Ascii
        }
        _ => Glyphs::Unicode,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        screen: ScreenArgs,
    }

    #[test]
    fn a_picture_may_be_as_large_as_a_server_draws_it() {
        let read = |size: &str| Line::try_parse_from(["vigie"].into_iter().chain(size.split(' ')));
        let widest = limit::PICTURE_WIDTH.default;
        let highest = limit::PICTURE_HEIGHT.default;
        let line = read(&format!("--width {widest} --height {highest}")).unwrap();
        let given = [line.screen.width, line.screen.height].map(|cells| u64::from(cells.unwrap()));
        assert_eq!(given, [widest, highest]);
        for beyond in [
            format!("--width {}", widest + 1),
            format!("--height {}", highest + 1),
        ] {
            assert!(read(&beyond).is_err(), "{beyond}");
        }
        // A drawing of characters has an end before that.
        let drawn = Screen::of(&line.screen, &Env::of(&[]));
        assert_eq!((drawn.width, drawn.height), (COLUMNS_MAX, LINES_MAX));
    }

    #[test]
    fn the_locale_chooses_the_alphabet() {
        assert_eq!(alphabet(&Env::of(&[])), Glyphs::Unicode);
        assert_eq!(
            alphabet(&Env::of(&[("LANG", "en_US.UTF-8")])),
            Glyphs::Unicode
        );
        assert_eq!(
            alphabet(&Env::of(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")])),
            Glyphs::Ascii
        );
        assert_eq!(
            alphabet(&Env::of(&[("LC_CTYPE", "C.utf8")])),
            Glyphs::Unicode
        );
    }

    #[test]
    fn regression_7_a_size_out_of_bounds_names_columns_and_pixels() {
        let read = |size: &str| Line::try_parse_from(["vigie"].into_iter().chain(size.split(' ')));
        for size in ["100000", "19", "-1", "x"] {
            let message = read(&format!("--width {size}")).unwrap_err().to_string();
            assert!(
                message.contains("20 to 8192 columns, or pixels"),
                "{message}"
            );
        }
        let message = read("--height -1").unwrap_err().to_string();
        assert!(
            message.contains("lines, or pixels of a picture"),
            "{message}"
        );
    }
}
