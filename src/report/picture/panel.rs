//! One plot: a frame, a grid, what happened when, and the curves.

use super::axis::{Axis, Scale, TICK_SIZE};
use super::curve::{Curve, Thinning, simplified, thinned, unbroken};
use super::palette;
use super::scene::{Anchor, Color, Form, Frame, Point, Scene, Shape, Text};
use super::text;
use crate::experiment::results::FaultWindow;

/// A plot under construction.
pub struct Panel<'a> {
    scene: &'a mut Scene,
    frame: Frame,
    time: &'a Axis,
    value: &'a Axis,
}

/// Points further than this from a straight line are seen.
const TOLERANCE: f64 = 0.35;

impl<'a> Panel<'a> {
    /// An empty plot in `frame`, with its grid.
    pub fn new(scene: &'a mut Scene, frame: Frame, time: &'a Axis, value: &'a Axis) -> Panel<'a> {
        let mut panel = Panel { scene, frame, time, value };
        panel.draw_grid();
        panel
    }

    fn x(&self, time_s: f64) -> f64 {
        self.frame.left + self.frame.width * self.time.share_of(time_s)
    }

    /// A logarithmic axis has no place for nought.
    fn y(&self, value: f64) -> f64 {
        let has_place = self.value.scale == Scale::Linear || value > 0.0;
        if value.is_finite() && has_place {
            self.frame.bottom() - self.frame.height * self.value.share_of(value)
        } else {
            f64::NAN
        }
    }

    fn draw_grid(&mut self) {
        let Frame { left, top, .. } = self.frame;
        let (right, bottom) = (self.frame.right(), self.frame.bottom());
        for (value, _) in &self.value.ticks {
            let y = self.y(*value);
            self.scene.line(vec![(left, y), (right, y)], palette::GRID, 1.0);
        }
        for (time_s, _) in &self.time.ticks {
            let x = self.x(*time_s);
            self.scene.line(vec![(x, top), (x, bottom)], palette::GRID, 1.0);
        }
        self.scene.line(vec![(left, top), (left, bottom), (right, bottom)], palette::BORDER, 1.0);
    }

    /// Labels on the left.
    pub fn value_labels(&mut self) {
        for (value, label) in &self.value.ticks {
            let at = (self.frame.left - 8.0, self.y(*value));
            self.scene.text(tick(at, label, Anchor::End));
        }
    }

    /// Labels below. The last one is pulled in, so that it stays on the canvas.
    pub fn time_labels(&mut self) {
        let y = self.frame.bottom() + 17.0;
        for (time_s, label) in &self.time.ticks {
            let half = text::width(label, TICK_SIZE, false) / 2.0;
            let x = self.x(*time_s).min(self.frame.right() + 24.0 - half);
            self.scene.text(tick((x, y), label, Anchor::Middle));
        }
    }

    /// Shades the time in which faults were active.
    pub fn shade(&mut self, faults: &[FaultWindow]) {
        for fault in faults {
            let (from, until) = (self.x(fault.from_s), self.x(fault.until_s));
            let width = (until - from).max(1.5);
            let shade = Frame { left: from, width, ..self.frame };
            self.scene.rectangle(shade, palette::FAULT, 0.13);
        }
    }

    /// Says what the shades are, in the upper part of the plot; those that would overlap stand below one another.
    /// Gives back how many rows they take.
    pub fn label_faults(&mut self, faults: &[FaultWindow]) -> usize {
        /// More would cover the plot; the caption says what shades are.
        const MOST: usize = 3;
        if faults.len() > MOST {
            return 0;
        }
        let mut ends = [f64::NEG_INFINITY; MOST];
        for fault in faults {
            let label = format!("{} {}", fault.kind, fault.node);
            let label = text::fitted(&label, TICK_SIZE, false, self.frame.width - 8.0);
            let width = text::width(&label, TICK_SIZE, false);
            let left = (self.x(fault.from_s) + 4.0).min(self.frame.right() - width - 4.0);
            let row = ends.iter().position(|&end| end < left).unwrap_or(0);
            ends[row] = left + width + 6.0;
            let at = (left, self.frame.top + 12.0 + 18.0 * row as f64);
            let text = tick(at, &label, Anchor::Start);
            self.scene.rectangle(text::extent(&text), palette::PAPER, 0.7);
            self.scene.text(Text { color: palette::FAULT, ..text });
        }
        ends.iter().filter(|end| end.is_finite()).count()
    }

    /// Ticks below the lower edge: moments that matter, such as crashes. Those that would run together are drawn once.
    pub fn ticks(&mut self, times_s: &[f64], color: Color) {
        let bottom = self.frame.bottom();
        let mut drawn = f64::NEG_INFINITY;
        for &time_s in times_s {
            let x = self.x(time_s);
            if x - drawn >= 3.0 {
                self.scene.line(vec![(x, bottom), (x, bottom + 7.0)], color, 1.0);
                drawn = x;
            }
        }
    }

    /// A line, and the band of its replications.
    pub fn curve(&mut self, curve: &Curve, thinning: Thinning, color: Color, width: f64) {
        if let Some((low, high)) = &curve.band {
            self.area(&curve.times_s, (low, high), thinning, color, 0.2);
        }
        for piece in self.pieces(&curve.times_s, &curve.mean, thinning) {
            self.scene.line(piece, color, width);
        }
    }

    /// A band between two lines; nothing where they are one.
    pub fn area(
        &mut self,
        times_s: &[f64],
        (low, high): (&[f64], &[f64]),
        thinning: Thinning,
        color: Color,
        opacity: f64,
    ) {
        // Where only the highest values of a line are drawn, its band keeps both ends.
        let thinning = if thinning == Thinning::Mean { thinning } else { Thinning::Extremes };
        let zipped = || times_s.iter().zip(low.iter().zip(high));
        if !zipped().any(|(_, (low, high))| high > low) {
            return;
        }
        let known = |low: f64, high: f64, value: f64| {
            if (low + high).is_finite() { value } else { f64::NAN }
        };
        let lower: Vec<f64> = zipped().map(|(_, (l, h))| known(*l, *h, *l)).collect();
        let upper: Vec<f64> = zipped().map(|(_, (l, h))| known(*l, *h, *h)).collect();
        let lower = self.pieces(times_s, &lower, thinning);
        let upper = self.pieces(times_s, &upper, thinning);
        for (lower, mut points) in lower.into_iter().zip(upper) {
            points.extend(lower.into_iter().rev());
            self.scene.shapes.push(Shape::Area { points, color, opacity });
        }
    }

    /// The visible pieces of a line, in pixels.
    fn pieces(&self, times_s: &[f64], values: &[f64], thinning: Thinning) -> Vec<Vec<Point>> {
        let points = times_s.iter().zip(values).map(|(t, v)| (self.x(*t), self.y(*v)));
        let pieces = unbroken(&points.collect::<Vec<_>>()).into_iter();
        pieces.map(|piece| simplified(&thinned(&piece, thinning), TOLERANCE)).map(seen).collect()
    }

    /// What arithmetic predicts: dashed, and said in the upper right corner, below `rows_above` other rows.
    pub fn reference(&mut self, points: &[(f64, f64)], label: &str, rows_above: usize) {
        let points: Vec<Point> = points.iter().map(|(t, v)| (self.x(*t), self.y(*v))).collect();
        for piece in unbroken(&points) {
            self.scene.dashed(&piece, palette::INK, 1.5);
        }
        let label = text::fitted(label, TICK_SIZE, false, self.frame.width - 12.0);
        let y = self.frame.top + 12.0 + 18.0 * rows_above as f64;
        let text = tick((self.frame.right() - 5.0, y), &label, Anchor::End);
        self.scene.rectangle(text::extent(&text), palette::PAPER, 0.8);
        self.scene.text(Text { color: palette::INK, ..text });
    }

    /// Says in the middle of an empty plot why it is empty.
    pub fn say(&mut self, words: &str) {
        let center =
            (self.frame.left + self.frame.width / 2.0, self.frame.top + self.frame.height / 2.0);
        self.scene.text(Text { color: palette::MUTED, ..tick(center, words, Anchor::Middle) });
    }

    /// Where a value stands, for markers and labels outside of the plot.
    #[must_use]
    pub fn place(&self, time_s: f64, value: f64) -> Point {
        (self.x(time_s), self.y(value))
    }

    /// A marker on a line.
    pub fn mark(&mut self, at: Point, form: Form, color: Color) {
        self.scene.shapes.push(Shape::Marker { at, form, color });
    }
}

/// A single value is drawn as a short stroke.
fn seen(mut piece: Vec<Point>) -> Vec<Point> {
    if let [(x, y)] = piece[..] {
        piece = vec![(x - 2.0, y), (x + 2.0, y)];
    }
    piece
}

fn tick(at: Point, label: &str, anchor: Anchor) -> Text {
    Text {
        at,
        text: label.to_owned(),
        size: TICK_SIZE,
        color: palette::MUTED,
        anchor,
        bold: false,
        upward: false,
    }
}
