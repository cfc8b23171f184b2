-- Who there is. Passwords are their names; rdsdb is there since the beginning.
alter role rdsdb password 'rdsdb';
create role sao_pedro superuser login password 'sao_pedro';
create role loader login password 'loader';
create role sandrews login password 'sandrews';
create role metabase login password 'metabase';

create role "sys:monitor";
create role "sys:operator" in role "sys:monitor", pg_signal_backend;
create role operator login password 'operator' in role "sys:operator";
create role monitor login password 'monitor' in role "sys:monitor";
