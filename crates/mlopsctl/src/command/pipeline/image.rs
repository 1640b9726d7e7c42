//! The custom image: the docker commands that build and push it, printed or run.

use super::platform::Platform;
use crate::{cli::Global, command_error::CommandError, printer::Printer, render::versioned::Versioned};
use runs::Login;
use serde::Serialize;
use shlex::Quoter;
use std::{io::ErrorKind, path::Path, process::Stdio};
use tokio::{io::AsyncWriteExt, process::Command};

/// The folder of the image's files, from the project's root.
const FOLDER: &str = "pipeline/image";

/// An image for a program.
#[derive(Serialize)]
struct ImageDocument<'a> {
    image: &'a str,
    setting: &'a str,
    built: bool,
    pushed: bool,
    commands: &'a [String],
}

/// An image and how it is made.
struct Image {
    folder: String,
    registry: String,
    region: String,
    /// `<registry>/<repository>:<tag>`.
    name: String,
    /// As an environment file names it.
    short: String,
}

pub(super) async fn run(
    platform: &Platform,
    global: &Global,
    build: bool,
    push: bool,
    tag: Option<String>,
    printer: Printer,
) -> Result<(), CommandError> {
    let image = describe(platform, &global.settings().root(), tag)?;
    if push && global.local {
        return Err(CommandError::usage("the embedded AWS keeps no images", "push to AWS, or build only: --build"));
    }
    if build || push {
        docker(&image.build(), None).await?;
    }
    if push {
        let Login { user, password } = runs::login(platform.config()).await?;
        docker(&["login", "--username", &user, "--password-stdin", &image.registry], Some(&password)).await?;
        docker(&["push", &image.name], None).await?;
    }
    let commands = image.commands();
    match (printer.json, build || push) {
        (true, _) => printer.document(&Versioned::new(ImageDocument {
            image: &image.name,
            setting: &image.short,
            built: build || push,
            pushed: push,
            commands: &commands,
        })),
        (false, true) => printer.data(&image.name),
        (false, false) => printer.data(&commands.join("\n")),
    }
    if push {
        printer.note(&format!("pushed; to use it, set `image = \"{}\"` under [pipeline]", image.short));
    }
    Ok(())
}

fn describe(platform: &Platform, root: &Path, tag: Option<String>) -> Result<Image, CommandError> {
    let repository = platform.repository()?;
    let folder = root.join(FOLDER);
    // Docker would copy the files of the machine into the image.
    if let Err(outside @ config::UnreadableFile::LeadsOut { .. }) = config::inside(root, Path::new(FOLDER)) {
        return Err(CommandError::usage(
            format!("{}: {outside}", folder.display()),
            "put a copy there instead of a link",
        ));
    }
    let tag = match tag {
        Some(tag) => tag,
        None => digest(&folder)?,
    };
    Ok(Image {
        folder: folder.display().to_string(),
        registry: repository.split('/').next().unwrap_or(repository).to_owned(),
        region: platform.place().region.clone(),
        name: format!("{repository}:{tag}"),
        short: format!("{}:{tag}", config::environment::registry::OWN),
    })
}

/// The same files give the same tag, and tags may be immutable.
fn digest(folder: &Path) -> Result<String, CommandError> {
    let files = package::zip_folder(folder).map_err(|error| {
        CommandError::usage(format!("{}: {error}", folder.display()), "`mlopsctl init` writes an image to start from")
    })?;
    Ok(resource::sha256_hex(&files)[..12].to_owned())
}

impl Image {
    /// SageMaker's instances are of this platform, and it accepts no index with attestations.
    fn build(&self) -> [&str; 7] {
        ["build", "--platform", "linux/amd64", "--provenance=false", "--tag", &self.name, &self.folder]
    }

    /// The commands for a shell. Only the folder can contain characters that mean something to one.
    fn commands(&self) -> [String; 3] {
        let Self { registry, region, name, folder, .. } = self;
        // A path contains no byte 0, the only reason for a failure.
        let quoted = Quoter::new().quote(folder).unwrap_or_default();
        let [build @ .., _] = self.build();
        [
            format!("docker {} {quoted}", build.join(" ")),
            format!(
                "aws ecr get-login-password --region {region} | docker login --username AWS --password-stdin {registry}"
            ),
            format!("docker push {name}"),
        ]
    }
}

/// Runs docker, whose talk goes where ours goes.
async fn docker(arguments: &[&str], input: Option<&str>) -> Result<(), CommandError> {
    let mut command = Command::new("docker");
    command.args(arguments).stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    // Our stdout is for data.
    command.stdout(std::io::stderr());
    let mut docker = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => CommandError::failed_with(
            "docker is not there",
            "install it, or leave --build and --push out to see the commands for another machine",
        ),
        _ => CommandError::failed(format!("docker: {error}")),
    })?;
    if let (Some(input), Some(mut stdin)) = (input, docker.stdin.take()) {
        stdin.write_all(input.as_bytes()).await?;
    }
    let status = docker.wait().await?;
    match status.success() {
        true => Ok(()),
        false => Err(CommandError::failed(format!("`docker {}` failed: {status}", arguments.first().unwrap_or(&"")))),
    }
}
