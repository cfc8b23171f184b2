"""The PostgreSQL that plays the warehouse (peers/redshift), where there is one: the stand-in itself is rdsdb there."""
import base64
import datetime
import os
import secrets

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from common import LOCK, now

SOCKET, PORT = os.environ.get("REDSHIFT_PEER_SOCKET"), os.environ.get("REDSHIFT_PEER_PORT")


def connect(user, database):
    """Over its socket each is who they say."""
    if not (SOCKET and PORT):
        raise psycopg.OperationalError("no PostgreSQL plays this cluster")
    return psycopg.connect(host=SOCKET, port=PORT, user=user, dbname=database, autocommit=True, connect_timeout=10)


def cut(database):
    """Ends all sessions of a database, as a reboot does."""
    if not (database and SOCKET and PORT):
        return
    with connect("rdsdb", "postgres") as own:
        own.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where backend_type = 'client backend' and pid <> pg_backend_pid() and datname = %s",
            [database],
        )


# PostgreSQL knows one password a login, and AWS gives each caller one: the same, so that the last one does not lock out the first.
LENT = {}


def lend(login, user, seconds, create):
    """A password that lets `login` in as that user for so long. One who does not exist gets in nowhere, as on AWS."""
    until = now() + datetime.timedelta(seconds=seconds)
    with LOCK:
        password, longest = LENT.get(login) or (base64.b64encode(secrets.token_bytes(48)).decode(), until)
        LENT[login] = password, max(longest, until)
        if SOCKET and PORT:
            with connect("rdsdb", "postgres") as own:
                admit(own, login, user, *LENT[login], create)
    return password, until


def admit(own, login, user, password, until, create):
    found = own.execute("select rolsuper from pg_roles where rolname = %s", [user]).fetchone()
    if found is None:
        if not create:
            return
        own.execute(SQL("create role {} login").format(Identifier(user)))
    names = {"login": Identifier(login), "user": Identifier(user)}
    if own.execute("select from pg_roles where rolname = %s", [login]).fetchone() is None:
        own.execute(SQL("create role {login} in role {user}").format(**names))
        # Whose sessions may be ended goes by who logged in, all else by this.
        own.execute(SQL("alter role {login} set role = {user}").format(**names))
    own.execute(
        SQL("alter role {login} login {super} password {password} valid until {until}").format(
            **names, super=SQL("superuser" if found and found[0] else "nosuperuser"), password=Literal(password),
            until=Literal(until.isoformat()),
        )
    )
