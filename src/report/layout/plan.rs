//! What stands in each panel, before anything has a place: the curves of a variant, what arithmetic predicts for it, and
//! when it crashed.

use crate::experiment::results::{ReferenceLine, Results, VariantResult};
use crate::metrics::summary::{NodeKind, NodeMetrics};
use crate::report::catalog::{Chart, Layer, Layout, Spread};
use crate::report::number;
use crate::report::picture::axis::Axis;
use crate::report::picture::curve::{Curve, Thinning};
use crate::report::picture::legend::{Entry, Sign};
use crate::report::picture::palette;
use crate::report::picture::scene::Color;
use crate::report::spread::{self, Scope};

/// Kinds of marks that are seen on the axis of time, what they are called, and their colors.
pub const MOMENTS: [(&str, &str, Color); 5] = [
    ("crash", "crash", palette::INK),
    ("rebalance", "rebalance", palette::PURPLE),
    ("left", "member leaves", palette::GREEN),
    ("session_expired", "member given up", palette::VERMILION),
    ("leaders_moved", "others lead", palette::BLUE),
];

/// A line or an area of a panel.
pub struct Stroke {
    pub label: String,
    pub curve: Curve,
    pub visible: bool,
    pub thinning: Thinning,
    /// Whether the axis has to hold it.
    pub sets_scale: bool,
    pub color: Color,
    pub width: f64,
}

/// The content of a panel.
pub struct Plan<'a> {
    pub variant: &'a VariantResult,
    pub strokes: Vec<Stroke>,
    pub references: Vec<&'a ReferenceLine>,
    /// When each of [`MOMENTS`] was in the first replication.
    pub moments_s: Vec<Vec<f64>>,
    pub notes: Vec<String>,
}

impl Plan<'_> {
    /// The highest value that has to fit.
    pub fn highest(&self) -> f64 {
        let strokes = self.strokes.iter().filter(|stroke| stroke.sets_scale);
        let curves = strokes.map(|stroke| stroke.curve.highest());
        curves.chain(self.reference_values()).fold(f64::NAN, f64::max)
    }

    /// The lowest value above nought.
    pub fn lowest_positive(&self) -> f64 {
        let curves = self.strokes.iter().map(|stroke| stroke.curve.lowest_positive());
        curves.chain(self.reference_values().filter(|v| *v > 0.0)).fold(f64::NAN, f64::min)
    }

    fn reference_values(&self) -> impl Iterator<Item = f64> {
        let points = self.references.iter().flat_map(|line| &line.points);
        points.map(|point| point.1).filter(|value| value.is_finite())
    }

    /// Whether there is anything at all.
    pub fn has_values(&self) -> bool {
        self.strokes.iter().any(|s| s.curve.mean.iter().any(|v| v.is_finite()))
    }
}

/// The panels of a chart, one for each variant.
pub fn plans<'a>(chart: &Chart, results: &'a Results) -> Vec<Plan<'a>> {
    let mut plans: Vec<Plan> =
        results.variants.iter().map(|variant| plan(chart, results, variant)).collect();
    if chart.layout == Layout::Stacked {
        plans.iter_mut().for_each(|plan| stack(&mut plan.strokes));
    }
    plans
}

/// Whether a chart has anything to show: more than noughts, or any value where nought says something.
pub fn is_worth_drawing(chart: &Chart, plans: &[Plan]) -> bool {
    let mut strokes = plans.iter().flat_map(|plan| &plan.strokes);
    match chart.spread {
        Spread::Share => plans.iter().any(Plan::has_values),
        Spread::Linear | Spread::LogIfWide => strokes.any(|stroke| stroke.curve.is_visible()),
    }
}

fn plan<'a>(chart: &Chart, results: &'a Results, variant: &'a VariantResult) -> Plan<'a> {
    let strokes = match chart.layout {
        Layout::Nodes(kind) => nodes(chart, &highest(chart, kind, results), variant),
        Layout::Stacked | Layout::Lines | Layout::Readers | Layout::Overlay | Layout::Bars => {
            chart.layers.iter().map(|layer| stroke(layer, variant, Scope::Total)).collect()
        }
    };
    let predicted = |line: &&ReferenceLine| {
        line.variant == variant.name && chart.predicted.contains(&line.metric)
    };
    Plan {
        variant,
        strokes,
        references: results.references.iter().filter(predicted).collect(),
        moments_s: MOMENTS.iter().map(|(kind, ..)| marks(variant, kind)).collect(),
        notes: notes(chart, variant),
    }
}

fn stroke(layer: &Layer, variant: &VariantResult, scope: Scope) -> Stroke {
    let curve = Curve::of(variant, scope, layer.reading);
    Stroke {
        label: layer.label.to_owned(),
        visible: curve.is_visible(),
        curve,
        thinning: layer.reading.thinning(),
        sets_scale: layer.sets_scale,
        color: layer.color,
        width: layer.width,
    }
}

/// The colors of nodes.
const COLORS: [Color; 6] = [
    palette::BLUE,
    palette::ORANGE,
    palette::GREEN,
    palette::PURPLE,
    palette::SKY,
    palette::VERMILION,
];

/// The names of all nodes of a kind; if there are more than colors, those first that are highest in any variant.
fn highest(chart: &Chart, kind: NodeKind, results: &Results) -> Vec<String> {
    let mut named: Vec<(String, f64)> = Vec::new();
    for variant in &results.variants {
        for (index, node) in of_kind(variant, kind) {
            let curve = Curve::of(variant, Scope::Node(index), chart.layers[0].reading);
            let highest = curve.highest().max(0.0);
            match named.iter_mut().find(|(name, _)| *name == node.name) {
                Some((_, known)) => *known = known.max(highest),
                None => named.push((node.name.clone(), highest)),
            }
        }
    }
    if named.len() > COLORS.len() {
        named.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    }
    named.into_iter().map(|(name, _)| name).collect()
}

/// The nodes of a kind, each with its place.
pub fn of_kind(
    variant: &VariantResult,
    kind: NodeKind,
) -> impl Iterator<Item = (usize, &NodeMetrics)> {
    let nodes = variant.replications.first().map(|run| run.metrics.nodes.as_slice());
    let nodes = nodes.unwrap_or_default().iter().enumerate();
    nodes.filter(move |(_, node)| node.kind == Some(kind))
}

/// A line for each of these nodes, in the color of its place, wide for the first. Those beyond the colors stay in the background.
fn nodes(chart: &Chart, names: &[String], variant: &VariantResult) -> Vec<Stroke> {
    let nodes = variant.replications.first().map(|run| run.metrics.nodes.as_slice());
    let nodes = nodes.unwrap_or_default();
    let line = |(place, name): (usize, &String)| {
        let index = nodes.iter().position(|node| node.name == *name)?;
        let (label, color, width) = match COLORS.get(place) {
            Some(color) => (name.clone(), *color, if place == 0 { 5.0 } else { 2.5 }),
            None => ("others".to_owned(), palette::MUTED, 1.0),
        };
        let stroke = stroke(&chart.layers[0], variant, Scope::Node(index));
        Some(Stroke { label, color, width, ..stroke })
    };
    names.iter().enumerate().filter_map(line).collect()
}

/// Puts every layer on top of those before it. Where a layer has no value it has no height.
fn stack(strokes: &mut [Stroke]) {
    let mut below: Vec<f64> = Vec::new();
    for stroke in strokes.iter_mut() {
        stroke.curve.band = None;
        for (place, value) in stroke.curve.mean.iter_mut().enumerate() {
            let height = if value.is_finite() { *value } else { 0.0 };
            let under = below.get(place).copied().unwrap_or(0.0);
            *value = under + height;
        }
        if stroke.curve.mean.len() >= below.len() {
            below.clone_from(&stroke.curve.mean);
        }
    }
}

/// When something of a kind happened in the first replication.
fn marks(variant: &VariantResult, kind: &str) -> Vec<f64> {
    let marks = variant.replications.first().map(|run| run.metrics.marks.as_slice());
    let chosen = marks.unwrap_or_default().iter().filter(|mark| mark.kind == kind);
    chosen.map(|mark| mark.time_s).collect()
}

/// `peak 20,000`, `end 2`.
fn notes(chart: &Chart, variant: &VariantResult) -> Vec<String> {
    let value = |&(metric, word): &(&str, &str)| {
        let mean = spread::total(variant, metric).mean?;
        Some(format!("{word} {}", number::metric(metric, mean)))
    };
    chart.notes.iter().filter_map(value).collect()
}

/// The axis of values for some panels: the same for all of them, so that they can be compared.
pub fn value_axis(chart: &Chart, plans: &[&Plan], height: f64) -> Axis {
    let high = plans.iter().map(|plan| plan.highest()).fold(f64::NAN, f64::max);
    let low = plans.iter().map(|plan| plan.lowest_positive()).fold(f64::NAN, f64::min);
    let ticks = (height / 52.0).clamp(2.0, 8.0);
    match chart.spread {
        Spread::Share => Axis::share(),
        Spread::LogIfWide if is_wide(low, high) => Axis::log(chart.unit, low.max(high / 1e7), high),
        Spread::Linear | Spread::LogIfWide => Axis::linear(chart.unit, high, ticks),
    }
}

/// More than three decades.
fn is_wide(low: f64, high: f64) -> bool {
    low > 0.0 && high.is_finite() && high / low > 1e3
}

/// What the signs of these panels mean.
pub fn entries(chart: &Chart, results: &Results, plans: &[Plan]) -> Vec<Entry> {
    let mut entries = Vec::new();
    let strokes = plans.iter().flat_map(|plan| &plan.strokes);
    for stroke in strokes.filter(|stroke| stroke.visible) {
        let sign = match chart.layout {
            Layout::Stacked => Sign::Area(stroke.color, STACK_OPACITY),
            Layout::Lines | Layout::Nodes(_) | Layout::Readers | Layout::Overlay | Layout::Bars => {
                Sign::Line(stroke.color, stroke.width)
            }
        };
        let entry = Entry { sign, label: stroke.label.clone() };
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    if chart.layout == Layout::Overlay {
        entries.clear();
    }
    entries.extend(common_entries(results, plans));
    entries
}

/// How much of the grid is seen through a stacked area.
pub const STACK_OPACITY: f64 = 0.85;

/// What the signs of every chart mean.
pub fn common_entries(results: &Results, plans: &[Plan]) -> Vec<Entry> {
    let shown = [
        (results.replications > 1, Sign::Area(palette::MUTED, 0.25), band_label(results)),
        (plans.iter().any(|p| !p.references.is_empty()), Sign::Dashed, "predicted".to_owned()),
    ];
    let moments = MOMENTS.iter().enumerate().map(|(place, (_, label, color))| {
        let there = plans.iter().any(|plan| !plan.moments_s[place].is_empty());
        (there, Sign::Tick(*color), (*label).to_owned())
    });
    let fault =
        (!results.fault_windows.is_empty(), Sign::Area(palette::FAULT, 0.2), "fault".to_owned());
    let shown = shown.into_iter().chain(moments).chain([fault]).filter(|(there, ..)| *there);
    shown.map(|(_, sign, label)| Entry { sign, label }).collect()
}

fn band_label(results: &Results) -> String {
    format!("range of {} replications (lines: their mean)", results.replications)
}
