//! How an app looks to its users where they consent: a colour and a logo, beside its name.

use std::fmt;

/// How an app looks; what is none looks like Valetkey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brand {
    /// The colour of buttons, links and signs.
    pub colour: Option<Colour>,
    /// The SHA-256 of its logo, in hexadecimal digits.
    pub logo: Option<String>,
}

/// A colour: red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// What people read on: the sheets and grounds of the pages, light then dark, as the stylesheet has them.
pub const GROUNDS: [[Colour; 2]; 2] = [
    [Colour([0xff, 0xff, 0xff]), Colour([0xf4, 0xf2, 0xed])],
    [Colour([0x1b, 0x1e, 0x1b]), Colour([0x12, 0x14, 0x12])],
];

const WHITE: Colour = Colour([0xff, 0xff, 0xff]);
const BLACK: Colour = Colour([0, 0, 0]);

/// The contrast that text needs (WCAG 2.2, 1.4.3).
const NEEDED: f64 = 4.5;

/// Why a colour won't do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WrongColour {
    /// It is not written as one.
    #[error("a colour is written as #0b5d4e: six hexadecimal digits behind a #")]
    Form,
    /// Text in it can't be read.
    #[error(
        "text in {colour} on {ground} has a contrast of {contrast:.1}:1, and people need {NEEDED}:1 to read it (WCAG 2.2, \
         1.4.3): choose a darker one"
    )]
    Contrast {
        /// The colour.
        colour: Colour,
        /// What it is read on.
        ground: Colour,
        /// How far the two are apart.
        contrast: f64,
    },
}

/// A colour with those that go with it, for one theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shades {
    /// Buttons, links and signs.
    pub accent: Colour,
    /// The same under a pointer.
    pub strong: Colour,
    /// Text on either.
    pub on: Colour,
}

impl Colour {
    /// Reads `#0b5d4e`, and refuses what nobody could read on the pages.
    ///
    /// # Errors
    /// It is no colour, or too pale.
    pub fn parse(text: &str) -> Result<Self, WrongColour> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or(WrongColour::Form)?;
        let [_, red, green, blue] = number.to_be_bytes();
        let colour = Self([red, green, blue]);
        let [light, _] = GROUNDS;
        for ground in light {
            let contrast = colour.contrast(ground);
            if contrast < NEEDED {
                return Err(WrongColour::Contrast { colour, ground, contrast });
            }
        }
        Ok(colour)
    }

    /// The digits alone.
    #[must_use]
    pub fn digits(self) -> String {
        self.to_string().split_off(1)
    }

    /// The shades of the light theme, then those of the dark one: there it is as light as reading takes.
    #[must_use]
    pub fn shades(self) -> [Shades; 2] {
        let [_, dark] = GROUNDS;
        let reads = |colour: &Self| dark.iter().all(|ground| colour.contrast(*ground) >= NEEDED);
        let lighter = (0..=100).map(|percent| self.mixed(WHITE, percent)).find(reads).unwrap_or(WHITE);
        [
            Shades { accent: self, strong: self.mixed(BLACK, 20), on: WHITE },
            Shades { accent: lighter, strong: lighter.mixed(WHITE, 30), on: BLACK },
        ]
    }

    /// So many hundredths of another colour mixed in.
    fn mixed(self, other: Self, percent: u16) -> Self {
        let mix = |(one, two): (u8, u8)| {
            let sum = u16::from(one) * (100 - percent) + u16::from(two) * percent;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        let ([a, b, c], [d, e, f]) = (self.0, other.0);
        Self([(a, d), (b, e), (c, f)].map(mix))
    }

    /// The contrast ratio of two colours (WCAG 2.2).
    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The most bytes of a logo.
pub const MAX_LOGO: usize = 64 * 1024;

/// The most pixels along a side of a logo.
const MAX_SIDE: u32 = 1024;

/// What a logo is. A picture that can hold a program (SVG) is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoKind {
    /// `image/png`
    Png,
    /// `image/jpeg`
    Jpeg,
}

/// Why a picture can't be a logo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongLogo {
    /// Too many bytes.
    #[error("a logo has at most 64 KiB: save it smaller")]
    Bytes,
    /// Too many pixels, or none.
    #[error("a logo has 1 to 1,024 pixels along each side")]
    Pixels,
    /// Another kind of picture, or none.
    #[error(
        "a logo is a PNG or JPEG picture, whole and whatever its file is called; SVG may hold programs and is not taken"
    )]
    Kind,
}

impl LogoKind {
    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// What the bytes are, by how they begin; a file's name and what its sender calls it count for nothing.
    ///
    /// # Errors
    /// They are no picture that a logo can be.
    pub fn of(bytes: &[u8]) -> Result<Self, WrongLogo> {
        if bytes.len() > MAX_LOGO {
            return Err(WrongLogo::Bytes);
        }
        let (kind, sides) = match png(bytes) {
            Some(sides) => (Self::Png, sides),
            None => (Self::Jpeg, jpeg(bytes).ok_or(WrongLogo::Kind)?),
        };
        if sides.iter().all(|side| (1..=MAX_SIDE).contains(side)) { Ok(kind) } else { Err(WrongLogo::Pixels) }
    }
}

/// Width and height of a PNG (its first chunk is IHDR).
fn png(bytes: &[u8]) -> Option<[u32; 2]> {
    let rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR")?;
    let (width, rest) = rest.split_first_chunk()?;
    let (height, _) = rest.split_first_chunk()?;
    Some([u32::from_be_bytes(*width), u32::from_be_bytes(*height)])
}

/// Width and height of a JPEG: of its first frame header, behind segments that say how long they are.
fn jpeg(bytes: &[u8]) -> Option<[u32; 2]> {
    let mut rest = bytes.strip_prefix(b"\xff\xd8")?;
    loop {
        let ([0xff, marker, high, low], after) = rest.split_first_chunk()? else { return None };
        let length = usize::from(u16::from_be_bytes([*high, *low])).checked_sub(2)?;
        let frame = matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        if frame {
            let ([_, a, b, c, d], _) = after.split_first_chunk()?;
            return Some([u16::from_be_bytes([*c, *d]), u16::from_be_bytes([*a, *b])].map(u32::from));
        }
        // Each turn goes at least four bytes on.
        rest = after.get(length..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PNG of these sides, as far as anybody looks.
    fn picture(width: u32, height: u32) -> Vec<u8> {
        [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"[..], &width.to_be_bytes(), &height.to_be_bytes(), b"\x08\x06"].concat()
    }

    #[test]
    fn a_colour_that_nobody_could_read_is_refused_with_how_far_it_is() {
        assert_eq!(Colour::parse("#0B5D4E").unwrap().to_string(), "#0b5d4e");
        for wrong in ["", "0b5d4e", "#0b5d4", "#0b5d4e0", "#0b5d4g", "red", "#+b5d4e", "#é5d4e", "url(x)"] {
            assert_eq!(Colour::parse(wrong), Err(WrongColour::Form), "{wrong}");
        }
        let pale = Colour::parse("#ffd400").unwrap_err().to_string();
        assert!(pale.starts_with("text in #ffd400 on #ffffff has a contrast of 1.4:1"), "{pale}");
        // WCAG's own example: #777777 on white has 4.48.
        assert!(matches!(Colour::parse("#777777"), Err(WrongColour::Contrast { .. })));
    }

    #[test]
    fn every_colour_that_is_taken_is_read_in_both_themes() {
        let mut taken = 0;
        for number in (0..0x0100_0000_u32).step_by(9_973) {
            let Ok(colour) = Colour::parse(&format!("#{number:06x}")) else { continue };
            taken += 1;
            for (shades, grounds) in colour.shades().into_iter().zip(GROUNDS) {
                for shade in [shades.accent, shades.strong] {
                    assert!(grounds.iter().all(|ground| shade.contrast(*ground) >= NEEDED), "{colour}: {shade}");
                    assert!(shades.on.contrast(shade) >= NEEDED, "{colour}: text on {shade}");
                }
            }
        }
        assert!(taken > 300, "only {taken} colours were looked at");
    }

    #[test]
    fn a_logo_is_what_its_bytes_are() {
        assert_eq!(LogoKind::of(&picture(256, 64)), Ok(LogoKind::Png));
        let jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x40\x01\x00\x03";
        assert_eq!(LogoKind::of(jpeg), Ok(LogoKind::Jpeg));
        for (width, height) in [(0, 1), (1_025, 1), (u32::MAX, 64)] {
            assert_eq!(LogoKind::of(&picture(width, height)), Err(WrongLogo::Pixels));
        }
        assert_eq!(LogoKind::of(&[&picture(1, 1)[..], &vec![0; MAX_LOGO]].concat()), Err(WrongLogo::Bytes));
        let wrong: [&[u8]; 8] = [
            b"",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            b"GIF89a\x01\0\x01\0",
            b"<html>",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff\xe0\x00\x01",
            b"\xff\xd8\xff\xe0\xff\xff",
            b"\xff\xd8",
        ];
        for bytes in wrong {
            assert_eq!(LogoKind::of(bytes), Err(WrongLogo::Kind), "{bytes:?}");
        }
    }
}
