use crate::{
    cli::{Destroy, Global},
    execute::{Run, execute},
    fault::Fault,
    memory,
    printer::Printer,
    render,
    session::Session,
};
use engine::Purpose;
use state::StateBucket;

pub(super) async fn run(global: &Global, printer: &Printer, asked: &Destroy) -> Result<u8, Fault> {
    let session = Session::open(global, asked.environment.as_deref()).await?;
    let declared = session.nothing();
    let cloud = session.cloud(&[]);
    let bucket = session.bucket(&cloud);
    let remembered = memory::stored(&session, &bucket).await?;
    let empty = remembered.is_none_or(|remembered| remembered.state.resources.is_empty());
    let exit = if empty {
        printer.note(&format!("`{}` has nothing: nothing to do", session.name));
        if printer.is_json() {
            printer.event(&render::event::nothing(&cloud))?;
        }
        0
    } else {
        let purpose = Purpose {
            targets: asked.scope.targets.clone(),
            unprotect: asked.scope.unprotect.clone(),
            delete_data: asked.scope.delete_data,
            inputs: declared.inputs,
        };
        let run = Run {
            session: &session,
            cloud: cloud.clone(),
            bucket: &bucket,
            stack: &declared.stack,
            purpose,
            operation: "destroy",
            manner: &asked.manner,
            saved: None,
            lock_timeout: global.lock_timeout,
        };
        execute(printer, run).await?.exit
    };
    if asked.with_state && exit == 0 {
        forget(global, &session, &bucket).await?;
        printer.note(&format!("removed the state bucket {}", bucket.name()));
    }
    Ok(exit)
}

/// Removes the bucket, lock and all, unless somebody has built something meanwhile.
async fn forget(global: &Global, session: &Session, bucket: &StateBucket) -> Result<(), Fault> {
    if !bucket.exists().await? {
        return Ok(());
    }
    let lock = memory::lock(session, bucket, "destroy", global.lock_timeout).await?;
    let removed = match memory::stored(session, bucket).await {
        Ok(Some(remembered)) if !remembered.state.resources.is_empty() => {
            Err(Fault::failed("the state is no longer empty, so its bucket stays"))
        }
        Ok(_) => bucket.remove().await.map_err(Fault::from),
        Err(fault) => Err(fault),
    };
    if removed.is_err() {
        // The first failure says more; the lock expires by itself.
        let _ = lock.release().await;
    }
    removed
}
