//! One panel for all variants: where the question is which of them, and not what is in each.
//!
//! Lines are told by marker as well as by color, and named at their ends.

use super::plan::{self, Plan};
use crate::experiment::results::{ReferenceLine, Results};
use crate::report::catalog::Chart;
use crate::report::picture::axis::Axis;
use crate::report::picture::head::{self, MARGIN, WIDTH};
use crate::report::picture::palette;
use crate::report::picture::panel::Panel;
use crate::report::picture::scene::{Frame, Point, Scene, Shape};
use crate::report::picture::text;

const HEIGHT: f64 = 540.0;
const LABEL_SIZE: f64 = 16.0;
const LABEL_ROW: f64 = 23.0;
/// The widest that the names of variants may become.
const LABELS_AT_MOST: f64 = 330.0;
/// How many markers a line has.
const MARKERS: usize = 6;

/// Draws the chart; `None` if there is nothing to show.
pub fn draw(chart: &Chart, results: &Results) -> Option<Scene> {
    let plans = plan::plans(chart, results);
    if !plan::is_worth_drawing(chart, &plans) {
        return None;
    }
    let value = plan::value_axis(chart, &plans.iter().collect::<Vec<_>>(), HEIGHT);
    let labels = labels_width(&plans);
    let entries = plan::entries(chart, results, &plans);
    let entries: Vec<_> = entries.into_iter().filter(|entry| entry.label != "crash").collect();
    let (mut scene, top) = head::canvas(chart.title, chart.shows, &entries);
    let left = MARGIN + 4.0 + value.widest() + 10.0;
    let height = HEIGHT.max(LABEL_ROW * plans.len() as f64);
    let frame = Frame { left, top: top + 8.0, width: WIDTH - left - labels - MARGIN, height };
    let time = Axis::time(results.duration_s, frame.width);
    let mut panel = Panel::new(&mut scene, frame, &time, &value);
    draw_panel(&mut panel, results, &plans);
    let ends = line_ends(&mut panel, &plans, frame);
    name_lines(&mut scene, &plans, &ends, frame, labels);
    scene.text(head::axis_title(chart.axis, frame.top + height / 2.0));
    Some(head::finished(scene, frame.bottom() + 36.0))
}

fn labels_width(plans: &[Plan]) -> f64 {
    let widths = plans.iter().map(|plan| text::width(&plan.variant.name, LABEL_SIZE, false));
    widths.fold(60.0, f64::max).min(LABELS_AT_MOST) + 56.0
}

fn draw_panel(panel: &mut Panel, results: &Results, plans: &[Plan]) {
    panel.shade(&results.fault_windows);
    let rows = panel.label_faults(&results.fault_windows);
    for (row, line) in distinct_references(plans).into_iter().enumerate() {
        panel.reference(&line.points, &line.label, rows + row);
    }
    for (index, plan) in plans.iter().enumerate() {
        for stroke in &plan.strokes {
            let color = palette::variant(index);
            panel.curve(&stroke.curve, stroke.thinning, color, stroke.width);
            for at in marked(panel, stroke, index, plans.len()) {
                panel.mark(at, palette::form(index), color);
            }
        }
    }
    panel.value_labels();
    panel.time_labels();
}

/// What is predicted alike for several variants is drawn once.
fn distinct_references<'a>(plans: &[Plan<'a>]) -> Vec<&'a ReferenceLine> {
    let mut distinct: Vec<&ReferenceLine> = Vec::new();
    for &line in plans.iter().flat_map(|plan| &plan.references) {
        if !distinct.iter().any(|one| one.label == line.label && one.points == line.points) {
            distinct.push(line);
        }
    }
    distinct
}

/// Where the markers of a line stand: evenly, and never those of two variants at the same time.
fn marked(panel: &Panel, stroke: &plan::Stroke, index: usize, variants: usize) -> Vec<Point> {
    let (times_s, values) = (&stroke.curve.times_s, &stroke.curve.mean);
    let shift = (index as f64 + 0.5) / variants as f64;
    let window = |marker: usize| {
        let share = (marker as f64 + shift) / MARKERS as f64;
        ((times_s.len() as f64 * share) as usize).min(times_s.len().saturating_sub(1))
    };
    let windows = (0..MARKERS).map(window);
    let places = windows.filter_map(|window| Some((*times_s.get(window)?, *values.get(window)?)));
    places.filter(|(_, value)| value.is_finite()).map(|(t, v)| panel.place(t, v)).collect()
}

/// Where each line ends; at the lower edge for one that has no value.
fn line_ends(panel: &mut Panel, plans: &[Plan], frame: Frame) -> Vec<Point> {
    let last = |plan: &Plan| {
        let curve = &plan.strokes.first()?.curve;
        let window = curve.mean.iter().rposition(|value| value.is_finite())?;
        Some((frame.right(), panel.place(curve.times_s[window], curve.mean[window]).1))
    };
    plans.iter().map(|plan| last(plan).unwrap_or((frame.right(), frame.bottom()))).collect()
}

/// Writes the names at the ends of the lines, moved apart where they would overlap.
fn name_lines(scene: &mut Scene, plans: &[Plan], ends: &[Point], frame: Frame, room: f64) {
    let heights: Vec<f64> = ends.iter().map(|end| end.1).collect();
    let spaced = moved_apart(&heights, LABEL_ROW, frame.top, frame.bottom());
    let left = frame.right() + 26.0;
    for (index, (plan, y)) in plans.iter().zip(spaced).enumerate() {
        let color = palette::variant(index);
        scene.line(vec![ends[index], (left - 6.0, y)], palette::BORDER, 1.0);
        scene.shapes.push(Shape::Marker { at: (left + 4.0, y), form: palette::form(index), color });
        let name = text::fitted(&plan.variant.name, LABEL_SIZE, false, room - 56.0);
        scene.text(head::line((left + 17.0, y), name, LABEL_SIZE, false));
    }
}

/// The same heights in the same order, at least `least` apart and within bounds as far as they fit.
fn moved_apart(heights: &[f64], least: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|&a, &b| heights[a].total_cmp(&heights[b]).then(a.cmp(&b)));
    let mut moved = heights.to_vec();
    let mut free = top;
    for &index in &order {
        moved[index] = moved[index].max(free);
        free = moved[index] + least;
    }
    let mut free = bottom;
    for &index in order.iter().rev() {
        moved[index] = moved[index].min(free);
        free = moved[index] - least;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_moved_apart_and_stay_on_the_canvas() {
        let moved = moved_apart(&[100.0, 100.0, 99.0, 0.0], 20.0, 0.0, 100.0);
        assert_eq!(moved, [80.0, 100.0, 60.0, 0.0]);
    }
}
