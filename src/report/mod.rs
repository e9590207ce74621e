//! Results become files: CSV, JSON, charts, a page.

pub mod advice;
pub mod catalog;
pub mod chart;
pub mod comparison;
pub mod csv;
pub mod error;
pub mod folder;
pub mod html;
pub mod json;
pub mod layout;
pub mod manifest;
pub mod number;
pub mod picture;
pub mod read;
#[cfg(test)]
pub mod sample;
pub mod spread;
pub mod terminal;
pub mod timeseries;
pub mod verdict;
pub mod vocabulary;
pub mod write;
