//! pileup needs the Rust toolchain and nothing else: no dependency compiles C or links a library of the system.

use std::fs;

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
