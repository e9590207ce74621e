//! What a picture consists of: lines, areas, markers and text at their places, in pixels of a 1,280-pixel-wide canvas.
//!
//! Layout ends here and drawing begins: the same scene becomes SVG or PNG, and a test can ask it whether two labels overlap.

/// Right and down from the upper left corner.
pub type Point = (f64, f64);

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// In pixels.
    pub width: f64,
    /// In pixels.
    pub height: f64,
    /// From back to front.
    pub shapes: Vec<Shape>,
}

/// Something to draw.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A line through points.
    Line {
        /// Its corners.
        points: Vec<Point>,
        /// Its color.
        color: Color,
        /// Its width in pixels.
        width: f64,
    },
    /// A filled polygon.
    Area {
        /// Its corners.
        points: Vec<Point>,
        /// Its color.
        color: Color,
        /// From 0, invisible, to 1.
        opacity: f64,
    },
    /// A small sign.
    Marker {
        /// Its center.
        at: Point,
        /// Its form.
        form: Form,
        /// Its color.
        color: Color,
    },
    /// A line of text.
    Text(Text),
}

/// Forms of markers, so that a variant can be told without its color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// ●
    Disc,
    /// ■
    Square,
    /// ▲
    Up,
    /// ◆
    Diamond,
    /// ▼
    Down,
    /// ✚
    Plus,
    /// ✖
    Cross,
    /// ○
    Ring,
}

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// Where it is anchored; vertically its middle.
    pub at: Point,
    /// What it says, as it is: escaping is the business of whoever draws.
    pub text: String,
    /// The size of the font in pixels.
    pub size: f64,
    /// Its color.
    pub color: Color,
    /// Which of its ends stands at `at`.
    pub anchor: Anchor,
    /// Whether it is bold.
    pub bold: bool,
    /// Whether it is turned to read upward.
    pub upward: bool,
}

/// Which end of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The left.
    Start,
    /// The middle.
    Middle,
    /// The right.
    End,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Its left edge.
    pub left: f64,
    /// Its upper edge.
    pub top: f64,
    /// To the right.
    pub width: f64,
    /// Downward.
    pub height: f64,
}

impl Frame {
    /// Its right edge.
    #[must_use]
    pub fn right(self) -> f64 {
        self.left + self.width
    }

    /// Its lower edge.
    #[must_use]
    pub fn bottom(self) -> f64 {
        self.top + self.height
    }
}

impl Scene {
    /// Adds a line.
    pub fn line(&mut self, points: Vec<Point>, color: Color, width: f64) {
        self.shapes.push(Shape::Line { points, color, width });
    }

    /// Adds a dashed line. Only for straight ones: every dash is a shape of its own.
    pub fn dashed(&mut self, points: &[Point], color: Color, width: f64) {
        for dash in dashes(points, 7.0, 5.0) {
            self.line(dash, color, width);
        }
    }

    /// Adds a filled rectangle.
    pub fn rectangle(&mut self, frame: Frame, color: Color, opacity: f64) {
        let (left, right, top, bottom) = (frame.left, frame.right(), frame.top, frame.bottom());
        let points = vec![(left, top), (right, top), (right, bottom), (left, bottom)];
        self.shapes.push(Shape::Area { points, color, opacity });
    }

    /// Adds text.
    pub fn text(&mut self, text: Text) {
        self.shapes.push(Shape::Text(text));
    }

    /// All its texts.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        self.shapes.iter().filter_map(|shape| match shape {
            Shape::Text(text) => Some(text),
            Shape::Line { .. } | Shape::Area { .. } | Shape::Marker { .. } => None,
        })
    }
}

/// Cuts a line into dashes of `on` pixels with `off` between them.
fn dashes(points: &[Point], on: f64, off: f64) -> Vec<Vec<Point>> {
    let mut dashes = Vec::new();
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let at = |along: f64| {
            let share = (along / length).min(1.0);
            (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1))
        };
        let mut along = 0.0;
        while along < length {
            dashes.push(vec![at(along), at(along + on)]);
            along += on + off;
        }
    }
    dashes
}
