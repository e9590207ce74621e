//! What the fuzz targets share.

pub mod counter;
pub mod generator;
pub mod whole;
