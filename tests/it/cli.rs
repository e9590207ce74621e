//! The program as it is used: what it prints where, what it leaves behind, and the code that it ends with.

use std::fs;

use serde_json::Value;

use crate::workplace::{Ended, SMALL, Workplace, endless};

#[test]
fn a_run_that_meets_its_expectations_ends_with_0_and_leaves_a_whole_folder() {
    let place = Workplace::new();
    let ended = place.pileup("run small.json").with(0);
    assert!(
        ended.out.starts_with("A burst for one worker\nHow long is the line?\n"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("expectations: 1 of 1 met"), "{}", ended.out);
    assert_eq!(ended.err, "results: results/small/report.html\n");
    assert_eq!(place.names("results"), ["small"], "nothing half-written is left");
    assert_eq!(
        place.names("results/small"),
        [
            "charts",
            "manifest.json",
            "marks.csv",
            "report.html",
            "summary.csv",
            "summary.json",
            "timeseries.csv"
        ]
    );
    assert_eq!(place.json("results/small/manifest.json")["complete"], true);
}

#[test]
fn an_expectation_that_is_not_met_ends_with_3() {
    let place = Workplace::new();
    let ended = place.pileup("run unmet.json").with(3);
    assert!(ended.out.contains("effects equals 7, but it was 20"), "{}", ended.out);
    let ended = place.pileup("run unmet.json --format json").with(3);
    assert!(ended.err.contains("effects equals 7, but it was 20"), "{}", ended.err);
    assert_eq!(place.pileup("run unmet.json --format csv --quiet").with(3).err, "");
}

#[test]
fn an_invalid_scenario_ends_with_2_and_nothing_is_written() {
    let place = Workplace::new();
    place.pileup("run wrong.json").refused("did you mean `workers`?");
    place.pileup("check wrong.json").refused("wrong.json:8:27  services.mail.worker");
    assert!(!place.exists("results"));
}

#[test]
fn wrong_usage_ends_with_2() {
    let place = Workplace::new();
    place.pileup("").refused("Usage: pileup <COMMAND>");
    place.pileup("runn small.json").refused("'run'");
    place.pileup("run").refused("<SCENARIO>");
    place.pileup("run small.json --replications 0").refused("--replications");
    place.pileup("run small.json --jobs 0").refused("--jobs");
    place.pileup("run small.json --max-events none").refused("such as 500000 or 2e9");
    place.pileup("run small.json --max-memory 4apples").refused("such as 512MB or 4GiB");
    place.pileup("run small.json --set services.mail.workres=2").refused("workers");
    place.pileup("run small.json --variant direct").refused("no variant `direct`");
    place.pileup("completions tcsh").refused("possible values");
}

#[test]
fn a_limit_that_is_reached_ends_with_1_and_keeps_what_there_is() {
    let place = Workplace::new();
    let ended = place.pileup("run endless.json --max-events 1000").with(1);
    assert!(ended.err.contains("--max-events raises it"), "{}", ended.err);
    let manifest = place.json("results/endless/manifest.json");
    assert_eq!(
        (&manifest["complete"], &manifest["stopped"]),
        (&false.into(), &"max_events".into())
    );
    assert_eq!(manifest["events"], 1000);
}

#[test]
fn of_several_scenarios_the_gravest_end_counts_and_the_others_are_run() {
    let place = Workplace::new();
    place.pileup("run small.json unmet.json").with(3);
    place.pileup("run unmet.json endless.json --max-events 1000 --out a").with(1);
    assert_eq!(place.names("a"), ["endless", "unmet"]);
    place.pileup("run wrong.json unmet.json endless.json --max-events 1000 --out b").with(2);
    assert_eq!(place.names("b"), ["endless", "unmet"]);
}

#[test]
fn scenarios_of_the_same_name_do_not_replace_one_another() {
    let place = Workplace::new();
    place.pileup("run small.json ./small.json").with(2);
    assert_eq!(place.names("results"), ["small"]);
}

#[test]
fn the_json_on_standard_output_is_that_of_the_folder_and_nothing_else() {
    let place = Workplace::new();
    let ended = place.pileup("run small.json --format json --no-charts").with(0);
    let summary: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(summary["variants"]["base"]["metrics"]["effects"]["mean"], 20);
    assert_eq!(ended.out, place.read("results/small/summary.json"));
    assert!(!place.exists("results/small/report.html"), "no charts were wanted");
    let ended = place.pileup("run small.json --format csv --quiet").with(0);
    assert_eq!(ended.out, place.read("results/small/summary.csv"));
    assert_eq!(ended.err, "");
}

#[test]
fn the_number_of_jobs_changes_no_byte() {
    let place = Workplace::new();
    place.pileup("new shop").with(0);
    let summary = |jobs: &str| {
        place
            .pileup(&format!("run shop.json --replications 3 --format json --jobs {jobs}"))
            .with(0)
            .out
    };
    assert_eq!(summary("1"), summary("5"));
}

#[test]
fn nothing_is_colored_when_nobody_watches() {
    let place = Workplace::new();
    for arguments in
        ["run small.json", "run unmet.json", "run wrong.json", "--help", "runn", "list"]
    {
        let ended = place.pileup(arguments);
        assert!(!ended.out.contains('\u{1b}'), "{arguments}: {}", ended.out);
        assert!(!ended.err.contains('\u{1b}'), "{arguments}: {}", ended.err);
    }
}

#[test]
fn an_unknown_name_is_answered_with_one_that_there_is() {
    let place = Workplace::new();
    place.pileup("run incident-2014").refused("did you mean `incident-2013`?");
    place.pileup("new mine --from incident2013").refused("did you mean `incident-2013`?");
    place.pileup("explain retry_backlogs").refused("did you mean the metric `retry_backlog`?");
    place.pileup("explain thraeds").refused("`threads`");
}

#[test]
fn the_starter_is_written_once_checked_and_run() {
    let place = Workplace::new();
    place.pileup("new shop").with(0);
    let text = place.read("shop.json");
    place.pileup("new shop").refused("shop.json: exists already");
    assert_eq!(place.read("shop.json"), text);
    place.pileup("new Shop").refused("can't name a scenario");
    place.pileup("new ../shop").refused("can't name a scenario");
    let checked = place.pileup("check shop.json").with(0).out;
    // 20/s for a worker that does 40/s, and 500 at once: 500 ÷ (40 − 20) = 25 s.
    let row = checked.lines().find(|line| line.contains("mail")).unwrap();
    for part in ["20/s", "40/s", "50 %, stable", "500", "25 s"] {
        assert!(row.contains(part), "{part}: {checked}");
    }
    place.pileup("run shop.json").with(0);
    assert_eq!(place.names("results/shop").len(), 7);
}

#[test]
fn what_comes_with_pileup_is_listed_and_can_be_started_from() {
    let place = Workplace::new();
    let listed = place.pileup("list").with(0).out;
    assert!(listed.contains("incident-2013\n    9 December 2013"), "{listed}");
    place.pileup("new mine --from incident-2013").with(0);
    place.pileup("check mine.json incident-2013").with(0);
}

#[test]
fn overload_is_said_before_anything_is_run() {
    let place = Workplace::new();
    place.write("overload.json", &endless().replace("9/s", "15/s"));
    let ended = place.pileup("check overload.json").with(0);
    assert!(ended.out.contains("150 %, too much   grows for ever"), "{}", ended.out);
    assert!(ended.err.contains("warning: `mail` gets more work than it can do"), "{}", ended.err);
}

#[test]
fn a_folder_of_somebody_elses_is_refused_and_untouched() {
    let place = Workplace::new();
    fs::create_dir(place.path().join("thesis")).unwrap();
    place.write("thesis/thesis.tex", "years of work");
    place.pileup("run small.json --out thesis").refused("something else than a result of pileup");
    assert_eq!(place.names("thesis"), ["thesis.tex"]);
    place.pileup("run small.json --out small.json").refused("is not a folder");
    place.pileup("run small.json --out results").with(0);
    place.pileup("run unmet.json --out results").refused("another scenario, `small`");
    place.pileup("run unmet.json --out results --force").with(3);
    assert_eq!(place.json("results/manifest.json")["scenario"], "unmet");
}

#[test]
fn a_folder_that_can_not_be_used_is_told_before_anything_is_run() {
    let place = Workplace::new();
    place.pileup("run endless.json --out small.json/below").refused("small.json/below");
}

#[test]
fn standard_input_needs_a_place_for_its_results() {
    let place = Workplace::new();
    place.pileup_reading("run -", SMALL).refused("add --out DIR");
    place.pileup_reading("run - - --out out", SMALL).refused("only once");
    place.pileup_reading("run - --out out", SMALL).with(0);
    assert_eq!(place.json("out/manifest.json")["complete"], true);
    place.pileup_reading("check -", SMALL).with(0);
    place.pileup_reading("check -", "{").refused("<standard input>:1:");
}

#[test]
fn a_reader_who_has_read_enough_is_no_error() {
    let place = Workplace::new();
    for arguments in
        ["run small.json", "schema", "list", "explain retry", "completions bash", "--help"]
    {
        let mut child = place.command(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let ended = Ended::from(child.wait_with_output().unwrap()).with(0);
        assert!(!ended.err.contains("error"), "{arguments}: {}", ended.err);
    }
}

#[test]
fn finished_runs_are_overlaid() {
    let place = Workplace::new();
    place.pileup("run small.json --out one").with(0);
    place.pileup("run small.json --out two --set services.mail.workers=2").with(0);
    let ended = place.pileup("compare one two").with(0);
    assert!(
        ended.out.contains("small#1/base") && ended.out.contains("small#2/base"),
        "{}",
        ended.out
    );
    assert!(place.exists("results/comparison/report.html"));
    place.pileup("compare one two --out two").refused("would be replaced");
    place.pileup("compare one three").refused("holds no result of pileup");
    fs::remove_file(place.path().join("one/timeseries.csv")).unwrap();
    let ended = place.pileup("compare one two").with(0);
    assert!(ended.err.contains("one: no timeseries.csv"), "{}", ended.err);
}

#[test]
fn advice_on_a_finished_run_is_that_on_its_scenario() {
    let place = Workplace::new();
    place.pileup("run small.json --out one").with(0);
    let (run, read) =
        (place.pileup("advise small.json -q").with(0), place.pileup("advise one").with(0));
    assert_eq!(run.out, read.out);
    place.pileup("advise one --set services.mail.workers=2").refused("can't be changed");
    fs::create_dir(place.path().join("empty")).unwrap();
    place.pileup("advise empty").refused("holds no result of pileup");
}

#[test]
fn metrics_and_fields_are_explained() {
    let place = Workplace::new();
    let metric = place.pileup("explain drain_time_s").with(0).out;
    assert!(metric.starts_with("drain_time_s  (metric, in s)"), "{metric}");
    let field = place.pileup("explain threads").with(0).out;
    assert!(field.contains("services.NAME.threads") && field.contains("default:"), "{field}");
}

#[test]
fn the_schema_is_json_and_the_version_is_one_line() {
    let place = Workplace::new();
    let schema: Value = serde_json::from_str(&place.pileup("schema").with(0).out).unwrap();
    assert!(schema["properties"]["producers"].is_object());
    let version = place.pileup("-V").with(0).out;
    assert_eq!(version, format!("pileup {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_says_what_the_exit_codes_mean_and_where_results_go() {
    let place = Workplace::new();
    let help = place.pileup("--help").with(0).out;
    assert!(help.contains("3    an expectation was not met"), "{help}");
    let help = place.pileup("run --help").with(0).out;
    assert!(help.contains("report.html (open it in a browser)"), "{help}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(place.pileup(&format!("completions {shell}")).with(0).out.contains("replications"));
    }
}
