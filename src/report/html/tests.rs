//! Tests of the page.

use super::*;
use crate::report::{chart, layout, sample};

fn drawn(results: &Results) -> Vec<Drawn> {
    let scene = |chart| Some((chart, layout::draw(chart, results)?));
    let scenes = CHARTS.iter().filter_map(scene);
    scenes.map(|(row, scene)| Drawn { name: row.name, svg: chart::svg(&scene).unwrap() }).collect()
}

#[test]
fn the_page_leads_with_the_answer() {
    let results = sample::results(60, 1);
    let page = page(&results, &drawn(&results));
    let answer = page.find("class=\"answer\"").unwrap();
    assert!(answer < page.find("<h2>").unwrap());
    assert!(page.contains("Direct and direct-rounds collapsed and would not recover"));
}

#[test]
fn the_page_fetches_nothing_and_runs_nothing() {
    let results = sample::results(60, 1);
    let page = page(&results, &drawn(&results));
    for forbidden in ["<script", "src=", "@import", "url(", "<link", "onload"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn whatever_came_from_the_file_is_text() {
    const ATTACK: &str = "<script>alert('1')</script>\"&";
    let mut results = sample::results(60, 1);
    results.title = ATTACK.into();
    results.question = ATTACK.into();
    results.name = ATTACK.into();
    results.description = vec![ATTACK.into()];
    results.document = serde_json::json!({ ATTACK: ATTACK });
    results.variants[0].name = ATTACK.into();
    results.variants[0].description = Some(ATTACK.into());
    results.expectations[0].because = Some(ATTACK.into());
    results.expectations[0].variant = ATTACK.into();
    results.fault_windows[0].node = ATTACK.into();
    results.references[0].label = ATTACK.into();
    results.variants[0].predictions[0].service = ATTACK.into();
    results.variants[0].replications[0].metrics.nodes[2].name = ATTACK.into();
    let page = page(&results, &drawn(&results));
    assert!(!page.contains("<script"));
    assert!(page.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;"));
}

#[test]
fn an_incomplete_result_says_so_and_why() {
    let mut results = sample::results(5, 1);
    results.stopped = Some(Stop::MaxEvents);
    let page = page(&results, &[]);
    assert!(page.contains("This result is incomplete: the limit on events was reached."));
}

#[test]
fn an_expectation_that_was_not_met_is_not_told_by_color_alone() {
    let page = page(&sample::results(5, 1), &[]);
    assert!(page.contains("<strong>✗ not met</strong>"));
    assert!(page.contains("1 of 3 expectations of the scenario are not met."));
}

#[test]
fn results_without_variants_still_make_a_page() {
    let mut results = sample::results(5, 1);
    results.variants.clear();
    assert!(page(&results, &[]).ends_with("</html>\n"));
}

#[test]
fn what_arithmetic_says_stands_beside_what_came() {
    let page = page(&sample::results(60, 1), &[]);
    let (_, section) = page.split_once("Theory beside simulation").unwrap();
    let (row, _) = section.split_once("</tr>\n<tr>").unwrap();
    assert!(row.contains("notification</td><td>43.8 %</td>"), "{row}");
    assert!(row.contains("<td>19.4 ms</td>"), "{row}");
}
