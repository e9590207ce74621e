//! A scene becomes SVG or PNG. The only file that knows plotters.
//!
//! Plotters' backends take whole pixels, so everything is drawn larger than it is shown: an SVG twice, with a view box that
//! undoes it; a PNG twice, averaged down again, which smooths its edges. PNG letters come from a font in the program itself,
//! so that no machine needs one.

use super::picture::scene::{Anchor, Color, Form, Point, Scene, Shape, Text};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontStyle, FontTransform, register_font};
use plotters_backend::{BackendCoord, DrawingErrorKind};
use std::sync::OnceLock;

/// How much larger everything is drawn than it is shown.
const ENLARGED: f64 = 2.0;

/// Plotters counts the size of a font with its line spacing; an em is this much smaller.
const LINE_HEIGHT: f64 = 1.24;

/// What viewers choose a font by; in a PNG it names the font within the program.
const FONT: &str = "sans-serif";

/// A scene could not be drawn. It is a mistake of the drawing code, not of the results.
#[derive(Debug)]
pub struct DrawError(String);

impl std::fmt::Display for DrawError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a chart could not be drawn: {}", self.0)
    }
}

impl std::error::Error for DrawError {}

/// The scene as an SVG document.
///
/// # Errors
/// If plotters refuses a shape.
pub fn svg(scene: &Scene) -> Result<String, DrawError> {
    use_own_font();
    let mut text = String::new();
    let (width, height) = pixels(scene);
    {
        let mut backend = SVGBackend::with_string(&mut text, (width, height));
        draw(&mut backend, scene, draw_bent_path)?;
    }
    // What viewers assume anyway.
    let text = text.replace(" opacity=\"1\"", "");
    let drawn = format!("width=\"{width}\" height=\"{height}\"");
    // Pointed joins would let a line that turns back reach beyond its values.
    let shown =
        format!("width=\"{}\" height=\"{}\" stroke-linejoin=\"round\"", scene.width, scene.height);
    Ok(text.replacen(&drawn, &shown, 1))
}

/// The scene as the bytes of a PNG file.
///
/// # Errors
/// If plotters refuses a shape.
pub fn png(scene: &Scene) -> Result<Vec<u8>, DrawError> {
    use_own_font();
    let (width, height) = pixels(scene);
    let mut buffer = vec![0; (width * height * 3) as usize];
    {
        let mut backend = BitMapBackend::with_buffer(&mut buffer, (width, height));
        draw(&mut backend, &lowered(scene), draw_rounded_path)?;
    }
    let shown = averaged(&buffer, width as usize);
    encoded(&shown, width / 2, height / 2).map_err(|error| DrawError(error.to_string()))
}

fn pixels(scene: &Scene) -> (u32, u32) {
    ((scene.width * ENLARGED) as u32, (scene.height * ENLARGED) as u32 / 2 * 2)
}

fn use_own_font() {
    static REGISTERED: OnceLock<()> = OnceLock::new();
    REGISTERED.get_or_init(|| {
        let _ = register_font(FONT, FontStyle::Normal, dejavu::sans::regular());
        let _ = register_font(FONT, FontStyle::Bold, dejavu::sans::bold());
    });
}

/// Plotters' bitmaps place letters higher than SVG viewers do: the ascent of the font takes part in centering.
fn lowered(scene: &Scene) -> Scene {
    const BY_EM: f64 = 0.2;
    let mut scene = scene.clone();
    for shape in &mut scene.shapes {
        if let Shape::Text(text) = shape {
            let across = if text.upward { &mut text.at.0 } else { &mut text.at.1 };
            *across += BY_EM * text.size;
        }
    }
    scene
}

/// Every two by two pixels become one.
fn averaged(large: &[u8], width: usize) -> Vec<u8> {
    let row = width * 3;
    let mut small = Vec::with_capacity(large.len() / 4);
    for rows in large.chunks_exact(row * 2) {
        for left in (0..row).step_by(6) {
            for channel in left..left + 3 {
                let places = [channel, channel + 3, channel + row, channel + row + 3];
                let sum: u16 = places.iter().map(|&place| u16::from(rows[place])).sum();
                small.push((sum / 4) as u8);
            }
        }
    }
    small
}

fn encoded(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Balanced);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}

/// How a backend draws the line through these points.
type DrawLine<B> = fn(&mut B, &[Point], &ShapeStyle) -> Drawn<B>;

fn draw<B: DrawingBackend>(
    backend: &mut B,
    scene: &Scene,
    line: DrawLine<B>,
) -> Result<(), DrawError> {
    scene
        .shapes
        .iter()
        .try_for_each(|shape| draw_shape(backend, shape, line))
        .and_then(|()| backend.present())
        .map_err(|error| DrawError(error.to_string()))
}

type Drawn<B> = Result<(), DrawingErrorKind<<B as DrawingBackend>::ErrorType>>;

fn draw_path<B: DrawingBackend>(backend: &mut B, points: &[Point], style: &ShapeStyle) -> Drawn<B> {
    backend.draw_path(points.iter().map(place), style)
}

/// Without points in the middle of a straight line: a flat stretch of a curve is drawn from its two ends.
fn draw_bent_path<B: DrawingBackend>(
    backend: &mut B,
    points: &[Point],
    style: &ShapeStyle,
) -> Drawn<B> {
    let mut bends: Vec<BackendCoord> = Vec::with_capacity(points.len());
    for point in points.iter().map(place) {
        if let [.., a, b] = bends[..]
            && is_between(a, b, point)
        {
            bends.pop();
        }
        bends.push(point);
    }
    backend.draw_path(bends, style)
}

/// Whether `b` is on the straight way from `a` to `c`.
fn is_between(a: BackendCoord, b: BackendCoord, c: BackendCoord) -> bool {
    let (there, on) = ((b.0 - a.0, b.1 - a.1), (c.0 - b.0, c.1 - b.1));
    let turns = i64::from(there.0) * i64::from(on.1) - i64::from(there.1) * i64::from(on.0);
    let goes_on = i64::from(there.0) * i64::from(on.0) + i64::from(there.1) * i64::from(on.1);
    turns == 0 && goes_on >= 0
}

/// Piece by piece with a disc at every join: plotters' bitmaps know pointed joins only.
fn draw_rounded_path<B: DrawingBackend>(
    backend: &mut B,
    points: &[Point],
    style: &ShapeStyle,
) -> Drawn<B> {
    for piece in points.windows(2) {
        draw_path(backend, piece, style)?;
    }
    let joins = points.get(1..points.len().saturating_sub(1)).unwrap_or_default();
    joins.iter().filter(|_| style.stroke_width > 2).try_for_each(|join| {
        backend.draw_circle(place(join), style.stroke_width / 2, &style.color.filled(), true)
    })
}

fn draw_shape<B: DrawingBackend>(backend: &mut B, shape: &Shape, line: DrawLine<B>) -> Drawn<B> {
    match shape {
        Shape::Line { points, color, width } => line(backend, points, &stroke(*color, *width)),
        Shape::Area { points, color, opacity } => {
            backend.fill_polygon(points.iter().map(place), &rgb(*color).mix(*opacity))
        }
        Shape::Marker { at, form, color } => draw_marker(backend, *at, *form, *color),
        Shape::Text(text) => draw_text(backend, text),
    }
}

fn place(point: &Point) -> BackendCoord {
    ((point.0 * ENLARGED).round() as i32, (point.1 * ENLARGED).round() as i32)
}

fn rgb(color: Color) -> RGBColor {
    RGBColor(color.0, color.1, color.2)
}

fn stroke(color: Color, width: f64) -> ShapeStyle {
    rgb(color).stroke_width((width * ENLARGED).round() as u32)
}

fn draw_marker<B: DrawingBackend>(
    backend: &mut B,
    at: Point,
    form: Form,
    color: Color,
) -> Drawn<B> {
    const RADIUS: f64 = 6.0;
    let polygon = |corners: &[Point]| -> Vec<BackendCoord> {
        let corner = |c: &Point| place(&(at.0 + RADIUS * c.0, at.1 + RADIUS * c.1));
        corners.iter().map(corner).collect()
    };
    let fill =
        |backend: &mut B, corners: &[Point]| backend.fill_polygon(polygon(corners), &rgb(color));
    let radius = (RADIUS * ENLARGED) as u32;
    match form {
        Form::Disc => backend.draw_circle(place(&at), radius, &rgb(color).filled(), true),
        Form::Ring => {
            backend.draw_circle(place(&at), radius, &WHITE.filled(), true)?;
            backend.draw_circle(place(&at), radius, &stroke(color, 2.5), false)
        }
        Form::Square => fill(backend, &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
        Form::Up => fill(backend, &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)]),
        Form::Down => fill(backend, &[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)]),
        Form::Diamond => fill(backend, &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]),
        Form::Plus => fill(backend, &PLUS),
        Form::Cross => fill(backend, &PLUS.map(|(x, y)| (0.8 * (x - y), 0.8 * (x + y)))),
    }
}

/// The corners of a plus sign.
const PLUS: [Point; 12] = [
    (-0.4, -1.2),
    (0.4, -1.2),
    (0.4, -0.4),
    (1.2, -0.4),
    (1.2, 0.4),
    (0.4, 0.4),
    (0.4, 1.2),
    (-0.4, 1.2),
    (-0.4, 0.4),
    (-1.2, 0.4),
    (-1.2, -0.4),
    (-0.4, -0.4),
];

fn draw_text<B: DrawingBackend>(backend: &mut B, text: &Text) -> Drawn<B> {
    let color = rgb(text.color);
    let style = if text.bold { FontStyle::Bold } else { FontStyle::Normal };
    let turned = if text.upward { FontTransform::Rotate270 } else { FontTransform::None };
    let size = text.size * ENLARGED * LINE_HEIGHT;
    let font = FontDesc::new(FontFamily::Name(FONT), size, style).transform(turned);
    let anchor = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let style = TextStyle::from(font).color(&color).pos(Pos::new(anchor, VPos::Center));
    backend.draw_text(&text.text, &style, place(&text.at))
}
