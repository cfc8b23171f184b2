//! Who sees what.

use ops_client::conformance::{Outcome, check, same, told};

use super::support::{READER, hang, table};
use crate::conformance::warehouse::{Scene, Who};

pub(super) async fn me(scene: Scene<'_>) -> Outcome {
    for who in Who::ALL {
        let me = scene.stage.reads(who).me().await.map_err(told)?;
        let (name, is_super) = (who.user(), who == Who::Superuser);
        same("the user", &name, &me.user.as_str())?;
        same(&format!("whether {name} is a superuser"), &is_super, &me.superuser)?;
        same(&format!("whether {name} sees all"), &(who != Who::Reader), &me.sees_all())?;
        same(&format!("whether {name} ends their own"), &Some(true), &me.may_end(name))?;
        // Where the warehouse does not tell, no is not said.
        let may_end = me.may_end(READER);
        match who {
            Who::Superuser => same("whether a superuser ends others", &Some(true), &may_end)?,
            Who::Operator => check(may_end != Some(false), "an operator may end others")?,
            _ => check(may_end != Some(true), &format!("{name} may not end others"))?,
        }
    }
    Ok(())
}

pub(super) async fn all_see(scene: Scene<'_>) -> Outcome {
    let (reader, loader) = hang(scene).await?;
    for who in [Who::Monitor, Who::Operator] {
        let (reads, name) = (scene.stage.reads(who), who.user());
        let sessions = reads.sessions().await.map_err(told)?;
        let sees = |key| sessions.iter().any(|one| one.key == key);
        check(sees(reader) && sees(loader), &format!("{name} sees both sessions"))?;
        let locks = reads.contended_locks().await.map_err(told)?;
        let waits = locks.iter().any(|lock| lock.pid == loader.pid && !lock.granted);
        let holds = locks.iter().any(|lock| lock.pid == reader.pid && lock.granted);
        check(waits && holds, &format!("{name} sees who waits for whom"))?;
        check(reads.last_query(&reader).await.map_err(told)?.is_some(), &format!("{name} sees what was asked"))?;
    }
    Ok(())
}

pub(super) async fn own_only(scene: Scene<'_>) -> Outcome {
    let own = scene.stage.hold(Who::Reader.user(), table(scene)?).await.map_err(told)?;
    let (reader, loader) = hang(scene).await?;
    let (reads, name) = (scene.stage.reads(Who::Reader), Who::Reader.user());
    let sessions = reads.sessions().await.map_err(told)?;
    check(sessions.iter().any(|one| one.key == own), "their own session is seen")?;
    check(sessions.iter().all(|one| one.user == name), "no other session is seen")?;
    let locks = reads.contended_locks().await.map_err(told)?;
    check(locks.iter().all(|lock| lock.user == name), "no lock of another is seen")?;
    check(!reads.locks_of(own.pid).await.map_err(told)?.is_empty(), "their own locks are seen")?;
    check(reads.locks_of(loader.pid).await.map_err(told)?.is_empty(), "the loader's locks are not")?;
    check(reads.running().await.map_err(told)?.iter().all(|one| one.user == name), "no other query is seen")?;
    same("what the other reader asked", &None, &reads.last_query(&reader).await.map_err(told)?)
}
