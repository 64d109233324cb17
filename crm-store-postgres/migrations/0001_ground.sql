-- Who may look into the schema. Tables name their own grants.
grant usage on schema crm to crm_app;
grant usage on schema crm to crm_worker;
