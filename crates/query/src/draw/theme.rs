//! The colours of a picture where its parameters name none.

use super::color::Color;

/// The colours of one template.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Theme {
    pub(crate) background: Color,
    pub(crate) foreground: Color,
    pub(crate) major_grid: Color,
    pub(crate) minor_grid: Color,
    /// Of the series, one after another, and from the first again.
    pub(crate) lines: &'static [Color],
}

/// Told apart by people who see fewer colours, too, on a dark ground.
const ON_DARK: &[Color] = &[
    Color::rgb(0x5aa9ff),
    Color::rgb(0xffa64d),
    Color::rgb(0x5fd38d),
    Color::rgb(0xff6f91),
    Color::rgb(0xb79cff),
    Color::rgb(0xf2d449),
    Color::rgb(0x4dd6d6),
    Color::rgb(0xe07be0),
    Color::rgb(0xa3c95a),
    Color::rgb(0xd9a07a),
];

/// The same hues on a light ground.
const ON_LIGHT: &[Color] = &[
    Color::rgb(0x1f6fc9),
    Color::rgb(0xd96b00),
    Color::rgb(0x1e8f4d),
    Color::rgb(0xc92a55),
    Color::rgb(0x6d4fc4),
    Color::rgb(0xa88600),
    Color::rgb(0x0f8989),
    Color::rgb(0xa836a8),
    Color::rgb(0x5f801e),
    Color::rgb(0x8f5730),
];

const DARK: Theme = Theme {
    background: Color::rgb(0x16181d),
    foreground: Color::rgb(0xd8dbe2),
    major_grid: Color::rgb(0x3a3f4b),
    minor_grid: Color::rgb(0x252830),
    lines: ON_DARK,
};

const LIGHT: Theme = Theme {
    background: Color::rgb(0xffffff),
    foreground: Color::rgb(0x2b2f36),
    major_grid: Color::rgb(0xc9cdd4),
    minor_grid: Color::rgb(0xeceef1),
    lines: ON_LIGHT,
};

const BLACK: Theme = Theme {
    background: Color::rgb(0x000000),
    foreground: Color::rgb(0xffffff),
    major_grid: Color::rgb(0x4a4a4a),
    minor_grid: Color::rgb(0x262626),
    lines: ON_DARK,
};

impl Theme {
    /// The theme for a ground of this colour: another one where this one is for a dark ground and that is light, or the other way
    /// round.
    pub(crate) fn legible_on(self, ground: Color) -> Self {
        let text = ground.contrast();
        if ground.alpha < 0.5 || text == self.background.contrast() {
            return self;
        }
        if text == Color::rgb(0x000000) {
            LIGHT
        } else {
            BLACK
        }
    }
}

/// The theme of a `template`; an unknown name gets the default one, as in graphite-web.
pub(crate) fn theme(template: &str) -> Theme {
    match template {
        "light" | "plain" | "solarized-light" | "solarized-white" => LIGHT,
        "dark" | "solarized-dark" | "noc" => DARK,
        _ => BLACK,
    }
}
