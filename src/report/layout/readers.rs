//! Who reads which partition, and how far behind: a row for each partition, in the color of whoever reads it, and white while nobody does.

use super::plan::{self, MOMENTS};
use crate::experiment::results::{Results, VariantResult};
use crate::metrics::marks;
use crate::metrics::summary::{MarkRow, NodeKind};
use crate::report::catalog::Chart;
use crate::report::number;
use crate::report::picture::axis::{Axis, Scale};
use crate::report::picture::curve::{Curve, Reading, Thinning};
use crate::report::picture::head::{self, MARGIN, WIDTH};
use crate::report::picture::legend::{Entry, Sign};
use crate::report::picture::palette;
use crate::report::picture::panel::Panel;
use crate::report::picture::scene::{Color, Frame, Scene, Shape};
use crate::report::picture::text;
use crate::report::spread::Scope;

const ROW: f64 = 18.0;
const HEAD: f64 = 34.0;
const FOOT: f64 = 44.0;
const GUTTER: f64 = 60.0;
const NAME_SIZE: f64 = 17.0;
/// How much of a color is seen behind the lag.
const OPACITY: f64 = 0.45;
/// More rows are not read.
const MOST_ROWS: usize = 16;

/// The colors of readers; beyond them colors come again.
const COLORS: [Color; 6] = [
    palette::SKY,
    palette::ORANGE,
    palette::GREEN,
    palette::PURPLE,
    palette::YELLOW,
    palette::VERMILION,
];

/// A time during which somebody reads a partition for a group.
struct Span<'a> {
    from_s: f64,
    until_s: f64,
    reader: &'a str,
    group: &'a str,
}

/// What all panels have in common.
struct Sheet<'a> {
    /// The names of partitions, from above to below.
    rows: Vec<&'a str>,
    readers: Vec<&'a str>,
    highest: f64,
    duration_s: f64,
}

/// Draws the chart; `None` if nobody reads any partition.
pub fn draw(chart: &Chart, results: &Results) -> Option<Scene> {
    let sheet = Sheet::new(chart, results);
    if sheet.readers.is_empty() || sheet.rows.is_empty() {
        return None;
    }
    let plans = plan::plans(chart, results);
    let mut entries: Vec<Entry> = sheet.readers.iter().map(|one| sheet.entry(one)).collect();
    entries.push(Entry { sign: Sign::Area(palette::INK, 0.8), label: "lag".to_owned() });
    entries.extend(plan::common_entries(results, &plans));
    let caption = sheet.caption(chart, results);
    let (mut scene, top) = head::canvas(chart.title, &caption, &entries);
    let height = sheet.rows.len() as f64 * ROW;
    let columns = if plans.len() > 1 { 2 } else { 1 };
    let labels = sheet.axis().widest() + 10.0;
    let left = MARGIN + labels;
    let width = (WIDTH - left - MARGIN - (columns - 1) as f64 * GUTTER) / columns as f64;
    for (place, plan) in plans.iter().enumerate() {
        let (row, column) = ((place / columns) as f64, (place % columns) as f64);
        let frame = Frame {
            left: left + column * (width + GUTTER),
            top: top + row * (height + HEAD + FOOT) + HEAD,
            width,
            height,
        };
        sheet.draw_head(&mut scene, &plan.variant.name, place, frame);
        let (time, value) = (Axis::time(results.duration_s, width), sheet.axis());
        let mut panel = Panel::new(&mut scene, frame, &time, &value);
        sheet.draw_rows(&mut panel, plan.variant);
        panel.shade(&results.fault_windows);
        for ((.., color), times_s) in MOMENTS.iter().zip(&plan.moments_s) {
            panel.ticks(times_s, *color);
        }
        panel.time_labels();
        if column == 0.0 {
            panel.value_labels();
        }
    }
    let rows = plans.len().div_ceil(columns) as f64;
    Some(head::finished(scene, top + rows * (height + HEAD + FOOT) + 8.0))
}

impl<'a> Sheet<'a> {
    fn new(chart: &Chart, results: &'a Results) -> Sheet<'a> {
        let mut peaks: Vec<(&str, f64)> = Vec::new();
        let mut readers: Vec<&str> = Vec::new();
        for variant in &results.variants {
            for (index, node) in plan::of_kind(variant, NodeKind::Partition) {
                let lag = Curve::of(variant, Scope::Node(index), chart.layers[0].reading);
                let peak = Some(lag.highest()).filter(|peak| peak.is_finite()).unwrap_or(0.0);
                match peaks.iter_mut().find(|(name, _)| *name == node.name) {
                    Some((_, known)) => *known = known.max(peak),
                    None => peaks.push((&node.name, peak)),
                }
            }
            for span in spans(variant, None, results.duration_s) {
                if !readers.contains(&span.reader) {
                    readers.push(span.reader);
                }
            }
        }
        let highest = peaks.iter().map(|(_, peak)| *peak).fold(0.0, f64::max);
        let mut by_lag: Vec<f64> = peaks.iter().map(|(_, peak)| *peak).collect();
        by_lag.sort_by(|a, b| b.total_cmp(a));
        let least = by_lag.get(MOST_ROWS - 1).copied().unwrap_or(0.0);
        let mut rows: Vec<&str> =
            peaks.iter().filter(|(_, peak)| *peak >= least).map(|(name, _)| *name).collect();
        rows.truncate(MOST_ROWS);
        Sheet { rows, readers, highest, duration_s: results.duration_s }
    }

    fn caption(&self, chart: &Chart, results: &Results) -> String {
        let variant = results.variants.first();
        let all = variant.map_or(0, |one| plan::of_kind(one, NodeKind::Partition).count());
        let mut caption = format!("{} A row is {} high.", chart.shows, number::count(self.highest));
        if all > self.rows.len() {
            caption += &format!(" Of {all} partitions those with the most lag.");
        }
        caption
    }

    fn color(&self, reader: &str) -> Color {
        let place = self.readers.iter().position(|other| *other == reader).unwrap_or(0);
        COLORS[place % COLORS.len()]
    }

    fn entry(&self, reader: &str) -> Entry {
        let sign = Sign::Area(self.color(reader), OPACITY);
        Entry { sign, label: reader.to_owned() }
    }

    /// A row for each partition, labelled in its middle.
    fn axis(&self) -> Axis {
        let high = self.rows.len() as f64;
        let label = |name: &&str| name.split_once('/').map_or(*name, |(_, rest)| rest).to_owned();
        let ticks = self.rows.iter().enumerate();
        let ticks = ticks.map(|(row, name)| (high - row as f64 - 0.5, label(name))).collect();
        Axis { scale: Scale::Linear, low: 0.0, high, ticks }
    }

    fn draw_head(&self, scene: &mut Scene, name: &str, place: usize, frame: Frame) {
        let y = frame.top - 17.0;
        let (color, form) = (palette::variant(place), palette::form(place));
        scene.shapes.push(Shape::Marker { at: (frame.left + 7.0, y), form, color });
        let name = text::fitted(name, NAME_SIZE, true, frame.width - 20.0);
        scene.text(head::line((frame.left + 20.0, y), name, NAME_SIZE, true));
    }

    fn draw_rows(&self, panel: &mut Panel, variant: &VariantResult) {
        for (row, name) in self.rows.iter().enumerate() {
            let base = (self.rows.len() - row - 1) as f64;
            let spans = spans(variant, Some(name), self.duration_s);
            let mut groups: Vec<&str> = spans.iter().map(|span| span.group).collect();
            groups.sort_unstable();
            groups.dedup();
            for Span { from_s, until_s, reader, group } in &spans {
                let place = groups.iter().position(|other| other == group).unwrap_or(0) as f64;
                let share = 0.9 / groups.len() as f64;
                let (low, high) =
                    (base + 0.05 + place * share, base + 0.05 + (place + 1.0) * share);
                let band = (&[low, low][..], &[high, high][..]);
                let color = self.color(reader);
                panel.area(&[*from_s, *until_s], band, Thinning::Extremes, color, OPACITY);
            }
            self.draw_lag(panel, variant, name, base);
        }
    }

    fn draw_lag(&self, panel: &mut Panel, variant: &VariantResult, name: &str, base: f64) {
        let found = plan::of_kind(variant, NodeKind::Partition).find(|(_, node)| node.name == name);
        let Some((index, _)) = found.filter(|_| self.highest > 0.0) else { return };
        let lag = Curve::of(variant, Scope::Node(index), LAG);
        let high: Vec<f64> =
            lag.mean.iter().map(|lag| base + 0.9 * lag.max(0.0) / self.highest).collect();
        let low = vec![base; high.len()];
        panel.area(&lag.times_s, (&low, &high), Thinning::Extremes, palette::INK, 0.8);
    }
}

const LAG: Reading = Reading::Level("lag");

/// When who reads a partition, or any, in the first replication.
fn spans<'a>(variant: &'a VariantResult, partition: Option<&str>, end_s: f64) -> Vec<Span<'a>> {
    let run = variant.replications.first();
    let all = run.map(|run| run.metrics.marks.as_slice()).unwrap_or_default();
    let mut spans: Vec<Span> = Vec::new();
    let mut open: Vec<(&MarkRow, Span)> = Vec::new();
    for mark in all.iter().filter(|mark| partition.is_none_or(|name| mark.node == name)) {
        let Some((reader, group)) = marks::reader(&mark.detail) else { continue };
        match mark.kind {
            "assigned" => {
                let span = Span { from_s: mark.time_s, until_s: end_s, reader, group };
                open.push((mark, span));
            }
            "revoked" => {
                let begun = open
                    .iter()
                    .position(|(from, span)| from.node == mark.node && span.group == group);
                if let Some(place) = begun {
                    let (_, span) = open.remove(place);
                    spans.push(Span { until_s: mark.time_s, ..span });
                }
            }
            _ => {}
        }
    }
    spans.extend(open.into_iter().map(|(_, span)| span));
    spans.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
    spans
}
