//! What stands above every chart: its title, what it shows, and the legend.

use super::legend::{self, Entry};
use super::palette;
use super::scene::{Anchor, Frame, Point, Scene, Text};
use super::text;

/// The width of every chart in pixels: that of a projector.
pub const WIDTH: f64 = 1_280.0;
/// Free space at the left and the right.
pub const MARGIN: f64 = 28.0;

const TITLE: f64 = 27.0;
const CAPTION: f64 = 16.0;
const CAPTION_ROW: f64 = 22.0;

/// An empty canvas with a head; and where its head ends.
#[must_use]
pub fn canvas(title: &str, caption: &str, entries: &[Entry]) -> (Scene, f64) {
    let mut scene = Scene { width: WIDTH, height: 0.0, shapes: Vec::new() };
    let room = WIDTH - 2.0 * MARGIN;
    let title = text::fitted(title, TITLE, true, room);
    scene.text(line((MARGIN, 34.0), title, TITLE, true));
    let mut y = 66.0;
    for caption in text::wrapped(caption, CAPTION, room) {
        let text = line((MARGIN, y), caption, CAPTION, false);
        scene.text(Text { color: palette::MUTED, ..text });
        y += CAPTION_ROW;
    }
    legend::draw(&mut scene, entries, (MARGIN, y), room);
    (scene, y + legend::height(entries, room) + 10.0)
}

/// Ends a canvas at `height` and lays paper under it.
#[must_use]
pub fn finished(mut scene: Scene, height: f64) -> Scene {
    scene.height = height.ceil();
    let frame = Frame { left: 0.0, top: 0.0, width: WIDTH, height: scene.height };
    scene.rectangle(frame, palette::PAPER, 1.0);
    scene.shapes.rotate_right(1);
    scene
}

/// A text that begins at `at`.
#[must_use]
pub fn line(at: Point, text: impl Into<String>, size: f64, bold: bool) -> Text {
    let (text, color, anchor) = (text.into(), palette::INK, Anchor::Start);
    Text { at, text, size, color, anchor, bold, upward: false }
}

/// What stands beside the axis of values, from below to above, at the left edge of the canvas.
#[must_use]
pub fn axis_title(text: &str, middle: f64) -> Text {
    let text = line((16.0, middle), text, 15.0, false);
    Text { anchor: Anchor::Middle, color: palette::MUTED, upward: true, ..text }
}
