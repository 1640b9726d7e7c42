//! Adds a kind to the `lib.rs` of its crate: module, exports, registry.

use crate::names::Names;

/// The text of `lib.rs` with a kind.
///
/// # Errors
/// When the text has another form than those of the service crates.
pub(crate) fn with_kind(lib: &str, names: &Names) -> Result<String, String> {
    let Names { module, kind_type, .. } = names;
    let lib = with_line(lib, "mod ", &format!("mod {module};"))?;
    let lib = with_line(&lib, "pub use ", &format!("pub use {module}::{{{kind_type}, {kind_type}Outputs}};"))?;
    let (before, register) = lib.split_once("pub fn register(").ok_or("it has no function `register`")?;
    let end = register.find("\n}").ok_or("its function `register` has no end")?;
    let (chain, after) = register.split_at(end);
    if !chain.contains(".with::<") {
        return Err("its function `register` adds no kinds with `registry.with::<…>()`".to_owned());
    }
    Ok(format!("{before}pub fn register({chain}.with::<{kind_type}>(){after}"))
}

/// The text with one more line among those of its beginning, in alphabetical order.
fn with_line(text: &str, beginning: &str, line: &str) -> Result<String, String> {
    let of_kind = |one: &&str| one.starts_with(beginning) && one.trim_end().ends_with([';', '{']);
    if !text.lines().any(|one| of_kind(&one)) {
        return Err(format!("it has no line that begins with `{}`", beginning.trim_end()));
    }
    let later = text.lines().filter(of_kind).find(|one| *one > line);
    match later {
        Some(later) => Ok(text.replacen(&format!("{later}\n"), &format!("{line}\n{later}\n"), 1)),
        None => {
            // After the last one, which may go over several lines.
            let last = text.lines().rfind(of_kind).unwrap_or_default();
            let at = text.find(last).map_or(text.len(), |at| at + text[at..].find(";\n").map_or(0, |end| end + 2));
            Ok(format!("{}{line}\n{}", &text[..at], &text[at..]))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]
mod tests {
    use super::*;

    fn names(module: &str, kind_type: &str) -> Names {
        let [krate, kind, noun] = ["aws-x".to_owned(), "x:y".to_owned(), "y".to_owned()];
        Names { krate, kind, module: module.to_owned(), kind_type: kind_type.to_owned(), noun }
    }

    const LIB: &str = "//! X.

mod queue;
mod store;

pub use queue::Queue;
pub use store::{
    Store,
    StoreOutputs,
};

use resource::KindRegistry;

pub fn register(registry: KindRegistry) -> KindRegistry {
    registry.with::<Queue>().with::<Store>()
}
";

    #[test]
    fn registration_keeps_the_order_of_the_lines() {
        let lib = with_kind(LIB, &names("shelf", "Shelf")).unwrap();
        assert!(lib.contains("mod queue;\nmod shelf;\nmod store;\n"), "{lib}");
        assert!(
            lib.contains("pub use queue::Queue;\npub use shelf::{Shelf, ShelfOutputs};\npub use store::{\n"),
            "{lib}"
        );
        assert!(lib.ends_with(".with::<Queue>().with::<Store>().with::<Shelf>()\n}\n"), "{lib}");
    }

    #[test]
    fn registration_of_the_last_name_follows_the_last_line() {
        let lib = with_kind(LIB, &names("tape", "Tape")).unwrap();
        assert!(lib.contains("mod store;\nmod tape;\n"), "{lib}");
        assert!(lib.contains("    StoreOutputs,\n};\npub use tape::{Tape, TapeOutputs};\n\nuse resource"), "{lib}");
    }

    #[test]
    fn registration_refuses_another_form() {
        assert!(with_kind("pub fn f() {}\n", &names("a", "A")).is_err());
        assert!(with_kind(&LIB.replace(".with", ".and"), &names("a", "A")).is_err());
    }
}
