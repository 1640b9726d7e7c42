//! The embedded AWS, for other tools.

use crate::{
    cli::{Global, LocalCommand},
    end::End,
    printer::Printer,
};

#[cfg(feature = "local")]
pub(crate) async fn run(global: &Global, what: LocalCommand, printer: Printer) -> Result<(), End> {
    let folder = global.settings().data_folder();
    match what {
        LocalCommand::Serve { port } => {
            // The region of a call is in its signature; this one only makes the SDK configuration complete.
            let cloud = local::Cloud::open(Some(&folder), "us-east-1", local::ACCOUNT)?;
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await;
            let listener = listener.map_err(|error| End::failed(format!("port {port}: {error}")))?;
            printer.data(&format!("export AWS_ENDPOINT_URL=http://{}", listener.local_addr()?));
            printer.data("export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local");
            printer.note("serving the embedded AWS until Ctrl-C");
            let mut stopped = crate::signals::listen(printer).subscribe();
            let until = async move {
                let _ = stopped.wait_for(|mode| *mode != engine::StopMode::Go).await;
            };
            Ok(cloud.serve(listener, until).await?)
        }
        LocalCommand::Reset => {
            local::Cloud::reset(&folder)?;
            printer.note(&format!("{} is forgotten", folder.display()));
            Ok(())
        }
    }
}

#[cfg(not(feature = "local"))]
pub(crate) async fn run(_: &Global, _: LocalCommand, _: Printer) -> Result<(), End> {
    Err(End::usage("this mlopsctl was built without the embedded AWS", "build it with the feature `local`"))
}
