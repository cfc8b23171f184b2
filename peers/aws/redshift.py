"""Redshift's clusters as moto has them, with time, and with a PostgreSQL whose sessions a reboot ends.

A change of a cluster takes PACE seconds. Events, resizes, snapshots that are being made and the reboot itself are not moto's.
"""
import datetime
import time

from moto.core.responses import ActionResult
from moto.redshift.exceptions import (
    ClusterNotFoundError,
    ClusterSnapshotNotFoundError,
    InvalidParameterCombinationError,
    InvalidParameterValueError,
    RedshiftClientError,
)
from moto.redshift.models import Cluster
from moto.redshift.responses import RedshiftResponse

import warehouse
from common import LOCK, PACE, now, wraps

# --- Clusters that change ---------------------------------------------------------------------------------------------


def get_status(cluster):
    meanwhile, until, then = cluster.__dict__["peer_status"]
    return meanwhile if time.monotonic() < until else then


def set_status(cluster, status):
    cluster.__dict__["peer_status"] = None, 0, status


def availability(cluster):
    return {"available": "Available", "paused": "Paused", "resizing": "Maintenance"}.get(cluster.status, "Unavailable")


# What a setting that waits for a reboot is to be.
WANTED = {"NumberOfNodes": 4, "EnhancedVpcRouting": True, "PubliclyAccessible": False, "MasterUserPassword": "****"}


def pending(cluster):
    """What waits for a reboot, until one is over."""
    names, until = cluster.__dict__.get("peer_pending", ([], 0))
    return {name: WANTED.get(name, "changed") for name in names} if time.monotonic() < until else {}


Cluster.status = property(get_status, set_status)
Cluster.cluster_availability_status = property(availability)
Cluster.pending_modified_values = property(pending)


def cluster_of(response):
    name = response._get_param("ClusterIdentifier")
    if name not in response.redshift_backend.clusters:
        raise ClusterNotFoundError(name)
    return response.redshift_backend.clusters[name]


def change(response, needed, meanwhile, then, began, ended):
    cluster = cluster_of(response)
    if cluster.status != needed:
        raise RedshiftClientError(
            "InvalidClusterState",
            "There is an operation running on the Cluster. Please try to perform the operation again later."
            if cluster.status not in ("available", "paused")
            else f"You can't do this while cluster {cluster.cluster_identifier} is {cluster.status}.",
        )
    cluster.__dict__["peer_status"] = meanwhile, time.monotonic() + PACE, then
    events = response.redshift_backend.__dict__.setdefault("peer_events", [])
    for at, (kind, words) in ((now(), began), (now() + datetime.timedelta(seconds=PACE), ended)):
        events.append((at, cluster.cluster_identifier, kind, f"Cluster {cluster.cluster_identifier} {words}"))
    return cluster


def reboot_cluster(response):
    cluster = change(response, "available", "rebooting", "available", (3519, "began restart."), (3520, "completed restart."))
    names, _ = cluster.__dict__.get("peer_pending", ([], 0))
    cluster.__dict__["peer_pending"] = names, time.monotonic() + PACE
    warehouse.cut(cluster.__dict__["peer_plays"])
    return ActionResult({"Cluster": cluster})


def pause_cluster(response):
    cluster = change(response, "available", "pausing", "paused", (2013, "began to pause."), (2014, "was paused."))
    warehouse.cut(cluster.__dict__["peer_plays"])
    return ActionResult({"Cluster": cluster})


def resume_cluster(response):
    return ActionResult({
        "Cluster": change(response, "paused", "resuming", "available", (2015, "began to resume."), (2016, "was resumed."))
    })


# --- What is told of them ---------------------------------------------------------------------------------------------


def page(response, items, most):
    """The part of a list that is asked for, and where the next part begins. Pages are small, so that there are some."""
    asked = response._get_int_param("MaxRecords", 100)
    if not 20 <= asked <= 100:
        raise InvalidParameterValueError(f"The value {asked} of MaxRecords is not between 20 and 100.")
    marker = response._get_param("Marker") or "0"
    if not marker.isdigit():
        raise InvalidParameterValueError("The Marker is not one of ours.")
    begin, end = int(marker), int(marker) + min(asked, most)
    return items[begin:end], {"Marker": str(end)} if end < len(items) else {}


def describe_clusters(response):
    clusters = response.redshift_backend.describe_clusters(
        response._get_param("ClusterIdentifier"), response._get_param("TagKeys")
    )
    part, more = page(response, clusters, 3)
    return ActionResult({"Clusters": part} | more)


def describe_events(response):
    source, kind = response._get_param("SourceIdentifier"), response._get_param("SourceType")
    if source and not kind:
        raise InvalidParameterCombinationError("SourceType is needed with SourceIdentifier.")
    since = response._get_param("StartTime")
    if since is None:
        since = now() - datetime.timedelta(minutes=response._get_int_param("Duration", 60))
    until = response._get_param("EndTime") or now()
    events = [
        {
            "SourceIdentifier": cluster, "SourceType": "cluster", "Message": message, "EventCategories": ["management"],
            "Severity": "INFO", "Date": at, "EventId": f"REDSHIFT-EVENT-{number}",
        }
        for at, cluster, number, message in sorted(response.redshift_backend.__dict__.get("peer_events", []))
        if aware(since) <= at <= min(aware(until), now()) and source in (None, cluster) and kind in (None, "cluster")
    ]
    part, more = page(response, events, 20)
    return ActionResult({"Events": part} | more)


def aware(at):
    return at if at.tzinfo else at.replace(tzinfo=datetime.timezone.utc)


def describe_cluster_snapshots(response):
    cluster, name = response._get_param("ClusterIdentifier"), response._get_param("SnapshotIdentifier")
    if cluster:
        cluster_of(response)
    kind = response._get_param("SnapshotType")
    found = [
        snapshot
        for snapshot in response.redshift_backend.__dict__.get("peer_snapshots", [])
        if cluster in (None, snapshot["ClusterIdentifier"])
        and name in (None, snapshot["SnapshotIdentifier"])
        and kind in (None, snapshot["SnapshotType"])
    ]
    if name and not found:
        raise ClusterSnapshotNotFoundError(name)
    part, more = page(response, found, 3)
    return ActionResult({"Snapshots": part} | more)


def describe_resize(response):
    cluster = cluster_of(response)
    resize = cluster.__dict__.get("peer_resize")
    if resize is None:
        raise RedshiftClientError("ResizeNotFound", f"No resize of cluster {cluster.cluster_identifier} was found.")
    return ActionResult(resize)


def get_cluster_credentials(response):
    cluster_of(response)
    user, create = response._get_param("DbUser"), response._get_bool_param("AutoCreate", False)
    seconds = response._get_int_param("DurationSeconds", 900)
    if not 900 <= seconds <= 3600:
        raise InvalidParameterValueError("Token duration must be between 900 and 3600 seconds")
    login = f"{'IAMA' if create else 'IAM'}:{user}"
    password, until = warehouse.lend(login, user, seconds, create)
    return ActionResult({"DbUser": login, "DbPassword": password, "Expiration": until})


for action in (
    reboot_cluster, pause_cluster, resume_cluster, describe_clusters, describe_events, describe_cluster_snapshots,
    describe_resize, get_cluster_credentials,
):
    setattr(RedshiftResponse, action.__name__, action)


@wraps(RedshiftResponse, "call_action")
def called(inner, response, *args, **kwargs):
    with LOCK:
        return inner(response, *args, **kwargs)


# --- What there is at first -------------------------------------------------------------------------------------------


def play(backend, clusters, database):
    """The clusters of a scenario. A reboot ends the sessions of that database, if there is one."""
    events, snapshots = backend.__dict__["peer_events"], backend.__dict__["peer_snapshots"] = [], []
    for wanted in clusters:
        name, nodes = wanted["id"], wanted["nodes"]
        cluster = backend.create_cluster(
            cluster_identifier=name, node_type=wanted["node_type"], master_username="sao_pedro", master_user_password="Unknown-1",
            db_name=wanted["database"], cluster_type="multi-node" if nodes > 1 else "single-node",
            number_of_nodes=nodes, cluster_security_groups=[], vpc_security_group_ids=[], cluster_subnet_group_name=None,
            availability_zone=None, preferred_maintenance_window=None, cluster_parameter_group_name=None,
            automated_snapshot_retention_period=None, port=None, cluster_version=None, allow_version_upgrade=True,
            publicly_accessible=False, encrypted=True, region_name=backend.region_name,
        )
        cluster.status = wanted.get("status", "available")
        cluster.__dict__["peer_plays"] = database
        cluster.__dict__["peer_pending"] = wanted.get("pending", []), float("inf")
        if "resize" in wanted:
            cluster.__dict__["peer_resize"] = {
                "TargetNodeType": wanted["node_type"], "TargetNumberOfNodes": 2 * nodes, "TargetClusterType": "multi-node",
                "Status": wanted["resize"], "ResizeType": "ClassicResize", "TotalResizeDataInMegaBytes": 81920,
                "ProgressInMegaBytes": 20480, "ElapsedTimeInSeconds": 600, "EstimatedTimeToCompletionInSeconds": 1800,
            }
        # More of them than fit on a page, of the last 13 days.
        for hours in range(6, 13 * 24, 6):
            at = now() - datetime.timedelta(hours=hours)
            events.append((at, name, 3600, f"Cluster {name}: the configuration of its workload management was checked."))
        snapshots.append(snapshot(cluster, "automated", "available", datetime.timedelta(hours=8)))
        if "snapshot" in wanted:
            snapshots.append(snapshot(cluster, "manual", wanted["snapshot"], datetime.timedelta(minutes=5)))


def snapshot(cluster, kind, status, age):
    name, at = cluster.cluster_identifier, now() - age
    return {
        "SnapshotIdentifier": f"{'rs:' if kind == 'automated' else ''}{name}-{at:%Y-%m-%d-%H-%M-%S}",
        "ClusterIdentifier": name, "SnapshotType": kind, "Status": status, "SnapshotCreateTime": at,
        "NodeType": cluster.node_type, "NumberOfNodes": cluster.number_of_nodes, "DBName": cluster.db_name,
        "TotalBackupSizeInMegaBytes": 81920.0,
        "BackupProgressInMegaBytes": 81920.0 if status == "available" else 20480.0,
        "ElapsedTimeInSeconds": int(age.total_seconds()), "EstimatedSecondsToCompletion": 0 if status == "available" else 900,
    }
