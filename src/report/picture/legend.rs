//! What the signs on a chart mean: a row of entries below its title, in as many rows as they need.

use super::palette;
use super::scene::{Anchor, Color, Frame, Point, Scene, Text};
use super::text;

/// An entry of a legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// How it is drawn.
    pub sign: Sign,
    /// What it is.
    pub label: String,
}

/// How something is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sign {
    /// A filled area.
    Area(Color, f64),
    /// A line of a width.
    Line(Color, f64),
    /// A dashed line.
    Dashed,
    /// A tick on an axis.
    Tick(Color),
}

const SIZE: f64 = 15.0;
const ROW: f64 = 24.0;
const SIGN_WIDTH: f64 = 26.0;
const GAP: f64 = 22.0;

/// The height of a legend that is `width` pixels wide.
#[must_use]
pub fn height(entries: &[Entry], width: f64) -> f64 {
    places(entries, width).last().map_or(0.0, |place| place.1 + ROW)
}

/// Draws the entries from the left upper corner on.
pub fn draw(scene: &mut Scene, entries: &[Entry], corner: Point, width: f64) {
    for (entry, place) in entries.iter().zip(places(entries, width)) {
        let at = (corner.0 + place.0, corner.1 + place.1 + ROW / 2.0);
        draw_sign(scene, entry.sign, at);
        scene.text(Text {
            at: (at.0 + SIGN_WIDTH + 7.0, at.1),
            text: label(entry, width),
            size: SIZE,
            color: palette::INK,
            anchor: Anchor::Start,
            bold: false,
            upward: false,
        });
    }
}

fn label(entry: &Entry, width: f64) -> String {
    text::fitted(&entry.label, SIZE, false, width - SIGN_WIDTH - 7.0)
}

fn places(entries: &[Entry], width: f64) -> Vec<Point> {
    let mut next = (0.0, 0.0);
    let mut places = Vec::new();
    for entry in entries {
        let room = SIGN_WIDTH + 7.0 + text::width(&label(entry, width), SIZE, false);
        if next.0 > 0.0 && next.0 + room > width {
            next = (0.0, next.1 + ROW);
        }
        places.push(next);
        next.0 += room + GAP;
    }
    places
}

fn draw_sign(scene: &mut Scene, sign: Sign, (left, y): Point) {
    let right = left + SIGN_WIDTH;
    match sign {
        Sign::Area(color, opacity) => {
            let frame = Frame { left, top: y - 7.0, width: SIGN_WIDTH, height: 14.0 };
            scene.rectangle(frame, color, opacity);
        }
        Sign::Line(color, width) => scene.line(vec![(left, y), (right, y)], color, width),
        Sign::Dashed => scene.dashed(&[(left, y), (right, y)], palette::INK, 1.5),
        Sign::Tick(color) => {
            let x = left + SIGN_WIDTH / 2.0;
            scene.line(vec![(x, y - 6.0), (x, y + 6.0)], color, 2.0);
        }
    }
}
