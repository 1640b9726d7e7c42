//! No file imports one that imports it, directly or round a circle: each file of a crate can be read after the files that
//! it names. Imports are read as text, so the rules of `rustfmt` are relied on.

use petgraph::{
    algo::tarjan_scc,
    graph::{DiGraph, NodeIndex},
};
use regex::Regex;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// Crates in which so many files import others that imports must be found.
const LARGE: [&str; 10] =
    ["app", "aws-client", "blueprint", "config", "engine", "local", "mlopsctl", "resource", "state", "testkit"];

static COMMENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"//[^\n]*").unwrap());
static USE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(pub(?:\([^)]*\))? )?use ([^;]+);").unwrap());
static PATH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?-u)\b(?:crate|super|self|[a-z_]+)(?:::\w+)+").unwrap());

/// A module by its path within the crate; the root is empty.
type Module = Vec<String>;

/// A crate's files, and what each names.
struct Crate {
    text: BTreeMap<Module, String>,
    /// The names that a module re-exports under its own path, with the module of each.
    given_on: BTreeMap<Module, BTreeMap<String, Module>>,
}

impl Crate {
    fn read(name: &str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../{name}/src"));
        let mut text = BTreeMap::new();
        for file in files(&source) {
            let path = file.strip_prefix(&source).unwrap().with_extension("");
            let mut module: Module = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if matches!(module.as_slice(), [root] if root == "lib" || root == "main") {
                module.pop();
            }
            let content = std::fs::read_to_string(&file).unwrap();
            let (code, _) = content.split_once("#[cfg(test)]").unwrap_or((&content, ""));
            text.insert(module, COMMENT.replace_all(code, "").into_owned());
        }
        let mut this = Self { text, given_on: BTreeMap::new() };
        let mut given_on: BTreeMap<Module, BTreeMap<String, Module>> = BTreeMap::new();
        for (module, text) in &this.text {
            for used in USE.captures_iter(text).filter(|used| used.get(1).is_some()) {
                for path in leaves(&used[2]) {
                    if let (Some(name), Some(full)) = (path.last().cloned(), this.within(module, &path)) {
                        given_on.entry(module.clone()).or_default().insert(name, full);
                    }
                }
            }
        }
        this.given_on = given_on;
        this
    }

    /// A path from the root of the crate. `None` if it leads to another crate.
    fn within(&self, module: &Module, path: &[String]) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([module.as_slice(), rest].concat()),
            "super" => {
                let parent = module.split_last()?.1.to_vec();
                match rest.first().map(String::as_str) {
                    Some("super") => self.within(&parent, rest),
                    _ => Some([parent.as_slice(), rest].concat()),
                }
            }
            child => {
                let mut inside = module.clone();
                inside.push(child.to_owned());
                self.text.contains_key(&inside).then(|| [module.as_slice(), path].concat())
            }
        }
    }

    /// The file in which the thing at this path is.
    fn home(&self, full: &[String], depth: usize) -> Module {
        let module = (0..=full.len()).rev().map(|end| full[..end].to_vec()).find(|path| self.text.contains_key(path));
        let module = module.unwrap_or_default();
        let name = full.get(module.len());
        match name.and_then(|name| self.given_on.get(&module)?.get(name)) {
            Some(from) if depth < 8 => self.home(from, depth + 1),
            _ => module,
        }
    }

    /// The files that a file names.
    fn imports(&self, module: &Module) -> BTreeSet<Module> {
        let text = &self.text[module];
        let used = USE.captures_iter(text).filter(|used| used.get(1).is_none()).flat_map(|used| leaves(&used[2]));
        let code = USE.replace_all(text, "");
        let named = PATH.find_iter(&code).map(|path| path.as_str().split("::").map(str::to_owned).collect());
        let paths = used.chain(named.collect::<Vec<Vec<String>>>());
        let homes = paths.filter_map(|path| self.within(module, &path)).map(|full| self.home(&full, 0));
        homes.filter(|home| home != module).collect()
    }
}

/// The Rust files of a folder, tests aside.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
    found
}

/// The paths of a `use`: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn leaves(tree: &str) -> Vec<Vec<String>> {
    let Some((head, body)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()];
    };
    let head: Vec<String> =
        head.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    let body = body.trim_end().trim_end_matches('}');
    let mut found = Vec::new();
    let (mut depth, mut begin) = (0, 0);
    for (at, c) in body.char_indices().chain([(body.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = body[begin..at].trim();
                if !part.is_empty() {
                    found.extend(leaves(part).into_iter().map(|leaf| [head.as_slice(), &leaf].concat()));
                }
                begin = at + 1;
            }
            _ => {}
        }
    }
    found
}

#[test]
fn no_file_imports_one_that_imports_it() {
    let crates = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
    let mut names: Vec<String> =
        crates.map(|folder| folder.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert!(LARGE.iter().all(|large| names.iter().any(|name| name == large)), "{names:?}");
    for name in &names {
        let this = Crate::read(name);
        let is_large = LARGE.contains(&name.as_str());
        assert!(!is_large || this.text.len() > 5, "{name} has {} files", this.text.len());
        let modules: Vec<&Module> = this.text.keys().collect();
        let mut graph = DiGraph::<&Module, ()>::new();
        let nodes: Vec<NodeIndex> = modules.iter().map(|module| graph.add_node(module)).collect();
        for (from, module) in modules.iter().enumerate() {
            for home in this.imports(module) {
                let to = modules.binary_search(&&home).unwrap();
                graph.add_edge(nodes[from], nodes[to], ());
            }
        }
        let imports = graph.edge_count();
        assert!(!is_large || imports > 2, "{name}: only {imports} imports were found");
        let circles = tarjan_scc(&graph).into_iter().filter(|circle| circle.len() > 1);
        let circles: Vec<Vec<String>> =
            circles.map(|circle| circle.iter().map(|at| graph[*at].join("/")).collect()).collect();
        assert!(circles.is_empty(), "{name}: these files import each other: {circles:?}");
    }
}
