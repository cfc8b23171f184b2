//! Both of Airflow's REST APIs over the same world: v1 as 2.11.2 speaks it, v2 as 3.3.2 does (looked at on real servers).

mod ask;
mod login;
mod route;
mod v1;
mod v2;

use axum::Router;

pub(crate) use login::Logins;

use crate::server::App;

/// All that lies below Airflow 2's root.
pub(crate) fn airflow2() -> Router<App> {
    Router::new().fallback(v1::serve)
}

/// All that lies below Airflow 3's root.
pub(crate) fn airflow3() -> Router<App> {
    Router::new().fallback(v2::serve)
}
