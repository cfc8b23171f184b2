//! What every reply is wrapped in.

use super::number::ResponseCode;
use super::one_of::Answer;
use crate::wire::table::record;

record! {
    /// `Response` of the interface.
    Response {
        1 response_code "responseCode": ResponseCode,
        3 result "result": Answer,
        5 server_info "serverInfo": ServerInfo,
        6 details "details": Vec<ResponseDetail>,
    }
    /// `ResponseDetail` of the interface.
    ResponseDetail {
        1 message "message": String,
    }
    /// `ServerInfo` of the interface.
    ServerInfo {
        1 cluster_name "clusterName": String,
        3 stats_url_prefix "statsUrlPrefix": String,
    }
}
