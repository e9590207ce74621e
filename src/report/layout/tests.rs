//! Tests of the layout.

use super::*;
use crate::report::catalog::CHARTS;
use crate::report::picture::scene::{Frame, Text};
use crate::report::picture::text::extent;
use crate::report::{chart, sample};

/// Everything that results can look like.
fn gallery() -> Vec<(&'static str, Results)> {
    let mut one = sample::incident();
    one.variants.truncate(1);
    let mut eight = sample::results(200, 3);
    let again: Vec<_> = eight.variants[..2].to_vec();
    eight.variants.extend(again);
    let mut none = sample::incident();
    none.variants.clear();
    vec![
        ("six variants", sample::incident()),
        ("one variant", one),
        ("eight variants with replications", eight),
        ("no variant", none),
        ("one window", sample::results(1, 1)),
        ("no window", sample::results(0, 1)),
        ("no value", with_values(|_| f64::NAN)),
        ("no traffic", with_values(|_| 0.0)),
        ("huge values", with_values(|value| value * 1e280)),
        ("tiny values", with_values(|value| value * 1e-300)),
        ("infinite values", with_values(|_| f64::INFINITY)),
        ("negative values", with_values(|value| -value)),
    ]
}

fn with_values(change: fn(f64) -> f64) -> Results {
    let mut results = sample::results(50, 1);
    for variant in &mut results.variants {
        let metrics = &mut variant.replications[0].metrics;
        for node in std::iter::once(&mut metrics.total).chain(&mut metrics.nodes) {
            let series = &mut node.series;
            let values = series.values.iter_mut().chain(&mut series.maxima).flatten();
            values.for_each(|value| *value = change(*value));
            for value in &mut node.summary {
                *value = value.map(change).filter(|value| value.is_finite());
            }
        }
    }
    results
}

fn overlap(a: Frame, b: Frame) -> bool {
    let apart = a.right() <= b.left || b.right() <= a.left;
    !(apart || a.bottom() <= b.top || b.bottom() <= a.top)
}

fn is_on_canvas(text: &Text, scene: &Scene) -> bool {
    let frame = extent(text);
    frame.left >= 0.0
        && frame.top >= 0.0
        && frame.right() <= scene.width
        && frame.bottom() <= scene.height
}

#[test]
fn every_chart_draws_whatever_results_look_like() {
    for (what, results) in gallery() {
        for row in CHARTS {
            if let Some(scene) = draw(row, &results) {
                let svg = chart::svg(&scene).unwrap();
                assert!(svg.contains(row.title), "{what}: {}", row.name);
                assert!(!svg.contains("NaN"), "{what}: {}", row.name);
            }
        }
    }
}

#[test]
fn every_chart_has_something_to_show_of_the_incident() {
    for row in CHARTS {
        assert!(draw(row, &sample::incident()).is_some(), "{}", row.name);
    }
}

#[test]
fn no_label_overlaps_another_or_leaves_the_canvas() {
    for (what, results) in gallery() {
        for row in CHARTS {
            let Some(scene) = draw(row, &results) else { continue };
            let texts: Vec<&Text> = scene.texts().collect();
            for (place, text) in texts.iter().enumerate() {
                assert!(is_on_canvas(text, &scene), "{what}: {}: {text:?}", row.name);
                for other in &texts[..place] {
                    let both = overlap(extent(text), extent(other));
                    assert!(!both, "{what}: {}:\n{text:?}\n{other:?}", row.name);
                }
            }
        }
    }
}

#[test]
fn every_letter_is_large_enough_for_a_projector() {
    for row in CHARTS {
        let scene = draw(row, &sample::incident()).unwrap();
        assert!(scene.texts().all(|text| text.size >= 14.0), "{}", row.name);
    }
}

#[test]
fn what_comes_from_the_file_is_escaped() {
    let mut results = sample::incident();
    results.variants[0].name = "<script>alert(1)</script>".into();
    for row in CHARTS {
        let svg = chart::svg(&draw(row, &results).unwrap()).unwrap();
        assert!(!svg.contains("<script"), "{}", row.name);
    }
}

#[test]
fn a_chart_is_a_few_tens_of_kilobytes() {
    for row in CHARTS {
        let svg = chart::svg(&draw(row, &sample::incident()).unwrap()).unwrap();
        assert!(svg.len() < 300_000, "{}: {}", row.name, svg.len());
    }
}

#[test]
fn a_png_has_the_size_of_its_scene() {
    let mut results = sample::results(20, 1);
    results.variants.truncate(2);
    let scene = draw(&CHARTS[0], &results).unwrap();
    let png = chart::png(&scene).unwrap();
    assert_eq!(png[1..4], *b"PNG");
    assert_eq!(u32::from_be_bytes(png[16..20].try_into().unwrap()), 1_280);
}
