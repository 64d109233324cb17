-- Limits that come with prices and so with plans, and the notice that the first payment waits for the customer. What is
-- there already has no limits.

alter table crm.service_price add column limits jsonb not null default '[]';
alter table crm.service_price alter column limits drop default;

alter table crm.billing_account add column plan_limits jsonb not null default '[]';
alter table crm.billing_account alter column plan_limits drop default;

alter table crm.billing_notice drop constraint billing_notice_kind_check;
alter table crm.billing_notice add constraint billing_notice_kind_check check (kind in ('action_required', 'payment_failed', 'final_notice', 'grace_ending', 'read_only', 'suspended', 'recovered', 'trial_ending', 'trial_ended'));
