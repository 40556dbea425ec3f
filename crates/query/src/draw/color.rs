//! Colours by name or by hexadecimal digits.

/// A colour and its opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Color {
    pub(crate) red: u8,
    pub(crate) green: u8,
    pub(crate) blue: u8,
    /// 0 to 1.
    pub(crate) alpha: f64,
}

const NAMES: &[(&str, u32)] = &[
    ("black", 0x000000),
    ("white", 0xffffff),
    ("blue", 0x6464ff),
    ("green", 0x00c800),
    ("red", 0xc80032),
    ("yellow", 0xffff00),
    ("orange", 0xffa500),
    ("purple", 0xc864ff),
    ("brown", 0x966432),
    ("cyan", 0x00ffff),
    ("aqua", 0x009696),
    ("gray", 0xafafaf),
    ("grey", 0xafafaf),
    ("magenta", 0xff00ff),
    ("pink", 0xff6464),
    ("gold", 0xc8c800),
    ("rose", 0xc896c8),
    ("darkblue", 0x0000ff),
    ("darkgreen", 0x00ff00),
    ("darkred", 0xff0000),
    ("darkgray", 0x6f6f6f),
    ("darkgrey", 0x6f6f6f),
];

impl Color {
    /// Of red, green and blue in 24 bits.
    pub(crate) const fn rgb(bits: u32) -> Self {
        let [_, red, green, blue] = bits.to_be_bytes();
        Self {
            red,
            green,
            blue,
            alpha: 1.0,
        }
    }

    /// The same with another opacity.
    pub(crate) const fn with_alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// Black or white: what can be read upon it.
    pub(crate) fn contrast(self) -> Self {
        let part = |share: f64, channel: u8| share * f64::from(channel);
        let brightness = part(0.299, self.red) + part(0.587, self.green) + part(0.114, self.blue);
        Self::rgb(if brightness > 140.0 {
            0x000000
        } else {
            0xffffff
        })
    }

    /// A name, or six or eight hexadecimal digits with or without `#`; the last two of eight are the opacity.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let named = NAMES.iter().find(|(name, _)| *name == text);
        if let Some((_, bits)) = named {
            return Some(Self::rgb(*bits));
        }
        let digits = text.strip_prefix('#').unwrap_or(&text);
        let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hexadecimal || !matches!(digits.len(), 6 | 8) {
            return None;
        }
        let (color, alpha) = digits.split_at_checked(6)?;
        let color = Self::rgb(u32::from_str_radix(color, 16).ok()?);
        Some(match u8::from_str_radix(alpha, 16) {
            Ok(alpha) => color.with_alpha(f64::from(alpha) / 255.0),
            Err(_) => color,
        })
    }

    /// `#rrggbb`.
    pub(crate) fn hexadecimal(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}
