-- Twenty defects that would let organizations see each other, or keep the schema from being distributed. One row for each
-- that is found: rule and object. $1 names the tables that may exist without an organization.
with t as (select c.oid, c.relname, n.nspname, c.relrowsecurity rls, c.relforcerowsecurity force, exists(select 1 from
    pg_attribute a where a.attrelid=c.oid and a.attname='organization_id' and a.attnotnull) has_org from pg_class c
    join pg_namespace n on n.oid=c.relnamespace where c.relkind in ('r','p') and n.nspname not in
    ('pg_catalog','information_schema') and n.nspname !~ '^(pg_|citus|columnar)'),
ten as (select * from t where has_org),
org as (select attrelid, attnum from pg_attribute where attname='organization_id')
select 'L01 rls off' rule, relname::text obj from ten where not rls
union all select 'L02 force rls off', relname from ten where not force
union all select 'L03 no policy', relname from ten where not exists(select 1 from pg_policy p where
    p.polrelid=ten.oid)
union all select 'L04 policy has sublink (Citus rejects)', ten.relname from ten join pg_policies p on
    p.tablename=ten.relname and p.schemaname=ten.nspname where p.qual ~* 'select ' or p.with_check ~* 'select '
union all select 'L05 unique/pk without organization_id', ic.relname from pg_index i join ten on ten.oid=i.indrelid
    join pg_class ic on ic.oid=i.indexrelid join org on org.attrelid=ten.oid where i.indisunique and not (org.attnum =
    any(i.indkey::int2[]))
union all select 'L06 fk tenant->tenant without organization_id', con.conname from pg_constraint con join ten a on
    a.oid=con.conrelid join ten b on b.oid=con.confrelid join org oa on oa.attrelid=a.oid join org ob on
    ob.attrelid=b.oid where con.contype='f' and not exists (select 1 from generate_subscripts(con.conkey,1) k where
    con.conkey[k]=oa.attnum and con.confkey[k]=ob.attnum)
union all select 'L07 fk on delete/update set null/default', con.conname from pg_constraint con join ten on
    ten.oid=con.conrelid where con.contype='f' and (con.confdeltype in ('n','d') or con.confupdtype in ('n','d'))
union all select 'L08 user trigger', tg.tgname from pg_trigger tg join ten on ten.oid=tg.tgrelid where not
    tg.tgisinternal
union all select 'L09 int/smallint sequence default or identity', ten.relname||'.'||a.attname from ten join
    pg_attribute a on a.attrelid=ten.oid left join pg_attrdef d on d.adrelid=a.attrelid and d.adnum=a.attnum where
    a.attnum>0 and a.atttypid in ('int2'::regtype,'int4'::regtype) and (a.attidentity<>'' or
    pg_get_expr(d.adbin,d.adrelid) ~ 'nextval')
union all select 'L10 organization_id not first pk column', ic.relname from pg_index i join ten on ten.oid=i.indrelid
    join pg_class ic on ic.oid=i.indexrelid join org on org.attrelid=ten.oid where i.indisprimary and
    i.indkey[0]<>org.attnum
union all select 'L11 org column type differs', ten.relname from ten join pg_attribute a on a.attrelid=ten.oid and
    a.attname='organization_id' where a.atttypid<>'uuid'::regtype
union all select 'L12 table without org and not allowlisted', relname from t where not has_org and relname <>
    all($1::text[])
union all select 'L13 expression index on non-leakproof fn', ic.relname from pg_index i join ten on ten.oid=i.indrelid
    and ten.rls join pg_class ic on ic.oid=i.indexrelid where i.indexprs is not null
union all select 'L14 gin/gist index only usable outside RLS (search role)', ic.relname from pg_index i join ten on
    ten.oid=i.indrelid and ten.rls join pg_class ic on ic.oid=i.indexrelid join pg_am am on am.oid=ic.relam where
    am.amname in ('gin','gist')
union all select 'L15 view without security_invoker', c.relname from pg_class c join pg_namespace n on
    n.oid=c.relnamespace where c.relkind='v' and n.nspname in (select nspname from ten) and not
    coalesce('security_invoker=true'=any(c.reloptions) or 'security_invoker=on'=any(c.reloptions),false)
union all select 'L16 matview over tenant data', c.relname from pg_class c join pg_namespace n on n.oid=c.relnamespace
    where c.relkind='m' and n.nspname in (select nspname from ten)
union all select 'L17 security definer fn without pinned search_path', p.proname from pg_proc p join pg_namespace n on
    n.oid=p.pronamespace where p.prosecdef and n.nspname in (select nspname from ten) and not
    coalesce(array_to_string(p.proconfig,',') ~ 'search_path',false)
union all select 'L18 role bypasses rls / owns tables', rolname from pg_roles r where r.rolcanlogin and r.rolname ~
    '_app$' and (r.rolsuper or r.rolbypassrls or exists(select 1 from pg_class c where c.relowner=r.oid))
union all select 'L19 app role has TRUNCATE/REFERENCES/TRIGGER', ten.relname from ten cross join pg_roles r where
    r.rolname ~ '_app$' and r.rolcanlogin and (has_table_privilege(r.rolname, ten.oid,'TRUNCATE') or
    has_table_privilege(r.rolname, ten.oid,'REFERENCES') or has_table_privilege(r.rolname, ten.oid,'TRIGGER'))
union all select 'L20 deferrable constraint', con.conname from pg_constraint con join ten on ten.oid=con.conrelid
    where con.condeferrable and con.contype in ('p','u','x')
order by 1, 2
