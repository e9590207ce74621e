//! Results become files: CSV, JSON, charts, a page.

pub mod error;
pub mod folder;
pub mod number;
