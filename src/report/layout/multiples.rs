//! Small multiples: a panel for each variant, side by side, with the same axes, so that an eye compares them at a glance.

use super::plan::{self, MOMENTS, Plan, STACK_OPACITY};
use crate::experiment::results::{FaultWindow, Results};
use crate::report::catalog::{Chart, Layout, Spread};
use crate::report::picture::axis::{Axis, Scale};
use crate::report::picture::curve::Thinning;
use crate::report::picture::head::{self, MARGIN, WIDTH};
use crate::report::picture::palette;
use crate::report::picture::panel::Panel;
use crate::report::picture::scene::{Anchor, Frame, Scene, Shape, Text};
use crate::report::picture::text;

/// From which ratio between the highest panel and the lowest on the lowest would be but a flat line.
const TOO_DIFFERENT: f64 = 40.0;

const HEAD: f64 = 34.0;
const FOOT: f64 = 40.0;
const GUTTER: f64 = 38.0;
const HEAD_SIZE: f64 = 17.0;
const NOTE_SIZE: f64 = 14.0;

/// Draws the chart; `None` if there is nothing to show.
pub fn draw(chart: &Chart, results: &Results) -> Option<Scene> {
    let plans = plan::plans(chart, results);
    if !plan::is_worth_drawing(chart, &plans) {
        return None;
    }
    let grid = Grid::new(chart, &plans);
    let caption = caption(chart, &grid);
    let entries = plan::entries(chart, results, &plans);
    let (mut scene, top) = head::canvas(chart.title, &caption, &entries);
    for (place, plan) in plans.iter().enumerate() {
        let frame = grid.frame(place, top);
        let time = Axis::time(results.duration_s, frame.width);
        let cell = Cell { chart, plan, place, frame, time: &time, value: &grid.axes[place] };
        cell.draw(&mut scene, &results.fault_windows, &grid);
    }
    let height = top + grid.rows() * grid.row_height();
    scene.text(head::axis_title(chart.axis, top + (height - top) / 2.0));
    Some(head::finished(scene, height + 8.0))
}

fn caption(chart: &Chart, grid: &Grid) -> String {
    let mut caption = chart.shows.to_owned();
    if grid.axes.iter().any(|axis| axis.scale == Scale::Log) {
        caption += " The scale is logarithmic.";
    }
    if !grid.shared {
        caption += " Note that each panel has a scale of its own.";
    }
    caption
}

/// Where the panels stand.
struct Grid {
    columns: usize,
    panels: usize,
    /// Whether all panels have the same axis of values.
    shared: bool,
    axes: Vec<Axis>,
    labels: f64,
}

impl Grid {
    fn new(chart: &Chart, plans: &[Plan]) -> Grid {
        let panels = plans.len();
        let columns = match panels {
            0..=3 => panels.max(1),
            4 => 2,
            _ => 3,
        };
        let mut grid = Grid { columns, panels, shared: true, axes: Vec::new(), labels: 0.0 };
        grid.shared = chart.spread != Spread::Linear || are_alike(plans);
        grid.axes = grid.axes(chart, plans);
        grid.labels = grid.axes.iter().map(Axis::widest).fold(0.0, f64::max) + 10.0;
        grid
    }

    fn axes(&self, chart: &Chart, plans: &[Plan]) -> Vec<Axis> {
        let height = self.row_height() - HEAD - FOOT;
        let all: Vec<&Plan> = plans.iter().collect();
        let of = |plan| if self.shared { all.clone() } else { vec![plan] };
        let axes: Vec<Axis> =
            all.iter().map(|plan| plan::value_axis(chart, &of(*plan), height)).collect();
        axes
    }

    fn rows(&self) -> f64 {
        self.panels.div_ceil(self.columns) as f64
    }

    /// Two rows fill a projector; more make the chart longer.
    fn row_height(&self) -> f64 {
        if self.rows() > 1.0 { 290.0 } else { 560.0 }
    }

    /// Labels of values stand left of every panel if scales differ, else left of the first column.
    fn frame(&self, place: usize, top: f64) -> Frame {
        let (row, column) = ((place / self.columns) as f64, (place % self.columns) as f64);
        let columns = self.columns as f64;
        let left = MARGIN + 4.0;
        let room = WIDTH - left - MARGIN;
        let labelled = if self.shared { 1.0 } else { columns };
        let width = (room - labelled * self.labels - (columns - 1.0) * GUTTER) / columns;
        let labels_before = if self.shared { 1.0 } else { column + 1.0 };
        Frame {
            left: left + labels_before * self.labels + column * (width + GUTTER),
            top: top + row * self.row_height() + HEAD,
            width,
            height: self.row_height() - HEAD - FOOT,
        }
    }

    fn has_value_labels(&self, place: usize) -> bool {
        !self.shared || place.is_multiple_of(self.columns)
    }
}

/// Whether a common axis would still show all panels.
fn are_alike(plans: &[Plan]) -> bool {
    let highest = plans.iter().map(Plan::highest).filter(|value| *value > 0.0);
    let (low, high) = highest.fold((f64::INFINITY, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
    high <= low * TOO_DIFFERENT
}

/// A panel with its place.
struct Cell<'a> {
    chart: &'a Chart,
    plan: &'a Plan<'a>,
    place: usize,
    frame: Frame,
    time: &'a Axis,
    value: &'a Axis,
}

impl Cell<'_> {
    fn draw(&self, scene: &mut Scene, faults: &[FaultWindow], grid: &Grid) {
        self.draw_head(scene);
        let mut panel = Panel::new(scene, self.frame, self.time, self.value);
        panel.shade(faults);
        if self.plan.has_values() {
            self.draw_strokes(&mut panel);
        } else {
            panel.say("none in this variant");
        }
        for ((.., color), times_s) in MOMENTS.iter().zip(&self.plan.moments_s) {
            panel.ticks(times_s, *color);
        }
        let rows = panel.label_faults(faults);
        self.draw_references(&mut panel, rows);
        panel.time_labels();
        if grid.has_value_labels(self.place) {
            panel.value_labels();
        }
    }

    /// The variant with its sign, and what its curves come to.
    fn draw_head(&self, scene: &mut Scene) {
        /// The least between the two. A viewer's font may be somewhat wider than the one that widths are bounded by.
        const BETWEEN: f64 = 22.0;
        let Frame { left, top, width, .. } = self.frame;
        let y = top - 17.0;
        let (color, form) = (palette::variant(self.place), palette::form(self.place));
        scene.shapes.push(Shape::Marker { at: (left + 7.0, y), form, color });
        let room = width - 20.0;
        let name = text::fitted(&self.plan.variant.name, HEAD_SIZE, true, room);
        let taken = text::width(&name, HEAD_SIZE, true) + BETWEEN;
        scene.text(head::line((left + 20.0, y), name, HEAD_SIZE, true));
        if let Some(note) = self.note(room - taken) {
            let note = head::line((left + width, y), note, NOTE_SIZE, false);
            scene.text(Text { anchor: Anchor::End, color: palette::MUTED, ..note });
        }
    }

    /// As many notes as fit, the first ones first.
    fn note(&self, room: f64) -> Option<String> {
        let notes = &self.plan.notes;
        let joined = (1..=notes.len()).rev().map(|count| notes[..count].join(" · "));
        joined.into_iter().find(|note| text::width(note, NOTE_SIZE, false) <= room)
    }

    fn draw_strokes(&self, panel: &mut Panel) {
        if self.chart.layout == Layout::Stacked {
            return self.draw_stack(panel);
        }
        for stroke in &self.plan.strokes {
            panel.curve(&stroke.curve, stroke.thinning, stroke.color, stroke.width);
        }
    }

    fn draw_stack(&self, panel: &mut Panel) {
        let mut below: Option<&[f64]> = None;
        for stroke in &self.plan.strokes {
            let ground = vec![0.0; stroke.curve.mean.len()];
            let low = below.unwrap_or(&ground);
            let bounds = (low, stroke.curve.mean.as_slice());
            let thinning = Thinning::Extremes;
            panel.area(&stroke.curve.times_s, bounds, thinning, stroke.color, STACK_OPACITY);
            below = Some(&stroke.curve.mean);
        }
        if let Some(top) = self.plan.strokes.last() {
            panel.curve(&top.curve, Thinning::Extremes, palette::INK, 1.0);
        }
    }

    fn draw_references(&self, panel: &mut Panel, rows_above: usize) {
        for (row, line) in self.plan.references.iter().enumerate() {
            panel.reference(&line.points, &line.label, rows_above + row);
        }
    }
}
