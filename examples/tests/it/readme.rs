//! What the READMEs and guides show: Rust is compiled by doctests, commands are tried or checked, links lead somewhere, and the
//! picture is the one that the program draws.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::stage::{command, run};

/// Programs of every system that commands may use; all others must be ours.
const TOOLS: [&str; 2] = ["readlink", "sed"];
/// What cargo is told without a value.
const CARGO_FLAGS: [&str; 6] =
    ["--release", "--all-features", "--no-default-features", "--locked", "--workspace", "-q"];

/// A file of prose, with its blocks.
struct Document {
    path: PathBuf,
    text: String,
}

struct Block {
    line: usize,
    kind: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file of prose that is ours.
fn documents() -> Vec<Document> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if entry.file_type().unwrap().is_dir() {
                // What was installed or built has READMEs of its own.
                if !name.starts_with('.') && !["target", "node_modules", "src"].contains(&&*name) {
                    folders.push(path);
                }
            } else if name.ends_with(".md") {
                found.push(Document { text: std::fs::read_to_string(&path).unwrap(), path });
            }
        }
    }
    assert!(found.len() > 20, "{}", found.len());
    found
}

impl Document {
    fn name(&self) -> String {
        self.path.strip_prefix(root()).unwrap().display().to_string()
    }

    fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut inside = false;
        for (number, line) in self.text.lines().enumerate() {
            match (inside, line.strip_prefix("```")) {
                (false, Some(kind)) => {
                    blocks.push(Block { line: number + 1, kind: kind.trim().to_owned(), text: String::new() });
                    inside = true;
                }
                (true, Some(_)) => inside = false,
                (true, None) => {
                    let text = &mut blocks.last_mut().unwrap().text;
                    text.push_str(line);
                    text.push('\n');
                }
                (false, None) => {}
            }
        }
        assert!(!inside, "{}: a block without an end", self.name());
        blocks
    }

    /// Whether a doctest, or the guide's own test, compiles its blocks of Rust.
    fn is_compiled(&self) -> bool {
        let includes = |file: &str, what: &str| {
            let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
            text.contains(&format!("include_str!(\"{what}\")"))
        };
        match &*self.name() {
            "README.md" => includes("examples/src/lib.rs", "../../README.md"),
            "GUIDE.md" => includes("examples/tests/guide/text.rs", "../../../GUIDE.md"),
            "examples/README.md" => includes("examples/src/lib.rs", "../README.md"),
            other => {
                let krate = other.strip_suffix("/README.md");
                krate.is_some_and(|krate| includes(&format!("{krate}/src/lib.rs"), "../README.md"))
            }
        }
    }
}

#[test]
fn every_block_is_tried() {
    for document in documents() {
        for block in document.blocks() {
            let place = format!("{}, line {}", document.name(), block.line);
            assert!(!block.kind.contains("ignore"), "{place}: a block that nobody tries");
            match block.kind.split(',').next().unwrap() {
                "" | "rust" | "no_run" | "should_panic" | "compile_fail" => {
                    assert!(document.is_compiled(), "{place}: Rust that no test compiles");
                }
                "sh" => shell(&block.text, &place),
                "json" => drop(serde_json::from_str::<serde_json::Value>(&block.text).expect(&place)),
                "toml" => drop(toml::from_str::<toml::Value>(&block.text).expect(&place)),
                "text" => {}
                other => panic!("{place}: nobody knows how to try «{other}»"),
            }
        }
    }
}

#[test]
fn every_crate_and_peer_has_a_readme() {
    let peers = std::fs::read_dir(root().join("peers")).unwrap().flatten().filter(|entry| entry.path().is_dir());
    let peers = peers.map(|entry| format!("peers/{}", entry.file_name().display())).filter(|name| !name.contains("__"));
    let front = read("README.md");
    for folder in members().into_iter().chain(peers) {
        assert!(root().join(&folder).join("README.md").is_file(), "{folder}: no README");
        let known = front.contains(&format!("]({folder}/README.md)")) || front.contains(&format!("`{folder}`"));
        assert!(known, "{folder}: the front door does not know it");
    }
}

#[test]
fn every_program_has_its_row() {
    let front = read("README.md");
    for program in std::fs::read_dir(root().join("examples/src/bin")).unwrap().flatten() {
        let name = program.path().file_stem().unwrap().to_string_lossy().into_owned();
        // It shows how a recipe is embedded, and is no procedure.
        let known = front.contains(&format!("`{name}")) || front.contains(&format!("--bin {name}"));
        assert!(name == "embedded" || known, "{name}: the front door does not know it");
    }
}

/// The table of procedures: a recipe that there is, in a program that there is, over crates that there are.
#[test]
fn every_row_is_true() {
    let front = read("README.md");
    let table = front.lines().skip_while(|line| !line.starts_with("| procedure of the runbook |")).skip(2);
    let mut rows = 0;
    for row in table.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [_, recipes, programs, crates] = cells[..] else { panic!("{row}: not four cells") };
        for recipe in quoted(recipes) {
            let (place, name) = recipe.split_once("::").unwrap_or_else(|| panic!("{row}: {recipe}"));
            let module = read_any(&[
                format!("ops-recipes/src/{place}/mod.rs"),
                format!("ops-recipes/src/{place}.rs"),
                format!("{}/src/lib.rs", place.replace('_', "-")),
            ]);
            assert!(module.contains(name), "{row}: {place} has no {name}");
        }
        let is_bin = |name: &&str| root().join("examples/src/bin").join(format!("{name}.rs")).is_file();
        assert!(quoted(programs).iter().any(is_bin), "{row}: no program");
        for name in quoted(crates) {
            assert!(root().join(name).join("Cargo.toml").is_file(), "{row}: no crate {name}");
        }
        rows += 1;
    }
    assert!(rows > 15, "{rows}");
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The first of these files that is there, or nothing.
fn read_any(paths: &[String]) -> String {
    paths.iter().find_map(|path| std::fs::read_to_string(root().join(path)).ok()).unwrap_or_default()
}

#[test]
fn links_lead_somewhere() {
    for document in documents() {
        let folder = document.path.parent().unwrap();
        for link in document.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap();
            // What is no path is rustdoc's, and rustdoc checks it.
            let is_path = path.contains('/') || path.ends_with(".md") || path.ends_with(".toml");
            if !is_path || path.contains("://") || path.contains("::") {
                continue;
            }
            assert!(folder.join(path).exists(), "{}: {link} leads nowhere", document.name());
        }
    }
}

/// The picture of the front door: a night later only its dates differ.
#[test]
fn the_picture_is_what_the_program_draws() {
    let folder = tempfile::tempdir().unwrap();
    let shown = "docs/unblock-downstream.svg";
    run(command(folder.path(), "unblock-downstream", &["--plan-only", "--svg", "run.svg"])).is(0, &["drawn: run.svg"]);
    let drawn = std::fs::read_to_string(folder.path().join("run.svg")).unwrap();
    assert!(read("README.md").contains(&format!("]({shown})")));
    let (shown, drawn) = (dateless(&read(shown)), dateless(&drawn));
    assert!(shown == drawn, "draw it anew: unblock-downstream --plan-only --svg docs/unblock-downstream.svg\n{drawn}");
}

/// A text with the digits of its dates gone: ten characters, like 2026-11-25.
fn dateless(text: &str) -> String {
    let is_date = |part: &[u8]| {
        part.iter().enumerate().all(|(i, byte)| if i == 4 || i == 7 { *byte == b'-' } else { byte.is_ascii_digit() })
    };
    let mut bytes = text.as_bytes().to_vec();
    for start in 0..bytes.len().saturating_sub(9) {
        if is_date(&bytes[start..start + 10]) {
            bytes[start..start + 10].copy_from_slice(b"0000-00-00");
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect(path)
}

/// Checks a block of commands.
fn shell(block: &str, place: &str) {
    let parsed = Command::new("bash").args(["-n", "-c", block]).output().unwrap();
    assert!(parsed.status.success(), "{place}: {}", String::from_utf8_lossy(&parsed.stderr));
    for line in block.replace("\\\n", " ").lines() {
        line_of(line, place);
    }
}

/// A line: the commands inside of it first, then itself without them.
fn line_of(line: &str, place: &str) {
    let mut line = line.to_owned();
    while let Some(start) = line.rfind("$(") {
        let end = start + line[start..].find(')').expect(place);
        let inner = line[start + 2..end].to_owned();
        line.replace_range(start..=end, "OUTPUT");
        match inner.strip_prefix('<') {
            // A file that is made by what stands before.
            Some(file) => assert!(file.trim().starts_with("target/"), "{place}: {file}"),
            None => line_of(&inner, place),
        }
    }
    let words = words(&line);
    let is_set = |word: &&String| {
        word.split_once('=')
            .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'))
    };
    for value in words.iter().filter(is_set).filter_map(|word| word.split_once('=')) {
        assert!(!value.1.starts_with("target/"), "{place}: tests start in their crate's folder: $PWD/{}", value.1);
    }
    let words: Vec<String> = words.iter().skip_while(|word| *word == "export" || is_set(word)).cloned().collect();
    if let Some((program, arguments)) = words.split_first() {
        known(program, arguments, place);
    }
}

/// The words of a command, as a shell has them; what follows a `#` is a remark.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Checks a command: its program is there, and takes what it is given.
fn known(program: &str, arguments: &[String], place: &str) {
    let ours = root().join("examples/src/bin").join(format!("{program}.rs")).is_file();
    if ours {
        taken(program, arguments, place);
    } else if program == "cargo" {
        cargo(arguments, place);
    } else if program.starts_with("target/") {
        // Installed by a script; what it is given lies here.
    } else if program.contains('/') {
        let file = root().join(program);
        let mode = file.metadata().unwrap_or_else(|error| panic!("{place}: {program}: {error}")).permissions().mode();
        assert!(mode & 0o111 != 0, "{place}: {program} cannot be started");
        script(program, arguments, place);
    } else {
        assert!(program == "eval" || TOOLS.contains(&program), "{place}: nobody has a {program}");
    }
    let files = arguments.iter().filter(|word| word.contains('/') && !word.contains([':', '|', '=', '$']));
    for file in files.filter(|file| !file.starts_with("target/")) {
        assert!(root().join(file).exists(), "{place}: there is no {file}");
    }
}

/// A program of ours knows these flags and their values; and in an empty folder it does what can be done there with them.
fn taken(program: &str, arguments: &[String], place: &str) {
    let folder = tempfile::tempdir().unwrap();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let came = run(command(folder.path(), program, &[&arguments[..], &["--help"]].concat()));
    assert_eq!(came.code, 0, "{place}: {program} {arguments:?}: {}", came.err);
    // A tour takes minutes, a host serves until it is stopped; both have tests of their own.
    if !["tour", "engine-host"].contains(&program) {
        let came = run(command(folder.path(), program, &arguments));
        assert!(came.code >= 0 && !came.err.contains("try '--help'"), "{place}: {program} {arguments:?}: {}", came.err);
    }
}

/// A script's flags and words are those that it, or what it starts, speaks of.
fn script(program: &str, arguments: &[String], place: &str) {
    let mut spoken = read(program);
    if let Some(bench) = program.strip_prefix("scripts/benchmark") {
        let bin = if bench.is_empty() { "retract" } else { &bench[1..] };
        spoken += &read(&format!("benchmarks/src/bin/{bin}/main.rs"));
    }
    for word in arguments.iter().filter(|word| !word.contains(['/', '$']) && *word != "--help" && *word != "FOLDER") {
        let plain = word.trim_start_matches('-').replace('-', "_");
        assert!(spoken.contains(&plain), "{place}: {program} knows no {word}");
    }
}

/// What cargo is asked for is in the workspace.
fn cargo(arguments: &[String], place: &str) {
    let (mut words, given) = match arguments.iter().position(|word| word == "--") {
        Some(at) => (arguments[..at].to_vec(), arguments[at + 1..].to_vec()),
        None => (arguments.to_vec(), Vec::new()),
    };
    let config: toml::Value = toml::from_str(&read(".cargo/config.toml")).unwrap();
    if let Some(alias) = config["alias"].get(&words[0]).and_then(toml::Value::as_str) {
        let rest = words.split_off(1);
        let long: Vec<String> = alias.split_whitespace().map(str::to_owned).chain(rest).collect();
        return cargo(&long, place);
    }
    assert!(["build", "run", "test"].contains(&&*words[0]), "{place}: cargo {}", words[0]);
    let (mut packages, mut program, mut features) = (Vec::new(), None, BTreeSet::new());
    let mut rest = words[1..].iter();
    while let Some(word) = rest.next() {
        let mut value = || rest.next().unwrap_or_else(|| panic!("{place}: {word} of what?")).clone();
        match &**word {
            "-p" => packages.push(value()),
            "--bin" => program = Some(("src/bin", value())),
            "--example" => program = Some(("examples", value())),
            "--features" | "-F" => features.extend(value().split(',').map(str::to_owned)),
            flag if flag.starts_with('-') => assert!(CARGO_FLAGS.contains(&flag), "{place}: cargo {flag}"),
            filter => {
                let found = packages.iter().any(|package| tests_of(package).iter().any(|name| name.contains(filter)));
                assert!(words[0] == "test" && found, "{place}: no test is called {filter}");
            }
        }
    }
    for package in &packages {
        let folder = folder_of(package).unwrap_or_else(|| panic!("{place}: there is no package {package}"));
        let manifest: toml::Value = toml::from_str(&read(&format!("{folder}/Cargo.toml"))).unwrap();
        for feature in &features {
            assert!(manifest["features"].get(feature).is_some(), "{place}: {package} has no feature {feature}");
        }
    }
    if let Some((folder, name)) = program {
        let path = root().join(&packages[0]).join(folder).join(&name);
        let there = path.with_extension("rs").is_file() || path.join("main.rs").is_file();
        assert!(there, "{place}: {} has no {name}", packages[0]);
        if packages[0] == "examples" && folder == "src/bin" {
            taken(&name, &given, place);
        } else if folder == "examples" {
            // The guide's own tests try what its program is given.
            assert!(place.starts_with("GUIDE.md"), "{place}: who tries {name}?");
        } else {
            assert!(given == ["--help"], "{place}: {given:?}: only that there is help can be seen from here");
        }
    }
}

/// Every folder of the workspace that holds a package.
fn members() -> Vec<String> {
    let workspace: toml::Value = toml::from_str(&read("Cargo.toml")).unwrap();
    let members = workspace["workspace"]["members"].as_array().unwrap();
    members.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// Where a package lies: mostly in a folder of its name.
fn folder_of(package: &str) -> Option<String> {
    members().into_iter().find(|folder| {
        let manifest: toml::Value = toml::from_str(&read(&format!("{folder}/Cargo.toml"))).unwrap();
        manifest["package"]["name"].as_str() == Some(package)
    })
}

/// The names of a package's files of tests, modules included.
fn tests_of(package: &str) -> Vec<String> {
    let (mut names, mut folders) = (Vec::new(), vec![root().join(package).join("tests")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            names.push(entry.file_name().to_string_lossy().into_owned());
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    names
}
