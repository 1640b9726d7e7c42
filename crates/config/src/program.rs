//! The processor and the system that a program is built for, as its ELF header has them.

use object::{
    Endianness, ReadCache,
    elf::{EM_AARCH64, EM_X86_64, FileHeader64},
    read::{Result, elf::FileHeader},
};
use std::{fs::File, path::Path};

/// A program for Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) processor: Processor,
    /// The glibc that it needs at least, as (major, minor); `None` for none.
    pub(crate) glibc: Option<(u32, u32)>,
}

/// The processors that Lambda has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Processor {
    X86,
    Arm64,
}

impl Program {
    /// Reads a file's headers. `None` if it is no program for Linux on one of these processors.
    pub(crate) fn read(path: &Path) -> std::io::Result<Option<Self>> {
        let file = ReadCache::new(File::open(path)?);
        Ok(Self::parse(&file).unwrap_or(None))
    }

    fn parse(file: &ReadCache<File>) -> Result<Option<Self>> {
        let header = FileHeader64::<Endianness>::parse(file)?;
        let endian = header.endian()?;
        let processor = match header.e_machine(endian) {
            EM_X86_64 => Processor::X86,
            EM_AARCH64 => Processor::Arm64,
            _ => return Ok(None),
        };
        let sections = header.sections(endian, file)?;
        let mut glibc = None;
        if let Some((mut libraries, names)) = sections.gnu_verneed(endian, file)? {
            let names = sections.strings(endian, file, names)?;
            while let Some((_, mut versions)) = libraries.next()? {
                while let Some(version) = versions.next()? {
                    glibc = glibc.max(version_of(version.name(endian, names)?));
                }
            }
        }
        Ok(Some(Self { processor, glibc }))
    }
}

/// Of `GLIBC_2.34`, 2 and 34.
fn version_of(name: &[u8]) -> Option<(u32, u32)> {
    let text = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?;
    let mut numbers = text.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_processor_and_by_the_glibc_that_it_needs() {
        let this = std::env::current_exe().unwrap();
        let program = Program::read(&this).unwrap().unwrap();
        let here = if cfg!(target_arch = "x86_64") { Processor::X86 } else { Processor::Arm64 };
        assert_eq!(program.processor, here);
        assert_eq!(program.glibc.is_some(), cfg!(target_env = "gnu"));
        assert!(program.glibc.is_none_or(|version| version > (2, 2)), "{program:?}");
    }

    #[test]
    fn what_is_no_program_is_none() {
        for content in ["", "#!/bin/sh\n", "\x7fELF", "\x7fELF\x02\x01\x01 and nothing after the header"] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("program");
            std::fs::write(&file, content).unwrap();
            assert_eq!(Program::read(&file).unwrap(), None, "{content:?}");
        }
        assert!(Program::read(Path::new("/nowhere")).is_err());
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(version_of(b"GLIBC_2.4") < version_of(b"GLIBC_2.34"));
        assert_eq!(version_of(b"GLIBC_2.2.5"), Some((2, 2)));
        assert_eq!((version_of(b"GLIBC_PRIVATE"), version_of(b"GCC_3.0")), (None, None));
    }
}
