//! The parts of a chart, from values to a scene of lines and letters. Nothing here knows how a scene is drawn.

pub mod axis;
pub mod curve;
pub mod head;
pub mod legend;
pub mod palette;
pub mod panel;
pub mod scene;
pub mod text;
