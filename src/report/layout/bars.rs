//! A bar for each variant, made of parts that add up.

use crate::experiment::results::{Results, VariantResult};
use crate::report::catalog::{Chart, Layer};
use crate::report::number;
use crate::report::picture::head::{self, MARGIN, WIDTH};
use crate::report::picture::legend::{Entry, Sign};
use crate::report::picture::palette;
use crate::report::picture::scene::{Anchor, Color, Frame, Point, Scene, Shape, Text};
use crate::report::picture::text;
use crate::report::spread;

const BAR: f64 = 46.0;
const ROW: f64 = 78.0;
const NAME_SIZE: f64 = 17.0;
const LABEL_SIZE: f64 = 15.0;
const NAMES_AT_MOST: f64 = 320.0;

/// Draws the chart; `None` if no part has any size.
pub fn draw(chart: &Chart, results: &Results) -> Option<Scene> {
    let bars: Vec<Bar> = results.variants.iter().map(|variant| Bar::of(chart, variant)).collect();
    let longest = bars.iter().map(Bar::length).fold(0.0, f64::max);
    if longest <= 0.0 {
        return None;
    }
    let (mut scene, top) = head::canvas(chart.title, chart.shows, &entries(chart, &bars));
    let names = bars.iter().map(|bar| text::width(bar.name, NAME_SIZE, true));
    let names = names.fold(0.0, f64::max).min(NAMES_AT_MOST).ceil() + 36.0;
    let totals = bars.iter().map(|bar| text::width(&bar.total_label(), LABEL_SIZE, false));
    let left = MARGIN + names;
    let room = WIDTH - MARGIN - left - totals.fold(0.0, f64::max) - 12.0;
    let height = row_height(bars.len());
    for (index, bar) in bars.iter().enumerate() {
        let middle = top + (index as f64 + 0.5) * height;
        draw_name(&mut scene, bar.name, index, (MARGIN, middle), names - 36.0);
        bar.draw(&mut scene, (left, middle), room / longest);
    }
    let bottom = top + height * bars.len() as f64;
    Some(head::finished(scene, bottom + 16.0))
}

/// Six bars fill a projector.
fn row_height(bars: usize) -> f64 {
    (560.0 / bars as f64).clamp(BAR + 10.0, ROW * 1.3)
}

fn entries(chart: &Chart, bars: &[Bar]) -> Vec<Entry> {
    let visible = |part: usize| bars.iter().any(|bar| bar.parts[part].1 > 0.0);
    let layers = chart.layers.iter().enumerate().filter(|(part, _)| visible(*part));
    let entry = |(_, layer): (usize, &Layer)| Entry {
        sign: Sign::Area(layer.color, 1.0),
        label: layer.label.to_owned(),
    };
    layers.map(entry).collect()
}

fn draw_name(scene: &mut Scene, name: &str, index: usize, at: Point, room: f64) {
    let (form, color) = (palette::form(index), palette::variant(index));
    scene.shapes.push(Shape::Marker { at: (at.0 + 7.0, at.1), form, color });
    let name = text::fitted(name, NAME_SIZE, true, room);
    scene.text(head::line((at.0 + 22.0, at.1), name, NAME_SIZE, true));
}

struct Bar<'a> {
    name: &'a str,
    parts: Vec<(Color, f64)>,
}

impl Bar<'_> {
    fn of<'a>(chart: &Chart, variant: &'a VariantResult) -> Bar<'a> {
        let size = |layer: &Layer| {
            let mean = spread::total(variant, layer.reading.column()).mean;
            (layer.color, mean.filter(|size| size.is_finite()).unwrap_or(0.0).max(0.0))
        };
        Bar { name: &variant.name, parts: chart.layers.iter().map(size).collect() }
    }

    fn length(&self) -> f64 {
        self.parts.iter().map(|part| part.1).sum()
    }

    fn total_label(&self) -> String {
        number::count(self.length().round())
    }

    /// From `left` on, around `middle`, at `scale` pixels for one.
    fn draw(&self, scene: &mut Scene, (left, middle): Point, scale: f64) {
        let mut x = left;
        for &(color, size) in &self.parts {
            let (top, width) = (middle - BAR / 2.0, size * scale);
            if width > 0.0 {
                scene.rectangle(Frame { left: x, top, width, height: BAR }, color, 1.0);
                label_part(scene, size, color, (x, middle), width);
            }
            x += width;
        }
        let total = head::line((x + 8.0, middle), self.total_label(), LABEL_SIZE, false);
        scene.text(Text { color: palette::MUTED, ..total });
    }
}

/// The size of a part, where it fits.
fn label_part(scene: &mut Scene, size: f64, color: Color, (left, middle): Point, width: f64) {
    let label = number::count(size.round());
    if text::width(&label, LABEL_SIZE, true) + 10.0 > width {
        return;
    }
    let text = head::line((left + width / 2.0, middle), label, LABEL_SIZE, true);
    scene.text(Text { color: contrast(color), anchor: Anchor::Middle, ..text });
}

/// Ink on light colors, paper on dark ones (relative luminance of ITU-R BT.709).
fn contrast(color: Color) -> Color {
    let luminance =
        0.2126 * f64::from(color.0) + 0.7152 * f64::from(color.1) + 0.0722 * f64::from(color.2);
    if luminance > 110.0 { palette::INK_ON_COLOR } else { palette::PAPER }
}
