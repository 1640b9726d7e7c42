//! `rego POLICY… < plan.json`: prints the messages of the rule `deny` in the package `main` as JSON, like conftest.

use regorus::{Engine, Value};
use std::{error::Error, io::Read as _};

fn main() -> Result<(), Box<dyn Error>> {
    let mut engine = Engine::new();
    for policy in std::env::args().skip(1) {
        engine.add_policy_from_file(policy)?;
    }
    let mut plan = String::new();
    std::io::stdin().read_to_string(&mut plan)?;
    engine.set_input(Value::from_json_str(&plan)?);
    println!("{}", engine.eval_rule("data.main.deny".to_owned())?.to_json_str()?);
    Ok(())
}
