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
        let found = Change::contradictions(&Fields::new(), changes.iter()).into_iter();
        let told = |(place, wrong)| match wrong {
            Contradiction::Known(why) => Some(format!("{place}: {why}")),
            Contradiction::Unknown { .. } => None,
        };
        found.filter_map(told).collect::<Vec<_>>()
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
    let renamed = r#"[{"retype_field": {"field": "total", "from": "int", "to": "long"}},
        {"rename_field": {"field": "total", "to": "amount"}},
        {"retype_field": {"field": "amount", "from": "int", "to": "long"}}]"#;
    assert_eq!(wrong(renamed), ["2: `amount` has another type by then"], "a name is no type");
}

fn versions(changes: &str) -> Vec<Schema> {
    Schema::versions(&Fields::new(), &serde_json::from_str::<Vec<Change>>(changes).unwrap())
}

/// What is declared is all there is, and without a declaration a change says itself what there was.
#[test]
fn a_field_that_nothing_is_known_of_is_told_with_those_there_are() {
    let unknown = |declared: &str, changes: &str| {
        let fields: Fields = serde_json::from_str(declared).unwrap();
        let changes: Vec<Change> = serde_json::from_str(changes).unwrap();
        Change::contradictions(&fields, changes.iter())
    };
    let wrong = |place: usize, fields: &[&str], are_all: bool| {
        let fields = fields.iter().map(|&name| name.to_owned()).collect();
        (place, Contradiction::Unknown { fields, are_all })
    };
    let declared = r#"{"id": "string", "total": {"type": "int", "optional": true}}"#;
    let misspelled = r#"[{"remove_field": {"field": "totl"}}]"#;
    assert_eq!(unknown(declared, misspelled), [wrong(0, &["id", "total"], true)]);
    assert_eq!(unknown("{}", misspelled), [wrong(0, &[], false)]);
    let later = r#"[{"rename_field": {"field": "total", "to": "amount"}},
        {"retype_field": {"field": "amount", "from": "int", "to": "long"}},
        {"add_symbol": {"field": "amuont"}}]"#;
    assert_eq!(unknown(declared, later), [wrong(2, &["amount", "id"], true)]);
}

/// A declared field has the type and the default that its declaration says, whatever a change would have presumed.
#[test]
fn a_declared_field_is_what_its_declaration_says() {
    let fields: Fields = serde_json::from_str(r#"{"f": {"optional": true}}"#).unwrap();
    let changes: Vec<Change> =
        serde_json::from_str(r#"[{"remove_field": {"field": "f"}}]"#).unwrap();
    let versions = Schema::versions(&fields, &changes);
    assert_eq!(versions[0].read(&versions[1]), Right, "it falls back to its default");
}

/// An old reader fails on the new symbol only, a new one on the symbol that is gone only; a registry thinks of the worst.
#[test]
fn a_symbol_is_unknown_to_the_share_of_messages_that_carry_it() {
    let added = versions(
        r#"[{"add_symbol": {"field": "f", "share": 0.25}}, {"add_symbol": {"field": "f", "share": 0.5}}]"#,
    );
    let read = |reader: usize, writer: usize, drawn: f64| {
        added[reader].read_message(&added[writer], |_| Some(drawn))
    };
    assert_eq!([0.0, 0.24, 0.25, 0.9].map(|drawn| read(0, 1, drawn)), [Fails, Fails, Right, Right]);
    assert_eq!([0.49, 0.5].map(|drawn| read(1, 2, drawn)), [Fails, Right]);
    assert_eq!([0.74, 0.75].map(|drawn| read(0, 2, drawn)), [Fails, Right], "either symbol is new");
    assert_eq!(read(2, 0, 0.0), Right);
    assert_eq!(added[0].read(&added[1]), Fails);
    let removed = versions(r#"[{"remove_symbol": {"field": "f", "share": 0.25}}]"#);
    let read = |drawn: f64| removed[1].read_message(&removed[0], |_| Some(drawn));
    assert_eq!([0.24, 0.25].map(read), [Fails, Right]);
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
