//! What a scenario file says is shown as text, and its names lead nowhere but into the output folder.

use std::fs;
use std::process::Command;

use super::skipped;
use crate::workplace::{SMALL, Workplace};

const ATTACK: &str = "<script>document.title = 'attacked'</script><img src=x onerror=\\\"document.title='attacked'\\\">";

/// A scenario in which everything that is free text is an attack.
fn attacking() -> String {
    let alert =
        format!(r#""alerts": [ {{ "name": "{ATTACK}", "metric": "pending", "above": 1 }} ]"#);
    let because = format!(r#""equals": 20, "because": "{ATTACK}""#);
    let variants = format!(r#""variants": {{ "one": {{ "description": "{ATTACK}" }} }}"#);
    SMALL
        .replace("A burst for one worker", ATTACK)
        .replace("How long is the line?", ATTACK)
        .replace(r#""equals": 20"#, &because)
        .replace(
            r#""duration""#,
            &format!(r#""description": ["{ATTACK}"], {alert}, {variants}, "duration""#),
        )
}

/// A result of that scenario.
fn attacked() -> Workplace {
    let place = Workplace::new();
    place.write("attack.json", &attacking());
    place.pileup("run attack.json --out out").with(0);
    place
}

#[test]
fn a_script_in_a_scenario_is_shown_as_text() {
    let place = attacked();
    let page = place.read("out/report.html");
    assert!(page.contains("&lt;script&gt;document.title"), "it is shown");
    let mut files = vec!["out/report.html".to_owned()];
    files.extend(place.names("out/charts").into_iter().map(|name| format!("out/charts/{name}")));
    assert!(files.len() > 3, "{files:?}");
    for file in files {
        let text = place.read(&file);
        for element in ["<script", "<img", "onerror=\"", "<iframe", "<foreignObject", "javascript:"]
        {
            assert!(!text.contains(element), "{file}: {element}");
        }
    }
}

#[test]
fn a_page_and_its_charts_need_nothing_from_elsewhere() {
    let place = attacked();
    let mut files = vec!["out/report.html".to_owned()];
    files.extend(place.names("out/charts").into_iter().map(|name| format!("out/charts/{name}")));
    for file in files {
        // The name of the language is an address that nobody visits.
        let text = place.read(&file).replace("http://www.w3.org/2000/svg", "");
        for address in ["http:", "https:", "src=", "url(", "@import", "href=\"//"] {
            // In the text that is shown it may stand: there it is escaped.
            let text = text.replace("src=x onerror=", "");
            assert!(!text.contains(address), "{file}: {address}");
        }
    }
}

/// The outer quotes of a shell are not involved: a browser gets the path of the file itself.
#[test]
fn a_browser_shows_the_script_and_does_not_run_it() {
    let place = attacked();
    let page = format!("file://{}", place.path().join("out/report.html").display());
    for browser in ["chromium", "chromium-browser", "google-chrome"] {
        let mut command = Command::new(browser);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]);
        command.arg("--host-resolver-rules=MAP * ~NOTFOUND").arg(&page).env("HOME", place.path());
        let Ok(output) = command.output() else { continue };
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(shown.contains("<title>&lt;script&gt;document.title = 'attacked'"), "{shown}");
        assert!(!shown.contains("<script") && !shown.contains("<img"), "it has become an element");
        return;
    }
    skipped("there is no Chromium");
}

#[test]
fn no_name_leads_out_of_the_output_folder() {
    let place = Workplace::new();
    fs::create_dir(place.path().join("deep")).unwrap();
    for name in ["deep/...json", "deep/..json", "deep/.json"] {
        place.write(name, SMALL);
    }
    place.pileup("run deep/...json").with(2);
    place.pileup("run deep/...json small.json --out deep").with(2);
    place.pileup("run deep/..json").with(2);
    place.pileup("run deep/.json").with(0);
    for name in ["../evil", "/tmp/evil", "a/b", "..", ".", "evil.svg", ""] {
        let variants = format!(r#""variants": {{ "{name}": {{}} }}, "duration""#);
        place.write("evil.json", &SMALL.replace(r#""duration""#, &variants));
        place.pileup("run evil.json").with(2);
        place.write("evil.json", &SMALL.replace("letters", name));
        place.pileup("run evil.json").with(2);
    }
    assert_eq!(
        place.names("."),
        ["deep", "endless.json", "evil.json", "results", "small.json", "unmet.json", "wrong.json"]
    );
    assert_eq!(place.names("results"), [".json"]);
    assert_eq!(place.names("deep"), ["...json", "..json", ".json", "small"]);
}
