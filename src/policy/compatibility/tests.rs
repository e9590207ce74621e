//! The whole table of changes and modes, and versions that drift apart step by step.

use super::Compatibility::{
    Backward, BackwardTransitive, Forward, ForwardTransitive, Full, FullTransitive,
};
use super::Reading::{Fails, Right, Wrong};
use super::*;

#[test]
fn a_change_that_contradicts_those_before_it_is_told() {
    let wrong = |text: &str| {
        let changes: Vec<Change> = serde_json::from_str(text).unwrap();
        let found = Change::contradictions(changes.iter());
        found.into_iter().map(|(place, why)| format!("{place}: {why}")).collect::<Vec<_>>()
    };
    let fine = r#"[{"rename_field": {"field": "total", "to": "amount"}},
        {"retype_field": {"field": "amount", "from": "int", "to": "long"}},
        {"remove_field": {"field": "amount"}}, {"add_field": {"field": "amount"}}]"#;
    assert_eq!(wrong(fine), [""; 0]);
    let each = r#"[{"rename_field": {"field": "total", "to": "amount"}},
        {"make_nullable": {"field": "total"}}, {"add_field": {"field": "amount", "type": "int"}},
        {"retype_field": {"field": "amount", "from": "long", "to": "int"}},
        {"retype_field": {"field": "amount", "from": "int", "to": "int"}}]"#;
    let told = [
        "1: the field `total` is gone by then",
        "2: there is a field `amount` by then",
        "3: `amount` has another type by then",
        "4: the type of `amount` stays what it is",
    ];
    assert_eq!(wrong(each), told);
}

fn versions(changes: &str) -> Vec<Schema> {
    Schema::versions(&serde_json::from_str::<Vec<Change>>(changes).unwrap())
}

/// The whole table: for each change, whether backward, forward and full take it, what an old consumer makes of new data, and a new
/// one of old data (Confluent, "Schema Evolution and Compatibility", and Avro's rules of resolution).
#[test]
fn each_change_is_compatible_in_the_directions_of_the_table() {
    for (change, [backward, forward, full], old_reads_new, new_reads_old) in [
        (r#"{"add_field": {"field": "f", "optional": true}}"#, [true, true, true], Right, Right),
        (r#"{"add_field": {"field": "f"}}"#, [false, true, false], Right, Fails),
        (r#"{"remove_field": {"field": "f", "optional": true}}"#, [true, true, true], Right, Right),
        (r#"{"remove_field": {"field": "f"}}"#, [true, false, false], Fails, Right),
        (r#"{"rename_field": {"field": "f", "to": "g"}}"#, [false, false, false], Fails, Fails),
        (
            r#"{"rename_field": {"field": "f", "to": "g", "optional": true}}"#,
            [true, true, true],
            Wrong,
            Wrong,
        ),
        (
            r#"{"rename_field": {"field": "f", "to": "g", "alias": true}}"#,
            [true, false, false],
            Fails,
            Right,
        ),
        (
            r#"{"rename_field": {"field": "f", "to": "g", "alias": true, "optional": true}}"#,
            [true, true, true],
            Wrong,
            Right,
        ),
        (
            r#"{"retype_field": {"field": "f", "from": "int", "to": "long"}}"#,
            [true, false, false],
            Fails,
            Right,
        ),
        (
            r#"{"retype_field": {"field": "f", "from": "float", "to": "double"}}"#,
            [true, false, false],
            Fails,
            Right,
        ),
        (
            r#"{"retype_field": {"field": "f", "from": "long", "to": "int"}}"#,
            [false, true, false],
            Right,
            Fails,
        ),
        (
            r#"{"retype_field": {"field": "f", "from": "string", "to": "int"}}"#,
            [false, false, false],
            Fails,
            Fails,
        ),
        (r#"{"make_nullable": {"field": "f"}}"#, [true, false, false], Fails, Right),
        (r#"{"add_symbol": {"field": "f"}}"#, [true, false, false], Fails, Right),
        (r#"{"remove_symbol": {"field": "f"}}"#, [false, true, false], Right, Fails),
        (r#"{"change_meaning": {"field": "f"}}"#, [true, true, true], Wrong, Wrong),
    ] {
        let versions = versions(&format!("[{change}]"));
        let [old, new] = &versions[..] else { panic!("{change}") };
        assert_eq!((old.read(new), new.read(old)), (old_reads_new, new_reads_old), "{change}");
        for (modes, allowed) in [
            ([Backward, BackwardTransitive], backward),
            ([Forward, ForwardTransitive], forward),
            ([Full, FullTransitive], full),
            ([Compatibility::None; 2], true),
        ] {
            assert_eq!(modes.map(|mode| mode.allows(new, &[old])), [allowed; 2], "{change}");
        }
    }
}

/// A to B is allowed and B to C is, and whoever reads with C still can't read what was written with A.
#[test]
fn only_a_transitive_mode_sees_how_versions_drift_apart() {
    let drifting = versions(
        r#"[{"remove_field": {"field": "total", "type": "string"}},
            {"add_field": {"field": "total", "optional": true, "type": "int"}}]"#,
    );
    assert_eq!(drifting[2].read(&drifting[0]), Fails);
    assert_eq!(Backward.registers(&drifting), [true, true, true]);
    assert_eq!(BackwardTransitive.registers(&drifting), [true, true, false]);
    let other_way = versions(
        r#"[{"add_field": {"field": "total", "type": "int"}},
            {"remove_field": {"field": "total"}}]"#,
    );
    assert_eq!(Forward.registers(&other_way), [true, true, false]);
    let back = versions(
        r#"[{"remove_field": {"field": "total", "optional": true, "type": "string"}},
            {"add_field": {"field": "total", "optional": true, "type": "int"}}]"#,
    );
    assert_eq!(back[0].read(&back[2]), Fails);
    assert_eq!(Full.registers(&back), [true, true, true]);
    assert_eq!(FullTransitive.registers(&back), [true, true, false]);
    assert_eq!(Forward.registers(&back), [true, true, true]);
    assert_eq!(ForwardTransitive.registers(&back), [true, true, false]);
}

#[test]
fn a_version_that_is_refused_is_not_what_the_next_is_held_against() {
    let twice = versions(
        r#"[{"rename_field": {"field": "f", "to": "g"}},
            {"rename_field": {"field": "g", "to": "f"}}]"#,
    );
    assert_eq!(Backward.registers(&twice), [true, false, true]);
}

#[test]
fn the_default_is_that_of_confluent() {
    assert_eq!(Compatibility::default(), Backward);
}
