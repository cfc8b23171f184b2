"""The Redshift Data API: statements run on the PostgreSQL that plays the warehouse, each in a session of its own.

Not moto's: its statements never end, their rows are always the same, and its times are text, which the Rust SDK refuses.
"""
import json
import re
import threading
import time
import uuid

import psycopg
from moto.redshift.models import redshift_backends
from moto.redshiftdata.exceptions import ResourceNotFoundException, ValidationException
from moto.redshiftdata.responses import RedshiftDataAPIServiceResponse
from psycopg.pq import DiagnosticField, ExecStatus

import warehouse
from common import LOCK

# Few, so that there is a second page.
ROWS_A_PAGE, STATEMENTS_A_PAGE = 100, 100
WAIT_AT_MOST = 30

# --- SQL --------------------------------------------------------------------------------------------------------------

# A parameter stands where none of the others does: text, a name, a comment, a cast.
PARAMETER = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|::|:(?P<name>\w+)""", re.DOTALL)


def numbered(sql, parameters):
    """The statement with $1, $2, … for its named parameters, and their values in that order."""
    values = {parameter["name"]: parameter["value"] for parameter in parameters}
    used = []

    def number(found):
        name = found["name"]
        if name not in values:
            return found[0]
        if name not in used:
            used.append(name)
        return f"${used.index(name) + 1}"

    sql = PARAMETER.sub(number, sql)
    unused = [name for name in values if name not in used]
    if unused:
        raise ValidationException(f"Parameters list contains unused parameters. Unused parameters: {unused}")
    return sql, [values[name].encode() for name in used]


# Types by their object ids, as Redshift calls them; all else is text to it.
TYPES = {
    16: "bool", 20: "int8", 21: "int2", 23: "int4", 26: "oid", 700: "float4", 701: "float8", 1700: "numeric", 1082: "date",
    1114: "timestamp", 1184: "timestamptz", 1042: "bpchar", 19: "name",
}


def field(kind, value):
    if value is None:
        return {"isNull": True}
    kind, value = TYPES.get(kind), value.decode()
    if kind == "bool":
        return {"booleanValue": value == "t"}
    if kind in ("int2", "int4", "int8", "oid"):
        return {"longValue": int(value)}
    if kind in ("float4", "float8"):
        return {"doubleValue": float(value)}
    return {"stringValue": value}


def said(error):
    """What PostgreSQL says of a failure, without what the driver says around it."""
    found = re.search(r"(ERROR|FATAL): +(.*)", error)
    return f"{found[1]}: {found[2]}" if found else error


# --- Statements -------------------------------------------------------------------------------------------------------


class Statement:
    def __init__(self, cluster, database, user, sql, parameters, name):
        self.id, self.cluster, self.database, self.user, self.name = str(uuid.uuid4()), cluster, database, user, name
        self.sql, self.parameters = sql, parameters
        self.bound = numbered(sql, parameters)
        self.status, self.error, self.pid = "SUBMITTED", None, 0
        self.created = self.updated = time.time()
        self.columns, self.records, self.rows = None, [], -1
        self.connection, self.cancelled, self.ended = None, False, threading.Event()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:
            with warehouse.connect(self.user, self.database) as self.connection:
                self.pid = self.connection.info.backend_pid
                status = "ABORTED" if self.cancelled else self.execute()
        except psycopg.Error as error:
            status, self.error = "FAILED", said(str(error))
        self.updated = time.time()
        self.status = status
        self.ended.set()

    def execute(self):
        self.status, self.updated = "STARTED", time.time()
        sql, values = self.bound
        result = self.connection.pgconn.exec_params(sql.encode(), values)
        if result.status == ExecStatus.TUPLES_OK:
            columns = range(result.nfields)
            kinds = [result.ftype(column) for column in columns]
            self.records = [
                [field(kinds[column], result.get_value(row, column)) for column in columns] for row in range(result.ntuples)
            ]
            self.columns = [
                {"name": name, "label": name, "typeName": TYPES.get(kind, "varchar"), "nullable": 1}
                for name, kind in ((result.fname(column).decode(), kinds[column]) for column in columns)
            ]
            self.rows = len(self.records)
            return "FINISHED"
        if result.status in (ExecStatus.COMMAND_OK, ExecStatus.EMPTY_QUERY):
            self.rows = result.command_tuples if result.command_tuples is not None else 0
            return "FINISHED"
        if self.cancelled and result.error_field(DiagnosticField.SQLSTATE) == b"57014":
            return "ABORTED"
        self.error = said(self.connection.pgconn.error_message.decode())
        return "FAILED"

    def cancel(self):
        self.cancelled = True
        threading.Thread(target=self.insist, daemon=True).start()

    def insist(self):
        """It may not have begun yet, and there is nothing to cancel then."""
        while not self.ended.is_set():
            try:
                if self.connection:
                    self.connection.cancel()
            except psycopg.Error:
                pass
            self.ended.wait(0.05)

    def wait(self, seconds):
        self.ended.wait(min(float(seconds or 0), WAIT_AT_MOST))
        return self

    def begun(self):
        return {
            "Id": self.id, "ClusterIdentifier": self.cluster, "Database": self.database, "DbUser": self.user,
            "CreatedAt": self.created,
        }

    def listed(self):
        told = {
            "Id": self.id, "QueryString": self.sql, "Status": self.status, "CreatedAt": self.created, "UpdatedAt": self.updated,
        }
        told |= {"StatementName": self.name} if self.name else {}
        return told | ({"QueryParameters": self.parameters} if self.parameters else {})

    def told(self):
        ended = self.ended.is_set()
        told = self.begun() | {
            "Status": self.status, "UpdatedAt": self.updated, "QueryString": self.sql, "RedshiftPid": self.pid,
            "RedshiftQueryId": 0, "Duration": int(1e9 * (self.updated - self.created)) if ended else 0,
            "HasResultSet": ended and self.columns is not None, "ResultRows": self.rows,
            "ResultSize": len(json.dumps(self.records)) if ended else -1,
        }
        told |= {"QueryParameters": self.parameters} if self.parameters else {}
        return told | ({"Error": self.error} if ended and self.error else {})


# --- What is asked ----------------------------------------------------------------------------------------------------


def answer(told):
    return 200, {}, json.dumps(told)


def statement_of(response):
    statement = response.redshiftdata_backend.statements.get(response._get_param("Id"))
    if statement is None:
        raise ResourceNotFoundException()
    return statement


def execute_statement(response):
    asked = {
        name: response._get_param(name)
        for name in ("ClusterIdentifier", "Database", "DbUser", "Sql", "Parameters", "StatementName")
    }
    for name in ("ClusterIdentifier", "Database", "DbUser", "Sql"):
        if not asked[name]:
            raise ValidationException(f"{name} is needed here.")
    for name in ("SecretArn", "SessionId", "SessionKeepAliveSeconds", "WorkgroupName"):
        if response._get_param(name):
            raise ValidationException(f"The stand-in for AWS does not know {name}.")
    cluster = redshift_backends[response.current_account][response.region].clusters.get(asked["ClusterIdentifier"])
    if cluster is None:
        raise ValidationException("Redshift endpoint doesn't exist in this region.")
    backend, token = response.redshiftdata_backend, response._get_param("ClientToken")
    with LOCK:
        tokens = backend.__dict__.setdefault("peer_tokens", {})
        if token in tokens:
            before, statement = tokens[token]
            if before != asked:
                raise ValidationException("The ClientToken was used for another statement.")
        else:
            if cluster.status != "available":
                raise ValidationException(f"Redshift cluster {cluster.cluster_identifier} is not available.")
            statement = Statement(
                cluster.cluster_identifier, asked["Database"], asked["DbUser"], asked["Sql"], asked["Parameters"] or [],
                asked["StatementName"],
            )
            backend.statements[statement.id] = statement
            if token:
                tokens[token] = asked, statement
    waits = response._get_param("WaitTimeSeconds")
    statement.wait(waits)
    return answer(statement.begun() | ({"Status": statement.status} if waits else {}))


def describe_statement(response):
    return answer(statement_of(response).wait(response._get_param("WaitTimeSeconds")).told())


def part(response, items, most):
    token = response._get_param("NextToken") or "0"
    if not token.isdigit():
        raise ValidationException("The NextToken is not one of ours.")
    begin, end = int(token), int(token) + most
    return items[begin:end], {"NextToken": str(end)} if end < len(items) else {}


def get_statement_result(response):
    statement = statement_of(response)
    if statement.status != "FINISHED" or statement.columns is None:
        error = ResourceNotFoundException()
        error.description = json.dumps({
            "__type": "ResourceNotFoundException",
            "message": "Query does not have result. Please check query status with DescribeStatement.",
        })
        raise error
    records, more = part(response, statement.records, ROWS_A_PAGE)
    return answer({"ColumnMetadata": statement.columns, "Records": records, "TotalNumRows": statement.rows} | more)


def cancel_statement(response):
    statement = statement_of(response)
    if statement.ended.is_set():
        raise ValidationException(
            f"Could not cancel a query that is already in {statement.status} state with ID: {statement.id}"
        )
    statement.cancel()
    return answer({"Status": True})


def list_statements(response):
    status, name = response._get_param("Status") or "ALL", response._get_param("StatementName") or ""
    found = [
        statement.listed()
        for statement in sorted(response.redshiftdata_backend.statements.values(), key=lambda one: -one.created)
        if status in ("ALL", statement.status) and (statement.name or "").startswith(name)
    ]
    statements, more = part(response, found, int(response._get_param("MaxResults") or STATEMENTS_A_PAGE))
    return answer({"Statements": statements} | more)


for action in (execute_statement, describe_statement, get_statement_result, cancel_statement, list_statements):
    setattr(RedshiftDataAPIServiceResponse, action.__name__, action)
