use crate::{cli::Cli, fault::Fault, printer::Printer};
use clap::CommandFactory as _;
use std::path::Path;

pub(super) fn completions(printer: &Printer, shell: clap_complete::Shell) -> Result<u8, Fault> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "mlopsctl", &mut script);
    printer.data(&script)?;
    Ok(0)
}

pub(super) fn man(printer: &Printer, out: Option<&Path>) -> Result<u8, Fault> {
    let failed = |error: std::io::Error| Fault::failed(format!("the manual cannot be written: {error}"));
    match out {
        Some(dir) => {
            std::fs::create_dir_all(dir).map_err(failed)?;
            clap_mangen::generate_to(Cli::command(), dir).map_err(failed)?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(failed)?;
            printer.data(&page)?;
        }
    }
    Ok(0)
}
