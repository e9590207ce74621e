//! Colors that everybody can tell apart, and what each of them means.
//!
//! The eight hues are those of M. Okabe and K. Ito, *Color Universal Design* (2008), made for every kind of color vision.
//! A variant has the same color and marker on every chart; places and outcomes have fixed colors of their own.

use super::scene::{Color, Form};

/// Text and the most important lines.
pub const INK: Color = Color(0x1f, 0x29, 0x33);
/// Text on a color, which stays dark where a page turns the others light.
pub const INK_ON_COLOR: Color = Color(0x1a, 0x22, 0x2b);
/// Text of less importance.
pub const MUTED: Color = Color(0x52, 0x5f, 0x6b);
/// Lines of a grid.
pub const GRID: Color = Color(0xe1, 0xe5, 0xe9);
/// Lines around a panel.
pub const BORDER: Color = Color(0x9a, 0xa5, 0xb1);
/// What everything is drawn on.
pub const PAPER: Color = Color(0xff, 0xff, 0xff);
/// The time in which a fault is active.
pub const FAULT: Color = Color(0xb0, 0x6a, 0x00);

/// Okabe and Ito's orange.
pub const ORANGE: Color = Color(0xe6, 0x9f, 0x00);
/// Okabe and Ito's sky blue.
pub const SKY: Color = Color(0x56, 0xb4, 0xe9);
/// Okabe and Ito's bluish green.
pub const GREEN: Color = Color(0x00, 0x9e, 0x73);
/// Okabe and Ito's yellow.
pub const YELLOW: Color = Color(0xf0, 0xe4, 0x42);
/// Okabe and Ito's blue.
pub const BLUE: Color = Color(0x00, 0x72, 0xb2);
/// Okabe and Ito's vermilion.
pub const VERMILION: Color = Color(0xd5, 0x5e, 0x00);
/// Okabe and Ito's reddish purple.
pub const PURPLE: Color = Color(0xcc, 0x79, 0xa7);
/// Okabe and Ito's yellow, darkened until a line of it is seen on paper.
pub const OCHRE: Color = Color(0xb3, 0xa0, 0x00);
/// In place of Okabe and Ito's black, which is the color of text here.
pub const SLATE: Color = Color(0x6b, 0x72, 0x80);

const VARIANTS: [Color; 8] = [VERMILION, BLUE, GREEN, ORANGE, SKY, PURPLE, SLATE, OCHRE];

const FORMS: [Form; 8] = [
    Form::Disc,
    Form::Square,
    Form::Up,
    Form::Diamond,
    Form::Down,
    Form::Plus,
    Form::Cross,
    Form::Ring,
];

/// The color of the `index`th variant.
#[must_use]
pub fn variant(index: usize) -> Color {
    VARIANTS[index % VARIANTS.len()]
}

/// The marker of the `index`th variant. Beyond eight variants colors come again, but with other markers.
#[must_use]
pub fn form(index: usize) -> Form {
    FORMS[(index + index / VARIANTS.len()) % FORMS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_of_sixty_four_variants_look_the_same() {
        for a in 0..64 {
            for b in 0..a {
                assert!(variant(a) != variant(b) || form(a) != form(b), "{a} {b}");
            }
        }
    }
}
