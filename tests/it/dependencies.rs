//! pileup needs the Rust toolchain and nothing else: no dependency compiles C or links a library of the system.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// Packages that look for libraries of the system, compile another language, or are bindings to such a library.
const FOREIGN: [&str; 10] = [
    "bindgen",
    "cc",
    "cmake",
    "font-kit",
    "fontconfig",
    "freetype",
    "openssl",
    "pkg-config",
    "vcpkg",
    "native-tls",
];

/// Bindings to what every system has: its own interface, which needs no library beside it.
const OF_THE_SYSTEM_ITSELF: [&str; 4] = ["js-sys", "linux-raw-sys", "web-sys", "windows-sys"];

fn packages() -> Vec<String> {
    let lock = fs::read_to_string("Cargo.lock").unwrap();
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    names.map(str::to_owned).collect()
}

#[test]
fn no_dependency_needs_a_library_or_a_compiler_of_the_system() {
    assert!(packages().len() > 50, "the lock file is not read");
    let foreign: Vec<String> = packages()
        .into_iter()
        .filter(|name| {
            let binding = name.ends_with("-sys") && !OF_THE_SYSTEM_ITSELF.contains(&name.as_str());
            binding || FOREIGN.contains(&name.as_str())
        })
        .collect();
    assert_eq!(foreign, Vec::<String>::new());
}

/// What speaks to the network, or is there for those who do.
const NETWORK: [&str; 9] =
    ["async-std", "curl", "hyper", "mio", "reqwest", "rustls", "socket2", "tokio", "ureq"];

#[test]
fn nothing_speaks_to_the_network() {
    let speakers: Vec<String> =
        packages().into_iter().filter(|name| NETWORK.contains(&name.as_str())).collect();
    assert_eq!(speakers, Vec::<String>::new());
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                assert!(!text.contains("std::net"), "{} uses the network", path.display());
            }
        }
    }
}

#[test]
fn every_dependency_comes_from_the_registry_with_its_checksum() {
    let lock = fs::read_to_string("Cargo.lock").unwrap();
    for package in lock.split("[[package]]").skip(1) {
        let is_pileup = package.contains("name = \"pileup\"\n");
        let source = "source = \"registry+";
        assert!(is_pileup || package.contains(source), "not from a registry: {package}");
        assert!(is_pileup || package.contains("checksum = \""), "without a checksum: {package}");
    }
}

#[test]
fn unsafe_code_is_forbidden_everywhere() {
    let cargo = fs::read_to_string("Cargo.toml").unwrap();
    assert!(cargo.contains("[lints.rust]\nunsafe_code = \"forbid\"\n"));
}

/// The licences that `deny.toml` allows.
fn allowed_licences() -> Vec<String> {
    let deny = fs::read_to_string("deny.toml").unwrap();
    let list = deny.split("allow = [").nth(1).unwrap().split(']').next().unwrap();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether an SPDX expression can be met with `allowed` licences. An old crate writes `/` for `OR`.
fn is_met(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ");
    let is_allowed = |licence: &str| allowed.iter().any(|allowed| allowed == licence.trim());
    let one_of = |part: &str| part.trim_matches(['(', ')', ' ']).split(" OR ").any(is_allowed);
    // An `AND` binds closer than an `OR` outside of brackets.
    match expression.contains('(') {
        true => expression.split(" AND ").all(one_of),
        false => expression.split(" OR ").any(|one| one.split(" AND ").all(is_allowed)),
    }
}

#[test]
fn licences_are_read_as_they_are_meant() {
    let allowed = ["MIT", "Zlib"].map(str::to_owned);
    for met in ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "(GPL-3.0 OR MIT) AND Zlib", "MIT AND Zlib"]
    {
        assert!(is_met(met, &allowed), "{met}");
    }
    for unmet in ["GPL-3.0", "(GPL-3.0 OR MIT) AND LGPL-2.1", "MIT AND GPL-3.0", "", "MIT-0"] {
        assert!(!is_met(unmet, &allowed), "{unmet}");
    }
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let version = Command::new(&cargo).arg("-vV").output().unwrap().stdout;
    let version = String::from_utf8(version).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let mut metadata = Command::new(&cargo);
    metadata.args([
        "metadata",
        "--format-version=1",
        "--offline",
        "--locked",
        "--filter-platform",
        host,
    ]);
    let metadata = metadata.output().unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let allowed = allowed_licences();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50 && allowed.len() > 5);
    let refused = packages.iter().filter(|package| {
        !package["license"].as_str().is_some_and(|expression| is_met(expression, &allowed))
    });
    let refused: Vec<&Value> = refused.map(|package| &package["name"]).collect();
    assert_eq!(refused, Vec::<&Value>::new());
}
