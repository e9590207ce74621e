//! From a row of the catalog and results to a scene.
//!
//! To add a layout: a file here, a variant of `Layout`, and the arm below.

mod bars;
mod multiples;
mod overlay;
mod plan;
mod readers;

use super::catalog::{Chart, Layout};
use super::picture::scene::Scene;
use crate::experiment::results::Results;

/// Draws a chart; `None` if there is nothing to show.
#[must_use]
pub fn draw(chart: &Chart, results: &Results) -> Option<Scene> {
    match chart.layout {
        Layout::Stacked | Layout::Lines | Layout::Nodes(_) => multiples::draw(chart, results),
        Layout::Overlay => overlay::draw(chart, results),
        Layout::Bars => bars::draw(chart, results),
        Layout::Readers => readers::draw(chart, results),
    }
}

#[cfg(test)]
mod tests;
